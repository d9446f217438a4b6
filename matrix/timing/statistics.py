"""Medians and their intervals, from order statistics alone: no distribution is assumed, and no outlier is dropped.

The interval of a median is between two order statistics whose ranks follow from the binomial distribution (the sign test,
turned round: W. J. Conover, Practical Nonparametric Statistics, 3rd ed., 3.2). It holds for any continuous
distribution, so for the skewed and heavy-tailed ones that timings have.

A speed-up is measured in blocks, baseline candidate candidate baseline: what drifts linearly (temperature, clocks) cancels
within a block, and the median over blocks shrugs off those that something else disturbed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A median and where the true one lies, with the confidence that was asked for; no bounds: too few values to say."""

    median: float
    low: float | None = None
    high: float | None = None

    @property
    def half_width(self) -> float:
        """Half of the interval's width as a share of the median; infinite where there is no interval."""
        if self.low is None or self.high is None or self.median == 0:
            return math.inf
        return (self.high - self.low) / 2 / abs(self.median)


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The median of values and its interval. Raises statistics.StatisticsError when there are none."""
    ordered = sorted(values)
    rank = lower_rank(len(ordered), confidence)
    middle = statistics.median(ordered)
    return Interval(middle) if rank is None else Interval(middle, ordered[rank], ordered[-1 - rank])


@cache
def lower_rank(count: int, confidence: float = CONFIDENCE) -> int | None:
    """From which end to which end, counted from 0, the order statistics enclose the median; None: `count` is too small.

    The largest r for which P(B(count, 1/2) <= r) <= (1 - confidence) / 2.
    """
    allowed = (1 - confidence) / 2
    below = term = 0.5**count if count < 1000 else 0.0
    if count >= 1000:  # the normal approximation is good to a rank there
        z = statistics.NormalDist().inv_cdf(1 - allowed)
        return max(0, math.floor((count - 1 - z * math.sqrt(count)) / 2))
    if below > allowed:
        return None
    rank = 0
    while True:
        term *= (count - rank) / (rank + 1)
        if below + term > allowed:
            return rank
        below += term
        rank += 1


def speedup_interval(baseline: Sequence[float], candidate: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """How many times as fast the candidate is, from samples in ABBA blocks: two of each per block, in the order taken."""
    blocks = zip(baseline[::2], baseline[1::2], candidate[::2], candidate[1::2], strict=True)
    return median_interval([(first + last) / (second + third) for first, last, second, third in blocks], confidence)


def geometric_mean(values: Sequence[float]) -> float | None:
    """The geometric mean; None of nothing. Values must be positive."""
    return math.exp(math.fsum(map(math.log, values)) / len(values)) if values else None
