"""Mutants of a kernel and what became of them: the values that a score card takes. Nothing here runs anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was made wrong."""

    MASK = "mask"
    BOUND = "bound"
    OFFSET = "offset"
    STRIDE = "stride"
    DTYPE = "dtype"
    OPERATOR = "operator"
    INITIAL = "initial value"
    REDUCTION = "reduction"


class Fate(StrEnum):
    """What became of a mutant.

    killed      a test or case that the kernel passes does not pass with it
    survived    all of them pass
    equivalent  all of them pass, and so do all cases of the task: no judge can tell it from the kernel; of our own kernels,
                what somebody has read and declared so, with the reason
    unreached   the task's own cases never come to its line, in code that the kernel shares with others
    unjudged    the interpreter cannot run it: it says nothing about the tests
    """

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    UNREACHED = "unreached"
    UNJUDGED = "unjudged"


class How(StrEnum):
    """How a mutant was noticed."""

    WRONG = "wrong"
    RAISED = "raised"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of one kernel. `file` is relative to the entry or to the project; `function` is the kernel's name."""

    file: str
    line: int
    column: int
    kind: Kind
    before: str
    after: str
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.kind}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Judged:
    """A mutant and its fate. `by` names the test or case that noticed it, `how` in which way; `detail` is for a reader."""

    mutant: Mutant
    fate: Fate
    by: str = ""
    how: How | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.fate is Fate.KILLED) is not (self.how is not None and bool(self.by)):
            raise ValueError(f"{self.mutant}: what was killed names by what and how, and nothing else does")


@dataclass(frozen=True)
class MutationResult:
    """What a set of tests or cases made of the mutants of one kernel.

    subject    the task, or the entry's folder
    tests      what judged: `cases of the task` or `tests of the entry`
    ran        how many tests or cases passed on the kernel as it is, and so could notice anything
    left_out   tests or cases that do not pass on the kernel as it is, by name
    identical  mutants that read as the kernel does, or as one before: never run
    seconds    how long all of it took
    wrongly_read  what was declared equivalent and is not, in sentences
    """

    subject: str
    tests: str
    ran: int
    left_out: tuple[str, ...]
    identical: int
    judged: tuple[Judged, ...]
    seconds: float
    wrongly_read: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Fate, int]:
        found = Counter(each.fate for each in self.judged)
        return {fate: found[fate] for fate in Fate}

    @property
    def survivors(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.judged if each.fate is Fate.SURVIVED)

    @property
    def share(self) -> float | None:
        """Killed, of those that were killed or survived; None where there are none."""
        counts = self.counts
        decided = counts[Fate.KILLED] + counts[Fate.SURVIVED]
        return counts[Fate.KILLED] / decided if decided else None

    def of_kind(self) -> dict[Kind, tuple[int, int]]:
        """By kind: how many were killed, of how many that were killed or survived."""
        table: dict[Kind, tuple[int, int]] = {}
        for kind in Kind:
            decided = [e for e in self.judged if e.mutant.kind is kind and e.fate in (Fate.KILLED, Fate.SURVIVED)]
            if decided:
                table[kind] = (sum(each.fate is Fate.KILLED for each in decided), len(decided))
        return table
