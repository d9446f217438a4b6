"""How fast: what the timings of a column come to, and the facts of one timing in words. Geometric means, with their coverage.

Every timed cell has one vote, whatever its size; a mean is never shown without the number of cells that it is over and of those
that it is not (wrong, failed or not run: they are not 1.0, and not left out in silence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matrix.columns import Column
from matrix.outcome import Evidence
from matrix.result import Timing
from matrix.timing.statistics import geometric_mean
from reports.finding import Finding, Square
from reports.grid import Grid
from reports.measured import is_workload
from reports.wording import count, share

# A difference that is said to be one: the interval lies beyond it.
MARGIN = 0.01


@dataclass(frozen=True)
class Speed:
    """A column's timings. `faster`, `slower`: cells whose whole interval lies beyond the margin, the farthest first."""

    column: Column
    findings: tuple[Finding, ...]
    timed: tuple[Finding, ...]

    @property
    def mean(self) -> float | None:
        return mean_speedup(self.timed)

    @property
    def slower(self) -> tuple[Finding, ...]:
        found = [item for item in self.timed if timing_of(item).speedup_high < 1 - MARGIN]
        return tuple(sorted(found, key=lambda item: timing_of(item).speedup))

    @property
    def faster(self) -> tuple[Finding, ...]:
        found = [item for item in self.timed if timing_of(item).speedup_low > 1 + MARGIN]
        return tuple(sorted(found, key=lambda item: -timing_of(item).speedup))

    @property
    def near_floor(self) -> int:
        """Cells in which the launch was timed rather than the work."""
        return sum(timing_of(item).near_floor for item in self.timed)

    def __str__(self) -> str:
        if self.mean is None:
            return f"nothing was timed of {count(len(self.findings), 'cell')}"
        coverage = (
            f"{len(self.timed)} of {count(len(self.findings), 'cell')} ({share(len(self.timed), len(self.findings))})"
        )
        text = (
            f"geometric mean {factor(self.mean)} over {coverage}; {len(self.faster)} faster, {len(self.slower)} slower"
        )
        if self.near_floor:
            text += f"; {self.near_floor} near the launch floor"
        return text


def speeds(grid: Grid) -> list[Speed]:
    """One for each column that was asked for timings."""
    found = []
    for place, column in enumerate(grid.columns):
        if column.evidence is Evidence.TIME:
            cells = tuple(item for row in grid.rows for item in row.squares[place].findings if not is_workload(item))
            found += (
                [Speed(column, cells, tuple(item for item in cells if item.result.timing is not None))] if cells else []
            )
    return found


def timing_of(finding: Finding) -> Timing:
    """The timing of a cell that has one."""
    assert finding.result.timing is not None
    return finding.result.timing


def mean_speedup(findings: Sequence[Finding]) -> float | None:
    return geometric_mean([item.result.timing.speedup for item in findings if item.result.timing is not None])


def square_speed(square: Square) -> str:
    """What a square has to say about speed: ` 0.93x`, or nothing."""
    mean = mean_speedup(square.findings)
    return "" if mean is None else f" {factor(mean)}"


def factor(value: float) -> str:
    """A speed-up as people write it."""
    return f"{value:.2f}x" if value < 10 else f"{value:.0f}x"


def describe_timing(timing: Timing) -> list[str]:
    """The facts of a timing, a sentence each, the most important first."""
    interval = f"95 % interval {timing.speedup_low:.3f} to {timing.speedup_high:.3f}"
    hosts = f"{span(timing.candidate.host)}, the other in {span(timing.baseline.host)}"
    lines = [
        f"{factor(timing.speedup)} the speed of {timing.against} ({interval})",
        f"{span(timing.candidate.median)} a call, the native operator {span(timing.baseline.median)}",
        f"the host hands one over in {hosts}",
    ]
    reached = []
    if timing.bandwidth_share is not None and timing.peak_bandwidth:
        reached.append(f"{100 * timing.bandwidth_share:.0f} % of {timing.peak_bandwidth / 1e12:.2f} TB/s")
    if timing.arithmetic_share is not None and timing.peak_arithmetic:
        reached.append(f"{100 * timing.arithmetic_share:.0f} % of {timing.peak_arithmetic / 1e12:.0f} TFLOP/s")
    if reached:
        lines.append(f"reaches {' and '.join(reached)}, as measured on the device")
    ended = {"interval": "until the interval was narrow enough", "cap": "until time or number ran out"}
    restless = "" if timing.stable else "; the warm-up did not come to rest"
    lines.append(
        f"{len(timing.candidate.samples)} calls of each, {ended.get(timing.stopped, timing.stopped)}{restless}"
    )
    if timing.near_floor and timing.floor is not None:
        lines.append(f"near the launch floor of {span(timing.floor)}: the launch was timed rather than the work")
    state = ", ".join(f"{name} {value:g}" for name, value in timing.conditions.items())
    lines.append(f"on {timing.device}" + (f" ({state})" if state else ""))
    return lines


def span(seconds: float) -> str:
    """A short time for a person."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
