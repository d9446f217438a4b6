"""Measuring a candidate against its baseline: warm up until stable, then ABBA blocks until the interval is narrow enough.

Every sample is kept. The two are interleaved because a device's clock drifts by more than the differences that matter; a
ratio of two medians taken one after the other carries the drift, a ratio within a block does not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matrix.timing.statistics import Interval, speedup_interval
from matrix.timing.stopwatch import Call, Lap, Stopwatch

BLOCK = 4  # calls in a block: baseline, candidate, candidate, baseline
LEAST_BLOCKS = 6  # fewer give no 95 % interval


@dataclass(frozen=True)
class Procedure:
    """When to stop.

    warm_seconds   least time of warm-up;  warm_limit: most time;  stable: by how much the last laps may differ from those
    before
    half_width     half of the speed-up's 95 % interval, as a share of it, at which measuring ends
    least_blocks, least_seconds   the least that is measured, whatever the interval
    most_blocks, seconds   the most
    """

    warm_seconds: float = 0.1
    warm_limit: float = 0.5
    stable: float = 0.02
    half_width: float = 0.003
    least_blocks: int = 20
    most_blocks: int = 250
    least_seconds: float = 0.1
    seconds: float = 1.0


DEFAULT = Procedure()


@dataclass(frozen=True)
class Contender:
    """Something to time: a call, and what must be done before each (restoring the arguments that it changes)."""

    call: Call
    prepare: Call = lambda: None


@dataclass(frozen=True)
class Measured:
    """What was measured: laps of both in the order they were taken, two of each per block; why it ended."""

    baseline: tuple[Lap, ...]
    candidate: tuple[Lap, ...]
    speedup: Interval
    stopped: str
    stable: bool


def measure(
    baseline: Contender,
    candidate: Contender,
    stopwatch: Stopwatch,
    procedure: Procedure = DEFAULT,
    clock: Callable[[], float] = time.perf_counter,
) -> Measured:
    """Time the two against each other."""
    stable = warm_up(baseline, candidate, stopwatch, procedure, clock)
    first, second = (baseline.prepare, baseline.call), (candidate.prepare, candidate.call)
    block = (first, second, second, first)
    laps: list[Lap] = []
    started = clock()
    size = 1
    while True:
        laps += stopwatch.laps(block * size)
        spent, blocks = clock() - started, len(laps) // BLOCK
        a, b = split(laps)
        found = speedup_interval([lap.seconds for lap in a], [lap.seconds for lap in b])
        enough = blocks >= procedure.least_blocks and spent >= procedure.least_seconds
        if enough and found.half_width <= procedure.half_width:
            return Measured(a, b, found, "interval", stable)
        if blocks >= procedure.most_blocks or (blocks >= LEAST_BLOCKS and spent >= procedure.seconds):
            return Measured(a, b, found, "cap", stable)
        size = next_size(blocks, spent, procedure)


def next_size(blocks: int, spent: float, procedure: Procedure) -> int:
    """How many blocks to take before the next look: as many as there are, within what is left of time and number."""
    if blocks < procedure.least_blocks:
        wanted = min(blocks, procedure.least_blocks - blocks)
        floor = max(1, LEAST_BLOCKS - blocks)
    else:
        wanted, floor = blocks // 2, 1
    affordable = int((procedure.seconds - spent) / (spent / blocks)) if spent > 0 else wanted
    return max(1, min(wanted, procedure.most_blocks - blocks, max(affordable, floor)))


def split(laps: Sequence[Lap]) -> tuple[tuple[Lap, ...], tuple[Lap, ...]]:
    """Laps in ABBA blocks -> those of A and those of B."""
    first = tuple(lap for place, lap in enumerate(laps) if place % BLOCK in (0, 3))
    second = tuple(lap for place, lap in enumerate(laps) if place % BLOCK in (1, 2))
    return first, second


def warm_up(
    baseline: Contender,
    candidate: Contender,
    stopwatch: Stopwatch,
    procedure: Procedure,
    clock: Callable[[], float] = time.perf_counter,
) -> bool:
    """Call both in turn until their laps no longer change, or the limit is reached; whether they came to rest."""
    pair = ((baseline.prepare, baseline.call), (candidate.prepare, candidate.call))
    before: tuple[float, float] | None = None
    started = clock()
    rounds = 2
    while True:
        laps = stopwatch.laps(pair * rounds)
        now = (
            statistics.median(lap.seconds for lap in laps[0::2]),
            statistics.median(lap.seconds for lap in laps[1::2]),
        )
        spent = clock() - started
        rested = before is not None and all(
            abs(new - old) <= procedure.stable * old for new, old in zip(now, before, strict=True)
        )
        if spent >= procedure.warm_seconds and rested:
            return True
        if spent >= procedure.warm_limit:
            return False
        before = now
        share = (procedure.warm_limit - spent) / max(spent, 1e-9)
        rounds = max(1, min(rounds * 2, int(len(laps) // 2 * share), 64))
