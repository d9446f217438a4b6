"""Medians, their intervals and speed-ups: held against SciPy's binomial, and against what is known of the data."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from matrix.timing.statistics import Interval, geometric_mean, lower_rank, median_interval, speedup_interval


@pytest.mark.parametrize("count", [6, 7, 10, 37, 100, 400, 999])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_rank_is_the_largest_that_the_binomial_allows(count: int, confidence: float) -> None:
    rank = lower_rank(count, confidence)
    allowed = (1 - confidence) / 2
    assert rank is not None
    assert binom.cdf(rank, count, 0.5) <= allowed < binom.cdf(rank + 1, count, 0.5)


@pytest.mark.parametrize("count", [1000, 1501, 40_000])
def test_the_rank_of_many_is_the_binomial_s_to_one(count: int) -> None:
    rank = lower_rank(count)
    assert rank is not None
    exact = int(binom.ppf(0.025, count, 0.5)) - 1
    assert abs(rank - exact) <= 1


def test_too_few_values_have_no_interval() -> None:
    assert median_interval([1.0, 2.0, 3.0]) == Interval(2.0)
    assert median_interval([1.0, 2.0, 3.0]).half_width == math.inf


def test_the_interval_holds_the_true_median_as_often_as_it_says() -> None:
    """Of a skewed distribution with a heavy tail, as timings have: 2000 experiments of 31 values."""
    source = random.Random(7)
    true = math.exp(0.0)
    held = 0
    for _ in range(2000):
        found = median_interval([source.lognormvariate(0, 1) for _ in range(31)])
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high
    assert 0.94 <= held / 2000 <= 0.99


def test_what_drifts_cancels_in_a_block() -> None:
    """Both slow down alike while they are measured: one after the other the candidate would look 1.5 times as slow."""
    drift = [1 + 0.01 * place for place in range(80)]
    baseline = [2.0 * drift[place] for place in range(80) if place % 4 in (0, 3)]
    candidate = [1.0 * drift[place] for place in range(80) if place % 4 in (1, 2)]
    found = speedup_interval(baseline, candidate)
    assert found.median == pytest.approx(2.0, rel=1e-9)
    assert found.half_width < 1e-9


def test_a_disturbed_block_does_not_move_the_speed_up() -> None:
    baseline, candidate = [1.0] * 40, [1.0] * 40
    baseline[0] = baseline[9] = 50.0
    found = speedup_interval(baseline, candidate)
    assert (found.median, found.low, found.high) == (1.0, 1.0, 1.0)


@given(st.lists(st.floats(1e-7, 1.0), min_size=6, max_size=60))
def test_the_median_lies_in_its_interval(values: list[float]) -> None:
    found = median_interval(values)
    assert found.low is not None
    assert found.high is not None
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert found.median == statistics.median(values)


def test_a_geometric_mean_treats_twice_and_half_alike() -> None:
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)
    assert geometric_mean([]) is None
