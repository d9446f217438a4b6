"""The transformers engine: batches do not matter, stops stop, likelihoods are those of another implementation."""

import functools

import pytest
import torch

from workloads.engine import Engine, Message
from workloads.engines.transformers_engine import TransformersEngine, open_engine
from workloads.models.forward import log_likelihoods
from workloads.models.shape import configuration


@functools.cache
def engine() -> TransformersEngine:
    return open_engine("tiny", "float32", "cpu")


def test_it_is_an_engine() -> None:
    meets: Engine = engine()
    assert meets.name == "transformers"
    assert {"engine", "model", "weights", "dtype", "device"} <= meets.facts.keys()


def test_a_batch_gives_what_each_prompt_gives_alone() -> None:
    prompts = [engine().tokens(text) for text in ("a", "a much longer prompt than the first", "middle one")]
    together = engine().generate(prompts, 8, ignore_end=True)
    alone = [engine().generate([prompt], 8, ignore_end=True)[0] for prompt in prompts]
    assert [one.tokens for one in together] == [one.tokens for one in alone]
    assert all(len(one.tokens) == len(one.times) == 8 and one.stopped == "length" for one in together)
    assert all(later >= earlier for one in together for earlier, later in zip(one.times, one.times[1:], strict=False))


def test_made_weights_do_not_repeat_one_token() -> None:
    written = engine().generate([engine().tokens("say something")], 24, ignore_end=True)[0].tokens
    assert len(set(written)) > 6


def test_a_stop_text_ends_a_continuation() -> None:
    prompt = engine().tokens("x")
    written = engine().generate([prompt], 12, ignore_end=True)[0]
    stop = next(engine().text([token]) for token in written.tokens[2:] if 32 < token < 127)
    stopped = engine().generate([prompt], 12, stop=[stop], ignore_end=True)[0]
    assert stopped.stopped == "stop"
    assert stopped.tokens == written.tokens[: len(stopped.tokens)]
    assert stop in engine().text(stopped.tokens)


def test_an_end_token_ends_a_continuation_and_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = engine().tokens("y")
    written = engine().generate([prompt], 8, ignore_end=True)[0].tokens
    monkeypatch.setattr(engine().model.generation_config, "eos_token_id", written[3])
    first = written.index(written[3])
    ended = engine().generate([prompt], 8)[0]
    assert (ended.tokens, ended.stopped) == (written[:first], "stop")


def test_likelihoods_are_those_of_the_written_out_forward_pass() -> None:
    texts = [engine().tokens("one text"), engine().tokens("and a second, longer one")]
    weights, shape = engine().model.state_dict(), configuration("tiny")
    for text, found in zip(texts, engine().log_likelihoods(texts), strict=True):
        assert len(found) == len(text) - 1
        assert found == pytest.approx(log_likelihoods(weights, shape, text, torch.float64), abs=5e-5)


def test_the_chat_template_ends_where_the_assistant_begins() -> None:
    prompt = engine().chat([Message("system", "Be brief."), Message("user", "Hello")])
    assert prompt.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n")
    assert prompt.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert engine().text(engine().tokens(prompt)).count("<|im_start|>") == 0
