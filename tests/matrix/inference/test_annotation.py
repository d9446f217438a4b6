"""Judging an annotation row: what a child tells becomes PASS, WRONG or UNDISPATCHED, with measures and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from matrix.annotation.answered import Answered, Ending
from matrix.annotation.splitting import HeldOut, split
from matrix.inference import annotation
from matrix.inference.asking import Answer
from matrix.inference.case import cases_of
from matrix.outcome import Outcome, Phase
from matrix.result import Launch
from workloads.annotation.tasks import TASKS
from workloads.catalogue import load_workloads
from workloads.workload import Setting


def setting_of(number: int, samples: int = 3) -> Setting:
    setting = load_workloads()[f"annotation-{number}"].settings[0]
    return replace(setting, parameters={**setting.parameters, "samples": samples})


class FakeTrial:
    """What a judge needs of a trial, with an answer that is given."""

    def __init__(self, setting: Setting, answer: Answer) -> None:
        self.case = next(cases_of(load_workloads()["annotation-1"], every_dtype=False))
        self.case = replace(self.case, setting=setting)
        self.attempt = self
        self.answer = answer
        self.facts: dict[str, str] = {}
        self.only: Any = None

    def enter(self, phase: Phase) -> None:
        assert phase is Phase.COMPARE

    def ask(self, _side: str, _step: str, *, only: Any) -> Answer:
        self.only = only
        return self.answer

    def result(self, outcome: Outcome, detail: str = "", **more: Any) -> dict[str, Any]:
        return {"outcome": outcome, "detail": detail, **more}


def judged(answered: Sequence[Answered], setting: Setting, *, entered: bool = True) -> tuple[dict[str, Any], FakeTrial]:
    entries, launches = ({"silu": 2}, (Launch("silu_forward", "silu.py", 2),)) if entered else ({}, ())
    found = {"answered": [each.line for each in answered], "seconds": 6.0}
    trial = FakeTrial(setting, Answer(found, {}, entries, launches, needs_launch=True))
    return annotation.judge(trial), trial  # type: ignore[arg-type, return-value]


def answered_all(setting: Setting, right: int = 3) -> list[Answered]:
    parts = split(annotation.data_of(setting), HeldOut(setting.number("samples")))
    return [
        Answered(sample.id, Ending.ANSWERED, parts.labels[sample.id] if at < right else "123456", tokens=400, turns=1)
        for at, sample in enumerate(parts.samples)
    ]


def test_a_procedure_that_was_carried_out_passes_whatever_share_is_right() -> None:
    setting = setting_of(1)
    result, trial = judged(answered_all(setting, right=1), setting)
    assert result["outcome"] is Outcome.PASS
    assert (result["comparison"].total, result["comparison"].mismatched) == (3, 0)
    assert result["measures"][0].value == pytest.approx(100 / 3)
    assert trial.facts["accuracy"].startswith("33.3% (1 of 3; 95 %: ")
    assert "the context is scaled to 0.01 of the official one" in trial.facts["context"]
    assert trial.only == ("rsqrt", "silu")


def test_no_answer_in_the_replies_is_an_end_too() -> None:
    setting = setting_of(1)
    ends = [replace(each, ending=Ending.UNANSWERED, prediction=None) for each in answered_all(setting)]
    result, _ = judged(ends, setting)
    assert result["outcome"] is Outcome.PASS
    assert result["measures"][0].value == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ending": Ending.REFUSED, "prediction": None, "problem": "too short"}, "was refused: too short"),
        ({"ending": Ending.BROKEN, "prediction": None, "problem": "hung"}, "was broken: hung"),
        ({"tokens": 100}, "the prompt has 100 tokens"),
        ({"tokens": 9000}, "the prompt has 9000 tokens"),
        ({"prediction": "7</label>"}, "the prediction holds a residue of markup"),
    ],
)
def test_what_was_not_carried_out_is_wrong_and_named(change: dict[str, Any], said: str) -> None:
    setting = setting_of(1)
    first, *rest = answered_all(setting)
    result, _ = judged([replace(first, **change), *rest], setting)
    assert result["outcome"] is Outcome.WRONG
    assert f"{first.id}" in result["detail"]
    assert said in result["detail"]
    assert result["comparison"].mismatched == 1


def test_a_sample_without_an_end_is_wrong() -> None:
    setting = setting_of(1)
    result, _ = judged(answered_all(setting)[1:], setting)
    assert result["outcome"] is Outcome.WRONG
    assert "has no end" in result["detail"]


def test_kernels_that_never_ran_are_undispatched() -> None:
    setting = setting_of(1)
    result, _ = judged(answered_all(setting), setting, entered=False)
    assert result["outcome"] is Outcome.UNDISPATCHED


def test_operators_have_no_accuracy_here() -> None:
    setting = setting_of(8, samples=1)
    result, trial = judged([Answered("x", Ending.UNANSWERED, problem="-", tokens=400)], setting)
    assert trial.facts["accuracy"].startswith("not measured here")
    assert result["measures"][0].name == "samples with an answer of the task's form"


@pytest.mark.parametrize("number", list(TASKS))
def test_every_task_has_a_scenario_in_the_smoke_tier_and_one_on_the_model_at_its_own_context(number: int) -> None:
    tiny, whole = load_workloads()[f"annotation-{number}"].settings
    assert tiny.smoke
    assert whole.number("minimum") == TASKS[number].minimum
    assert annotation.budget_of(whole).scale == 1
    assert annotation.operators_of(whole) is None
    assert annotation.data_of(whole).task.number == number
