"""Hardware earns by evidence and profile: a weaker one never counts as a stronger one, and not asked is no loss."""

from __future__ import annotations

import pytest

from matrix.challenge.scoring.cases import Judged
from matrix.challenge.scoring.hardware import score_hardware
from matrix.challenge.scoring.score import Score
from matrix.challenge.scoring.weights import load_weights
from matrix.outcome import Evidence, Outcome
from tests.fakes.judged import cell, earned, timed

WEIGHTS = load_weights().hardware
DECLARED = {
    "chip": ("interpret", "run", "time"),
    "other": ("run", "time"),
    "target": ("compile",),
    "second": ("compile",),
}


def score(*cells: Judged) -> Score:
    return score_hardware(cells, DECLARED, WEIGHTS, 10)


def test_nothing_asked_is_nothing_lost() -> None:
    found = score()
    assert earned(found) == (None, 0)
    assert "the others were not asked" in found.remarks[0]


def test_each_evidence_has_its_own_points() -> None:
    compiled = score(
        cell(evidence=Evidence.COMPILE, profile="target"), cell(evidence=Evidence.COMPILE, profile="second")
    )
    assert earned(compiled) == (1, 1)
    ran = score(cell(evidence=Evidence.RUN), cell(evidence=Evidence.RUN, profile="other"))
    assert earned(ran) == (4, 4)


def test_half_of_the_profiles_is_half_measured() -> None:
    found = score(cell(evidence=Evidence.RUN))
    assert earned(found) == (2, 2)
    assert "1 of 2 profiles were asked for `run`" in " ".join(part.unmeasured for part in found.parts)


def test_a_profile_counts_by_the_share_that_passes_and_says_which_does_not() -> None:
    bad = cell(Outcome.CRASH, evidence=Evidence.RUN, sample="odd-0", detail="signal SIGSEGV")
    found = score(cell(evidence=Evidence.RUN), bad)
    assert found.points == pytest.approx(1)
    assert found.parts[2].losses[0].text == "chip@run: 1 of 2 cases do not count: 1 CRASH; first: signal SIGSEGV"


def test_what_gives_a_wrong_answer_anywhere_counts_as_compiled_nowhere() -> None:
    found = score(cell(Outcome.WRONG), cell(evidence=Evidence.COMPILE, profile="target"))
    assert found.parts[0].title == "profiles in which it compiles"
    assert (found.parts[0].points, found.parts[0].out_of) == (0, 0.5)
    assert "1 that compile and give a wrong answer elsewhere" in found.parts[0].losses[0].text


def test_utilisation_counts_where_it_was_timed() -> None:
    known = timed(1.5, moved=10**6, peak_bandwidth=4e9)  # 1 ms: a quarter of it
    part = score(known).parts[-1]
    assert part.share == pytest.approx(0.25 / 0.6)
    assert "25.0% of what A chip (chip) can do" in part.losses[0].text
    assert score(timed(1.5)).parts[-1].unmeasured


def test_every_declared_profile_is_listed_with_what_was_not_asked() -> None:
    table = score(cell(evidence=Evidence.RUN), cell(Outcome.NOT_RUN, profile="other", evidence=Evidence.RUN)).exhibits[
        0
    ]
    rows = {row[0]: row[1:5] for row in table.rows}
    assert rows["chip"] == ("-", "not asked", "1 of 1", "not asked")
    assert rows["other"] == ("-", "-", "could not be judged here", "not asked")
    assert rows["target"] == ("not asked", "-", "-", "-")
