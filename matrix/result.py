"""A result: the facts of one attempt at one cell. Illegal states cannot be built; the verdict is computed elsewhere."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from matrix.outcome import Evidence, Outcome, Phase
from matrix.tampering import Tampering


class ResultError(ValueError):
    """A result contradicts itself."""


@dataclass(frozen=True)
class Launch:
    """One kernel that ran: its name, its source file (relative to its package where it has one), how often."""

    kernel: str
    file: str
    count: int = 1


@dataclass(frozen=True)
class Compiled:
    """One kernel that was compiled to the target's final binary, and never ran.

    configuration  its compile-time constants and options, in words
    size, shared   bytes of the binary, and of shared memory that a block takes
    registers      32-bit registers of a thread;  spilled: how many of them live in memory instead
    seconds        how long the compiler took (next to nothing where its cache had the binary)
    count          launches that took this binary
    tried, fitting of a tuned kernel: how many configurations were tried on the target, and how many fit; else None
    """

    kernel: str
    file: str
    configuration: dict[str, str]
    size: int
    shared: int
    registers: int
    spilled: int
    seconds: float
    count: int = 1
    tried: int | None = None
    fitting: int | None = None

    def __post_init__(self) -> None:
        if (self.tried is None) != (self.fitting is None):
            raise ResultError(f"{self.kernel}: of a tuned kernel both are known, how many were tried and how many fit")
        if self.tried is not None and self.fitting is not None and not 1 <= self.fitting <= self.tried:
            raise ResultError(f"{self.kernel}: {self.fitting} of {self.tried} configurations fit")


@dataclass(frozen=True)
class Comparison:
    """How far an output was from the reference. Absent is None, never a made-up number.

    max_abs, max_rel   largest absolute and relative difference over the finite elements
    mismatched, total  elements outside the bound, and elements in all
    first_bad          index of the first element outside the bound
    bound              the absolute bound at that element, or the largest one when all are inside
    rule               the rule that gave the bound, in words and numbers
    policies           verdict of every other named tolerance policy, name -> within its bound
    vacuous            names of the impostors (zeros, ones, identity) that would pass as well
    """

    rule: str
    total: int
    mismatched: int
    max_abs: float | None = None
    max_rel: float | None = None
    bound: float | None = None
    first_bad: tuple[int, ...] | None = None
    got: str | None = None
    expected: str | None = None
    output: int = 0
    policies: dict[str, bool] = field(default_factory=dict)
    vacuous: tuple[str, ...] = ()


# Why timing ended: the interval was narrow enough, or time or number ran out.
STOPPED = ("interval", "cap")


@dataclass(frozen=True)
class Sampled:
    """Calls that were timed, none left out.

    samples  seconds on the device's clock, in the order in which they were taken
    host     median of the seconds that the host took to hand a call over
    """

    samples: tuple[float, ...]
    host: float

    def __post_init__(self) -> None:
        if not self.samples or min(self.samples) <= 0:
            raise ResultError("a timing has samples, each longer than nothing")

    @cached_property
    def median(self) -> float:
        return statistics.median(self.samples)


@dataclass(frozen=True)
class Timing:
    """A provider's call against the native operator's, interleaved on one device.

    baseline, candidate   the native operator and the provider;  against: what the native operator is
    speedup, speedup_low, speedup_high   baseline / candidate by blocks: the median and its 95 % interval
    device      the device's own name;  stopped: one of STOPPED
    stable      whether warm-up came to rest
    floor       seconds of the least piece of work there
    moved, operations      bytes that the call must move at least, and its floating-point operations (None: not counted)
    peak_bandwidth, peak_arithmetic   the most that was measured on the device: bytes and operations per second
    conditions  what the device said of itself: `temperature_c before`, `clock_mhz after`, ...
    """

    baseline: Sampled
    candidate: Sampled
    against: str
    speedup: float
    speedup_low: float
    speedup_high: float
    device: str
    stopped: str
    stable: bool = True
    floor: float | None = None
    moved: int | None = None
    operations: int | None = None
    peak_bandwidth: float | None = None
    peak_arithmetic: float | None = None
    conditions: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.speedup_low <= self.speedup <= self.speedup_high:
            raise ResultError(f"a speed-up of {self.speedup} does not lie in {self.speedup_low} to {self.speedup_high}")
        if self.stopped not in STOPPED:
            raise ResultError(f"a timing stopped for {self.stopped!r}; allowed are {', '.join(STOPPED)}")
        if any(peak is not None and not peak > 0 for peak in (self.peak_bandwidth, self.peak_arithmetic)):
            raise ResultError("a device's measured peak is more than nothing")
        if len(self.baseline.samples) != len(self.candidate.samples):
            raise ResultError("baseline and candidate are timed in turn, equally often")

    @property
    def bandwidth_share(self) -> float | None:
        """Of the device's bandwidth, the share that the candidate reached."""
        return _share(self.moved, self.candidate.median, self.peak_bandwidth)

    @property
    def arithmetic_share(self) -> float | None:
        """Of the device's rate of arithmetic, the share that the candidate reached."""
        return _share(self.operations, self.candidate.median, self.peak_arithmetic)

    @property
    def near_floor(self) -> bool:
        """Whether either took less than twice the least that anything takes: then the launch was timed, not the work."""
        least = min(self.baseline.median, self.candidate.median)
        return self.floor is not None and least < 2 * self.floor


