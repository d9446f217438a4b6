"""A run: what a directory of journals says, as one value. It judges nothing and reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from matrix.outcome import Outcome
from matrix.result import Result


@dataclass(frozen=True)
class Header:
    """What was run, where and with what.

    plan      digest of the plan;  cells: how many it has;  columns: what was asked of which profiles, `chip@run`
    machine   the host as observed, and `stack` the versions of what was run, both as plain facts
    started   ISO time of the first session;  arguments: the command line that selected the cells
    """

    plan: str = ""
    cells: int = 0
    columns: tuple[str, ...] = ()
    machine: Mapping[str, str] = field(default_factory=dict)
    stack: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """The bundle that carried a run here: its name, its SHA-256, and whether its machine was taken out of it."""

    name: str
    digest: str
    redacted: bool = False


@dataclass(frozen=True)
class Run:
    """A header and, for each cell id, the results of its attempts in order; `warnings` name what could not be read.

    origin  where it came from, if not from this machine's own folder
    """

    header: Header
    results: Mapping[str, tuple[Result, ...]]
    warnings: tuple[str, ...] = ()
    origin: Origin | None = None

    @classmethod
    def of(cls, results: tuple[Result, ...]) -> Run:
        """A run that consists of the attempts at one cell, or of none."""
        return cls(Header(), {results[0].cell: results} if results else {})

    def final(self, cell: str) -> Result | None:
        """What the record says of a cell: of attempts that disagree, the bad one, with the disagreement in its detail.

        An attempt that was not run (interrupted) says nothing once another one was.
        """
        attempts = self.attempts(cell)
        if not attempts:
            return None
        worst = max(attempts, key=_badness)
        if not self.unstable(cell):
            return worst
        story = ", ".join(f"attempt {result.attempt} {result.outcome}" for result in attempts)
        return replace(worst, detail=f"unstable ({story}): {worst.detail}")

    def unstable(self, cell: str) -> bool:
        """Whether attempts at a cell ended in different outcomes."""
        return len({result.outcome for result in self.attempts(cell)}) > 1

    def attempts(self, cell: str) -> tuple[Result, ...]:
        """The attempts that say something: all that were run, or the last word on why none was."""
        results = self.results.get(cell, ())
        carried = tuple(result for result in results if result.outcome is not Outcome.NOT_RUN)
        return carried or results[-1:]


def _badness(result: Result) -> tuple[int, int]:
    """What blames the provider outranks what excuses it, and that outranks a PASS; of equals the first counts."""
    ranks = {Outcome.PASS: 0, Outcome.UNSUPPORTED: 1, Outcome.NOT_RUN: 1, Outcome.INFRA: 1}
    return ranks.get(result.outcome, 2), -result.attempt
