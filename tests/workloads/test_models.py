"""Models: the official shape, folders that are held against it, made weights, and the tokenizer."""

import json
from pathlib import Path

import pytest
import torch

from workloads.models.recipe import fill, made
from workloads.models.shape import ModelError, check_folder, configuration
from workloads.models.tokenizer import make_tokenizer

# As published with the model (facts of the model card, and its config.json).
PUBLISHED = {
    "num_hidden_layers": 36,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
    "rope_theta": 1000000,
    "rms_norm_eps": 1e-06,
}


def folder(tmp_path: Path, **changed: object) -> Path:
    (tmp_path / "config.json").write_text(json.dumps({**configuration("qwen3-4b"), **changed}))
    (tmp_path / "model-1.safetensors").write_bytes(b"")
    (tmp_path / "tokenizer.json").write_text("{}")
    return tmp_path


def test_the_official_configuration_is_the_published_one() -> None:
    assert {name: configuration("qwen3-4b")[name] for name in PUBLISHED} == PUBLISHED


def test_the_tiny_model_has_the_same_structure() -> None:
    assert configuration("tiny").keys() == configuration("qwen3-4b").keys()


def test_a_folder_with_the_model_is_taken(tmp_path: Path) -> None:
    check_folder(folder(tmp_path, transformers_version="4.51.0", torch_dtype="bfloat16", use_cache=False))


def test_the_rotary_base_is_found_where_newer_versions_keep_it(tmp_path: Path) -> None:
    path = folder(tmp_path, rope_parameters={"rope_theta": 1000000, "rope_type": "default"})
    fields = json.loads((path / "config.json").read_text())
    del fields["rope_theta"]
    (path / "config.json").write_text(json.dumps(fields))
    check_folder(path)


def test_all_differences_are_said_at_once(tmp_path: Path) -> None:
    path = folder(tmp_path, hidden_size=1024, num_hidden_layers=28)
    (path / "tokenizer.json").unlink()
    (path / "model-1.safetensors").unlink()
    with pytest.raises(ModelError) as caught:
        check_folder(path)
    said = str(caught.value).splitlines()
    assert len(said) == 4
    assert "hidden_size is 1024; the official configuration has 2560" in said[0] + said[1]


@pytest.mark.parametrize("text", ["", "[]", "{", "\0"])
def test_a_configuration_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (folder(tmp_path) / "config.json").write_text(text)
    with pytest.raises(ModelError, match=r"config\.json"):
        check_folder(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        check_folder(tmp_path / "nowhere")


def test_made_weights_are_the_same_each_time_and_untied() -> None:
    def module() -> torch.nn.Module:
        inner = torch.nn.Module()
        inner.q_proj = torch.nn.Linear(256, 64, bias=False)
        inner.norm = torch.nn.LayerNorm(256, bias=False)
        fill(inner)
        return inner

    one, other = dict(module().named_parameters()), dict(module().named_parameters())
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert one["q_proj.weight"].std().item() == pytest.approx(1 / 16, rel=0.05)
    assert one["norm.weight"].mean().item() == pytest.approx(1, abs=0.05)
    assert made(configuration("tiny"))["tie_word_embeddings"] is False


@pytest.mark.parametrize("text", ["", "plain", "ä€\n\t 中文 🙂", "\x00\x7f", "  two  spaces "])
def test_every_text_comes_back_from_its_bytes(text: str) -> None:
    tokenizer = make_tokenizer()
    tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokens == list(text.encode())
    assert tokenizer.decode(tokens) == text
