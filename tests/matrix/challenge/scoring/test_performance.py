"""Speed earns by a stable timing on one named device, by a geometric mean in which nothing that failed is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matrix.challenge.scoring.cases import Judged
from matrix.challenge.scoring.performance import devices_of, score_performance
from matrix.challenge.scoring.score import Score
from matrix.challenge.scoring.weights import Performance, load_weights
from tests.fakes.judged import cell, earned, repeat, timed

WEIGHTS = load_weights().performance


def score(*cells: Judged, expected: int = 2, weights: Performance = WEIGHTS) -> Score:
    return score_performance(cells, expected, weights, 20, repeat)


def test_without_a_chip_it_is_unmeasured_and_says_how_it_is_had() -> None:
    found = score(cell())
    assert found.points is None
    assert "--evidence" in found.parts[0].unmeasured


def test_the_mean_is_geometric_over_calls_and_then_over_dtypes() -> None:
    calls = timed(2.0), timed(0.5, number=1), timed(4.0, dtype="float16")
    speedup = devices_of(calls)[0].speedup
    assert speedup is not None
    assert speedup.value == pytest.approx(2.0)  # of 1 and 4
    assert speedup.low == pytest.approx(2.0 * 0.98)


def test_points_follow_the_line_and_a_loss_says_the_speed() -> None:
    assert score(timed(1.5), timed(1.5, number=1)).points == pytest.approx(20)
    found = score(timed(1.2), timed(1.2, number=1))
    assert found.points == pytest.approx(15)
    assert "1.200 earns 75.0%" in found.parts[0].losses[0].text
    assert "1.200 (1.176 to 1.224)" in found.parts[0].note
    below = score(timed(0.8), timed(0.8, number=1))
    assert below.points == 0
    assert "below the gate of 0.9" in below.parts[0].losses[0].text


def test_a_call_that_fails_earns_nothing_and_is_not_left_out_of_the_mean() -> None:
    found = score(timed(1.5), timed(None, number=1))
    assert found.points == pytest.approx(10)
    assert found.measured == pytest.approx(20)
    assert "is WRONG where it is timed" in found.parts[0].losses[0].text


def test_a_call_that_was_not_timed_is_not_measured() -> None:
    found = score(timed(1.5), expected=4)
    assert earned(found) == (5, 5)
    assert "3 of 4 timed calls have no timing there" in found.parts[1].unmeasured


def test_defect_8_a_timing_that_was_not_stable_scores_nothing() -> None:
    """The published judge takes one run of 10 ms, with no dispersion; here each timing has an interval and may be refused."""
    found = score(timed(9.0, stable=False), timed(1.5, number=1))
    assert earned(found) == (10, 10)
    assert "the timing was not stable" in found.parts[1].unmeasured
    assert score(timed(9.0, stable=False), expected=1).points is None
    table = found.exhibits[0]
    assert table.headers[4] == "95 % interval"
    assert [row[7] for row in table.rows] == ["the timing was not stable", "yes"]


def test_defect_12_devices_are_never_put_together() -> None:
    own = timed(1.5), timed(1.5, number=1)
    other = [timed(0.1, profile="other", device="A slow chip", number=number) for number in (0,)]
    found = score(*own, *other)
    assert found.points == pytest.approx(20)
    assert "A chip (chip)" in found.parts[0].title
    assert any("not to be compared" in remark and "A slow chip (other) 0.100" in remark for remark in found.remarks)
    named = score(*own, *other, weights=replace(WEIGHTS, device="A slow chip"), expected=1)
    assert named.points == 0
    none = score(*own, weights=replace(WEIGHTS, device="Another chip"))
    assert none.points is None
    assert "only timings on Another chip score" in none.parts[0].unmeasured


def test_how_near_a_call_comes_to_the_device_is_shown_and_may_be_scored() -> None:
    known = timed(1.5, moved=10**6, peak_bandwidth=2e9)  # 1 ms: half of it
    assert any("50.0%" in remark for remark in score(known, expected=1).remarks)
    weights = replace(WEIGHTS, roofline=0.5, full_roofline=1.0)
    assert score(known, expected=1, weights=weights).points == pytest.approx(15)
    unknown = score(timed(1.5), expected=1, weights=weights)
    assert earned(unknown) == (10, 10)
