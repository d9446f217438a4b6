"""The gate: certain and large enough, in both directions alike, and never across devices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.gate import Pace, compare_speed
from reports.snapshot import Speed


def speed(speedup: float, low: float, high: float, device: str = "Chip 9000") -> Speed:
    return Speed(speedup, low, high, device)


@pytest.mark.parametrize(
    ("old", "new", "pace"),
    [
        ((1.0, 0.99, 1.01), (0.90, 0.89, 0.91), Pace.SLOWER),
        ((0.90, 0.89, 0.91), (1.0, 0.99, 1.01), Pace.FASTER),
        # Certain, and too small to matter: 4.9 % of the better.
        ((1.0, 0.999, 1.001), (0.951, 0.950, 0.952), Pace.SAME),
        # Just beyond.
        ((1.0, 0.999, 1.001), (0.949, 0.948, 0.950), Pace.SLOWER),
        # Large, and not certain: the intervals overlap, or only touch.
        ((1.0, 0.80, 1.20), (0.70, 0.55, 0.85), Pace.SAME),
        ((1.0, 0.90, 1.10), (0.80, 0.70, 0.90), Pace.SAME),
        ((1.0, 0.99, 1.01), (1.0, 0.99, 1.01), Pace.SAME),
    ],
)
def test_both_gates_must_be_passed(
    old: tuple[float, float, float], new: tuple[float, float, float], pace: Pace
) -> None:
    assert compare_speed(speed(*old), speed(*new)) is pace


@pytest.mark.parametrize(("old", "new"), [("Chip 9000", "Chip 9001"), ("Chip 9000", ""), ("", "")])
def test_speeds_of_other_devices_are_not_compared(old: str, new: str) -> None:
    assert compare_speed(speed(1, 0.9, 1.1, old), speed(0.1, 0.09, 0.11, new)) is Pace.INCOMPARABLE


@st.composite
def speeds(draw: st.DrawFn) -> Speed:
    low, middle, high = sorted(draw(st.tuples(*[st.floats(1e-6, 1e6)] * 3)))
    return speed(middle, low, high)


@given(speeds(), speeds())
def test_it_is_symmetric(one: Speed, other: Speed) -> None:
    mirrored = {Pace.SLOWER: Pace.FASTER, Pace.FASTER: Pace.SLOWER, Pace.SAME: Pace.SAME}
    assert compare_speed(other, one) is mirrored[compare_speed(one, other)]


@given(speeds())
def test_nothing_is_slower_than_itself(one: Speed) -> None:
    assert compare_speed(one, one) is Pace.SAME


@given(speeds(), speeds())
def test_what_is_called_slower_is_so_by_more_than_the_gate(one: Speed, other: Speed) -> None:
    if compare_speed(one, other) is Pace.SLOWER:
        assert other.speedup < 0.95 * one.speedup
        assert other.high < one.low


def _alarms(width_old: float, width_new: float, tries: int = 40_000) -> float:
    """How often 95 % intervals of one and the same speed-up do not touch."""
    draw = np.random.default_rng(7)
    old, new = draw.normal(1, width_old, tries), draw.normal(1, width_new, tries)
    return float(np.mean(np.abs(old - new) > 1.96 * (width_old + width_new)))


def test_the_false_alarms_are_as_rare_as_documented() -> None:
    assert _alarms(0.01, 0.01) == pytest.approx(0.0056, abs=0.0015)
    assert 0.03 < _alarms(0.0001, 0.01) < 0.055


def test_identical_code_alarms_less_than_once_in_a_hundred_even_with_wide_intervals() -> None:
    draw = np.random.default_rng(11)
    pairs = draw.normal(1, 0.05, (20_000, 2))
    spread = 1.96 * 0.05
    paces = [compare_speed(*(speed(x, x - spread, x + spread) for x in pair)) for pair in pairs.tolist()]
    assert 0 < sum(pace is not Pace.SAME for pace in paces) < 200


def test_a_slowdown_of_a_tenth_is_found_where_the_intervals_are_narrow() -> None:
    found = [
        compare_speed(speed(x, x * 0.985, x * 1.015), speed(x * 0.9, x * 0.9 * 0.985, x * 0.9 * 1.015))
        for x in itertools.accumulate([0.1] * 50)
    ]
    assert set(found) == {Pace.SLOWER}
