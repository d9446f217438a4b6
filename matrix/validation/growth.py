"""Whether something grows or slows down over a soak: robust slopes, so that one bad lap proves nothing.

A worker's memory is one number a lap: the median over the visits of all cases. The first laps of a worker are its warm-up
(imports, caches, tuning) and are left out. The slope over the rest is Theil's and Sen's (the median of the slopes of all pairs)
with its 95 % interval.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MIB = 1024**2
# Laps of a worker that are left out, and how many must be left to say anything.
WARM_UP = 2
FEWEST = 5
# A growth over a worker's life that is smaller is no leak: allocators round, and interpreters keep caches.
FLOOR = 4 * MIB
# A case whose calls take so many times as long in the last quarter of the soak as in the first has drifted.
DRIFTED = 1.25


@dataclass(frozen=True)
class Growth:
    """How a kind of memory grew: `series` workers' lives were long enough to tell, and in `growing` of them it did.

    per_lap, total   medians over those lives: bytes a lap, and bytes from the first counted lap to the last
    """

    what: str
    series: int
    growing: int
    per_lap: float = 0.0
    total: float = 0.0

    @property
    def leaks(self) -> bool:
        """Whether it grew in most lives: a cache that fills once is no leak."""
        return self.growing * 2 > self.series

    def __str__(self) -> str:
        if not self.series:
            return f"{self.what}: no worker lived for {WARM_UP + FEWEST} laps"
        return (
            f"{self.what}: {self.per_lap / MIB:+.3f} MiB a lap, {self.total / MIB:+.1f} MiB over a life (median of "
            f"{self.series}); above the floor of {FLOOR / MIB:.0f} MiB in {self.growing}"
        )


def grown(what: str, series: Sequence[Sequence[float]]) -> Growth:
    """How the lives of workers, each a number a lap, grew."""
    lives = [life[WARM_UP:] for life in series if len(life) >= WARM_UP + FEWEST]
    if not lives:
        return Growth(what, 0, 0)
    slopes = [slope(life) for life in lives]
    totals = [middle * (len(life) - 1) for (middle, _, _), life in zip(slopes, lives, strict=True)]
    growing = sum(low > 0 and total > FLOOR for (_, low, _), total in zip(slopes, totals, strict=True))
    per_lap = statistics.median(middle for middle, _, _ in slopes)
    return Growth(what, len(lives), growing, per_lap, statistics.median(totals))


def slope(values: Sequence[float]) -> tuple[float, float, float]:
    """The slope of equally spaced values, and its 95 % interval (Theil 1950, Sen 1968)."""
    from scipy.stats import theilslopes

    found = theilslopes(values, alpha=0.95)
    return float(found.slope), float(found.low_slope), float(found.high_slope)


def drift(rounds: Sequence[Mapping[str, float]]) -> tuple[tuple[str, float], ...]:
    """Of each case, how many times as long it took in the last quarter of the rounds as in the first; slowest first.

    Fewer than four rounds say nothing.
    """
    quarter = len(rounds) // 4
    if not quarter:
        return ()
    ratios: dict[str, float] = {}
    for row in {row for latency in rounds for row in latency}:
        early = [latency[row] for latency in rounds[:quarter] if latency.get(row)]
        late = [latency[row] for latency in rounds[-quarter:] if latency.get(row)]
        if early and late:
            ratios[row] = statistics.median(late) / statistics.median(early)
    return tuple(sorted(ratios.items(), key=lambda item: -item[1]))
