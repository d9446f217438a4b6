"""Correctness is the share of cases that are right, by family, under a named tolerance, each wrong one with its command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matrix.challenge.scoring.cases import Judged, family_of, share_right
from matrix.challenge.scoring.correctness import score_correctness
from matrix.challenge.scoring.score import Score
from matrix.challenge.scoring.weights import load_weights
from matrix.outcome import Evidence, Outcome
from operators.operator import Sample
from tests.fakes.judged import MAIN, cases, cell, earned, repeat

WEIGHTS = load_weights().correctness
ALL = {"native": True, "challenge": True, "flaggems": True}


def score(*cells: Judged, policy: str = "native") -> Score:
    return score_correctness(cases(*cells), replace(WEIGHTS, policy=policy), 30, repeat)


@pytest.mark.parametrize(
    ("row", "sample", "raises", "family"),
    [
        (MAIN, "typical-0", False, "typical"),
        (MAIN, "large-0", False, "typical"),
        (f"{MAIN}.large", "typical-0", False, "typical"),
        (MAIN, "nan-0", False, "edges"),
        (f"{MAIN}_", "typical-0", False, "forms"),
        (f"{MAIN}_backward", "typical-0", False, "gradient"),
        (f"{MAIN}.out", "illegal-0", True, "illegal"),
    ],
)
def test_a_case_belongs_to_one_family(row: str, sample: str, raises: bool, family: str) -> None:
    assert family_of(MAIN, row, Sample(sample, "T[4]", raises=raises)) == family


def test_all_right_is_all_points_whatever_families_a_task_has() -> None:
    assert score(cell()).points == pytest.approx(30)
    assert score(cell(), cell(sample="nan-0"), cell(row=f"{MAIN}_")).points == pytest.approx(30)


def test_points_go_by_family_and_a_loss_says_what_and_how_to_repeat_it() -> None:
    found = score(cell(), cell(sample="nan-0"), cell(Outcome.WRONG, sample="nan-1", detail="3 of 4 elements"))
    edges = next(part for part in found.parts if part.title == "edge cases")
    assert edges.out_of == 15
    assert edges.points == pytest.approx(7.5)
    assert edges.losses[0].text == f"1 nan case of {MAIN}: WRONG: 3 of 4 elements"
    assert edges.losses[0].command.startswith(f"repeat chip:{MAIN}/entry[dtype=float32,sample=nan-1]")
    listed = next(exhibit for exhibit in found.exhibits if exhibit.title == "Cases that are not right")
    assert [row[-1] for row in listed.rows] == [edges.losses[0].command]


def test_an_answer_by_something_else_than_a_kernel_of_the_entry_is_not_right() -> None:
    found = score(
        cell(), cell(Outcome.UNDISPATCHED, sample="typical-1", detail="launched no kernel; the answer is right")
    )
    assert found.points == pytest.approx(15)
    assert "1 cases were answered by something else" in " ".join(found.remarks)


def test_what_could_not_be_judged_is_no_loss() -> None:
    found = score(cell(), cell(Outcome.INFRA, sample="typical-1", detail="a gap of the emulation"))
    assert earned(found) == (15, 15)
    assert any("a gap of the emulation" in part.unmeasured for part in found.parts)
    nothing = score(cell(Outcome.NOT_RUN, detail="no device"))
    assert nothing.points is None
    assert nothing.parts[0].unmeasured == "no device"
    assert score().points is None


def test_compiling_says_nothing_of_an_answer() -> None:
    assert score(cell(evidence=Evidence.COMPILE)).points is None


def test_the_strongest_evidence_decides_and_all_of_it_has_to_be_right() -> None:
    emulated, on_chip = cell(), cell(Outcome.WRONG, evidence=Evidence.RUN)
    assert score(emulated, on_chip).points == 0
    assert score(cell(Outcome.WRONG), cell(evidence=Evidence.RUN)).points == pytest.approx(30)
    elsewhere = cell(evidence=Evidence.RUN, profile="other")
    assert score(on_chip, elsewhere).points == 0


def test_defect_9_both_tolerances_are_counted_and_their_disagreements_listed() -> None:
    outside = cell(sample="typical-1", policies={**ALL, "challenge": False})
    cells = cell(policies=ALL), outside
    assert score(*cells).points == pytest.approx(30)
    assert score(*cells, policy="challenge").points == pytest.approx(15)
    assert score(*cells, policy="flaggems").points == pytest.approx(30)
    listed = next(each for each in score(*cells).exhibits if "disagree" in each.title)
    assert [row[2:5] for row in listed.rows] == [("inside", "outside", "inside")]
    assert "native 2, challenge 1, flaggems 2" in score(*cells).remarks[0]


def test_a_wider_tolerance_forgives_elements_and_nothing_else() -> None:
    wide = {"native": False, "challenge": True, "flaggems": False}
    assert share_right(cases(cell(Outcome.WRONG, policies=wide)), "challenge") == 1
    assert share_right(cases(cell(Outcome.WRONG, policies=wide)), "native") == 0
    assert share_right(cases(cell(Outcome.UNDISPATCHED, policies=wide)), "challenge") == 0
    assert share_right(cases(cell(Outcome.WRONG)), "challenge") == 0, "a shape or a missing error is under no tolerance"
    assert share_right((), "native") is None


def test_raising_whatever_is_asked_is_no_merit() -> None:
    illegal = cell(sample="illegal-0", raises=True)
    assert score(cell(Outcome.ERROR), illegal).points == 0
    assert "raises, as every legal call" in score(cell(Outcome.ERROR), illegal).parts[-1].losses[0].text
    assert score(cell(), illegal).points == pytest.approx(30)
    assert score(illegal).points == pytest.approx(30), "no legal call was judged, so nothing is known of them"
