"""Scores: exact match, Wilson's interval, task 8's shares, and nothing that is missing counted as nought in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.annotation.interval import wilson
from matrix.annotation.operator_judging import OperatorJudge
from matrix.annotation.score_file import read_standing, score_fields, write_score
from matrix.annotation.scoring import Score, Share, TaskScore, score_operators, score_texts
from matrix.challenge.task import interpreter
from tests.matrix.annotation import answers
from workloads.annotation.data_file import SampleId
from workloads.annotation.problem import AnnotationError
from workloads.annotation.tasks import TASKS


def test_wilsons_interval_is_that_of_the_tables() -> None:
    """8 of 10 and 0 of 10 as in A. Agresti, B. Coull, The American Statistician 52 (1998)."""
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    with pytest.raises(ValueError, match="share of nothing"):
        wilson(0, 0)


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share(pair: tuple[int, int]) -> None:
    low, high = wilson(*pair)
    assert 0 <= low <= pair[0] / pair[1] <= high <= 1


def test_texts_are_scored_by_exact_match_and_missing_ones_are_wrong_and_counted() -> None:
    labels: dict[SampleId, str] = {"a": "1", "b": "2", "c": "3", "d": "4"}
    score = score_texts(TASKS[1], {"a": " 1", "b": "2</label>", "c": None, "x": "9"}, labels)
    assert score.shares["accuracy"] == Share(1, 4)
    assert (score.missing, score.misformed) == (2, 1)
    assert score.notes == ("1 predictions are of samples without a label",)


def test_a_total_needs_all_eight() -> None:
    def of(number: int, right: int) -> TaskScore:
        names = ("S_Call", "S_Execution", "by_triton") if number == 8 else ("accuracy",)
        return TaskScore(TASKS[number], {name: Share(right, 10) for name in names})

    seven = {number: of(number, 5) for number in range(1, 8)}
    assert Score(seven, {8: "no checks"}).total is None
    assert Score(seven, {8: "no checks"}).mean_of_scored == 0.5
    assert Score({**seven, 8: of(8, 9)}).total == pytest.approx((7 * 0.5 + 0.9) / 8)


def test_task_8_has_the_mean_of_both_shares() -> None:
    """Right, wrong and raising kernels, plain torch, and a sample without a check, through the machinery."""
    sources: dict[SampleId, str | None] = {
        "right": answers.RIGHT,
        "wrong": answers.WRONG,
        "raises": answers.RAISES,
        "plain": answers.PLAIN,
        "other": "x",
    }
    checks: Any = {name: answers.CHECK for name in sources if name != "other"}
    scored = score_operators([OperatorJudge(interpreter())], sources, dict.fromkeys(sources, ""), checks)
    assert isinstance(scored, TaskScore)
    shares = {name: (share.right, share.of) for name, share in scored.shares.items()}
    assert shares == {"S_Call": (3, 4), "S_Execution": (2, 4), "by_triton": (1, 4)}
    assert scored.value == pytest.approx((0.75 + 0.5) / 2)
    assert "1 answers launch no kernel of their own (plain torch): plain" in scored.notes
    assert "1 of 5 samples have no check and count in no share" in scored.notes


def test_task_8_without_checks_has_no_score() -> None:
    assert "no sample of openseek-8 has a check" in str(score_operators([], {"a": "x"}, {}, {}))


def standing(path: Path, **changes: Any) -> Path:
    tasks = {number: TaskScore(TASKS[number], {"accuracy": Share(1, 2)}) for number in range(1, 8)}
    fields = score_fields(Score(tasks, {8: "no checks"}), "team", "labels", scaled=False, facts={})
    path.write_text(json.dumps({**fields, **changes}))
    return path


def test_a_score_is_written_and_read_back(tmp_path: Path) -> None:
    tasks = {number: TaskScore(TASKS[number], {"accuracy": Share(number, 10)}) for number in range(1, 8)}
    path = tmp_path / "score.json"
    write_score(path, score_fields(Score(tasks, {8: "no checks"}), "team", "labels", scaled=True, facts={"a": "b"}))
    found = read_standing(path)
    assert found.tasks == {number: number / 10 for number in range(1, 8)}
    assert (found.absent, found.scaled, found.prediction) == ({8: "no checks"}, True, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"entry": ""},
        {"entry": "a\nb"},
        {"entry": 3},
        {"scaled": "yes"},
        {"tasks": {"1": {"value": 1.5}}},
        {"tasks": {"9": {"value": 0.5}}},
        {"tasks": {"1": {"value": True}}},
        {"tasks": {}},
        {"absent": {}},
    ],
)
def test_a_score_of_somebodys_is_read_strictly(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(AnnotationError):
        read_standing(standing(tmp_path / "score.json", **changes))
    assert read_standing(standing(tmp_path / "score.json")).entry == "team"
