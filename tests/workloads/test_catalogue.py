"""Scenarios are read strictly: every problem of every file at once, each with where it is and what is allowed."""

from pathlib import Path

import pytest

from workloads.catalogue import WorkloadError, load_workloads
from workloads.kinds import ENGINES, MODELS, NEEDED, PARAMETERS
from workloads.models.shape import configuration

GOOD = """
name = "mine"
kind = "parity"
title = "a model of mine"
providers = { flag_gems = "registry", own = "kernels.py:table" }

[settings.transformers-tiny-0]
engine = "transformers"
model = "tiny"
evidence = ["interpret"]
tier = "quick"
dtypes = ["float32", "bfloat16"]
seconds = 60
parameters = { prompts = 2, length = 8, generated = 1, attention = "eager" }
"""


def read(text: str, folder: Path) -> list[str]:
    (folder / "mine.toml").write_text(text)
    with pytest.raises(WorkloadError) as caught:
        load_workloads([folder])
    return list(caught.value.problems)


def test_the_shipped_scenarios_are_read() -> None:
    workloads = load_workloads()
    assert "model-parity" in workloads
    for workload in workloads.values():
        assert workload.kind in PARAMETERS
        assert all(setting.engine in ENGINES and setting.engine in NEEDED for setting in workload.settings)


def test_a_scenario_says_all_that_a_row_needs(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    workload = load_workloads([tmp_path])["mine"]
    assert workload.providers["own"] == f"{tmp_path / 'kernels.py'}:table"
    setting = workload.settings[0]
    assert (setting.number("prompts"), setting.text("attention"), setting.seconds) == (2, "eager", 60.0)
    assert setting.described == "transformers(tiny, prompts=2, length=8, generated=1, attention=eager)"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "parity"', 'kind = "party"', "kind is 'party'; allowed are "),
        ('name = "mine"', 'name = "my row"', "name is 'my row'"),
        ('title = "a model of mine"', "", "'title' is missing"),
        ('title = "a model of mine"', 'title = "x"\nspeed = 3', "'speed' is not known"),
        ('"registry"', '""', "providers is"),
        ('engine = "transformers"', 'engine = "steam"', "engine is 'steam'; allowed are transformers"),
        ('model = "tiny"', 'model = "huge"', f"model is 'huge'; allowed are {', '.join(MODELS)}"),
        ('["interpret"]', '["guess"]', "evidence has guess"),
        ('tier = "quick"', 'tier = "slow"', "tier is 'slow'"),
        ('"bfloat16"]', '"float32"]', "dtypes names one twice"),
        ("seconds = 60", "seconds = 0", "seconds is 0; allowed is a number above 0"),
        ("prompts = 2", "prompts = 0", "prompts is 0; allowed is a whole number from 1"),
        ("prompts = 2", "prompts = true", "prompts is True"),
        ("prompts = 2, ", "", "'prompts' is missing"),
        ("prompts = 2", "prompts = 2, colour = 3", "'colour' is not known"),
        ("transformers-tiny-0", "first", "is to be named transformers-tiny-<number>"),
        ('name = "mine"', "name = ", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in GOOD
    problems = read(GOOD.replace(old, new), tmp_path)
    assert any(said in problem for problem in problems), problems
    assert all(problem.startswith(str(tmp_path)) for problem in problems)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"parity"', '"party"').replace("seconds = 60", "seconds = -1").replace('"eager"', "3")
    (tmp_path / "other.toml").write_text("name = 3")
    problems = read(text, tmp_path)
    assert {Path(problem.partition(":")[0]).name for problem in problems} == {"mine.toml", "other.toml"}
    assert len(problems) >= 6


def test_a_name_stands_for_one_row(tmp_path: Path) -> None:
    (tmp_path / "twice.toml").write_text(GOOD)
    assert "is a workload already" in read(GOOD, tmp_path)[0]


def test_every_model_has_a_configuration() -> None:
    for model in MODELS:
        assert configuration(model)["architectures"] == ["Qwen3ForCausalLM"]