def _share(amount: int | None, seconds: float, peak: float | None) -> float | None:
    return None if amount is None or peak is None else amount / seconds / peak


@dataclass(frozen=True)
class Measure:
    """One number that a workload came to. The first of a result is its headline.

    name     what it is of, in words;  unit: `tokens/s`, `ms`, `nat`, `%`, or empty for a count or ratio
    value    finite;  samples: what it was computed from, raw and in order, where there is such a thing
    """

    name: str
    unit: str
    value: float
    samples: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise ResultError("a measure has a name")
        if not all(math.isfinite(number) for number in (self.value, *self.samples)):
            raise ResultError(f"measure {self.name}: a number that is not finite is no measure")


@dataclass(frozen=True)
class Result:
    """What one attempt found.

    cell        the cell's id as text
    detail      one sentence a person can act on; empty for a plain PASS
    seconds     wall-clock of the attempt, as far as it is known
    worker      which worker process did it (`gw0-4711`)
    gap         name of the emulation gap, for INFRA caused by the emulation
    output      tail of what the worker printed or the traceback
    compiled    with evidence `compile`: the kernels that were compiled, as far as the call came
    remembered  when it was found, if in an earlier run with everything the same: an ISO time
    timing      with evidence `time`: how long it took, against the native operator
    measures    of a workload: its numbers;  facts: what every report must say of them (versions, model, weights, ...)
    tampering   what judged code did to its judge; confined: what held the code while it ran, in a few words
    """

    cell: str
    outcome: Outcome
    phase: Phase
    detail: str = ""
    seconds: float | None = None
    attempt: int = 1
    worker: str | None = None
    comparison: Comparison | None = None
    launches: tuple[Launch, ...] = ()
    gap: str | None = None
    traceback: str | None = None
    output: str | None = None
    compiled: tuple[Compiled, ...] = ()
    remembered: str | None = None
    timing: Timing | None = None
    measures: tuple[Measure, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    tampering: tuple[Tampering, ...] = ()
    confined: str | None = None

    def __post_init__(self) -> None:
        if self.tampering and not self.outcome.blames_provider:
            raise ResultError(f"{self.cell}: tampering is the fault of what is judged, and no {self.outcome}")
        if self.outcome is Outcome.PASS and self.comparison is None and not self.compiled and not self.measures:
            raise ResultError(f"{self.cell}: a PASS needs a comparison, measures, or kernels that were compiled")
        if self.compiled and self.launches:
            raise ResultError(f"{self.cell}: kernels that are only compiled are not launched")
        only_compiled = self.comparison is None and not self.measures and self.phase is not Phase.COMPILE
        if self.outcome is Outcome.PASS and only_compiled:
            raise ResultError(f"{self.cell}: kernels that were compiled pass in phase compile, not {self.phase}")
        if self.outcome is Outcome.WRONG and self.phase is not Phase.COMPARE:
            raise ResultError(f"{self.cell}: WRONG is found in phase compare, not {self.phase}")
        if self.outcome is not Outcome.PASS and not self.detail:
            raise ResultError(f"{self.cell}: {self.outcome} needs a detail that says why")
        if self.outcome in (Outcome.CRASH, Outcome.TIMEOUT) and self.comparison is not None:
            raise ResultError(f"{self.cell}: a {self.outcome} has no comparison")
        timed = self.cell.endswith(f"@{Evidence.TIME}")
        if self.timing is not None and not (timed and self.outcome is Outcome.PASS):
            raise ResultError(f"{self.cell}: only what passes with evidence time has a timing")
        if timed and self.outcome is Outcome.PASS and self.timing is None and not self.measures:
            raise ResultError(f"{self.cell}: a PASS with evidence time needs a timing, or measures")
        if self.gap is not None and self.outcome is not Outcome.INFRA:
            raise ResultError(f"{self.cell}: an emulation gap is INFRA, not {self.outcome}")
        if self.attempt < 1:
            raise ResultError(f"{self.cell}: attempts count from 1, not {self.attempt}")
