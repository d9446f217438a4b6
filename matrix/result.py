"""A result: the facts of one attempt at one cell. Illegal states cannot be built; the verdict is computed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from matrix.outcome import Outcome, Phase


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

    def __post_init__(self) -> None:
        if self.outcome is Outcome.PASS and self.comparison is None and not self.compiled:
            raise ResultError(f"{self.cell}: a PASS needs a comparison, or kernels that were compiled")
        if self.compiled and self.launches:
            raise ResultError(f"{self.cell}: kernels that are only compiled are not launched")
        if self.outcome is Outcome.PASS and self.comparison is None and self.phase is not Phase.COMPILE:
            raise ResultError(f"{self.cell}: kernels that were compiled pass in phase compile, not {self.phase}")
        if self.outcome is Outcome.WRONG and self.phase is not Phase.COMPARE:
            raise ResultError(f"{self.cell}: WRONG is found in phase compare, not {self.phase}")
        if self.outcome is not Outcome.PASS and not self.detail:
            raise ResultError(f"{self.cell}: {self.outcome} needs a detail that says why")
        if self.outcome in (Outcome.CRASH, Outcome.TIMEOUT) and self.comparison is not None:
            raise ResultError(f"{self.cell}: a {self.outcome} has no comparison")
        if self.gap is not None and self.outcome is not Outcome.INFRA:
            raise ResultError(f"{self.cell}: an emulation gap is INFRA, not {self.outcome}")
        if self.attempt < 1:
            raise ResultError(f"{self.cell}: attempts count from 1, not {self.attempt}")
