"""What the grid is made of: a cell as a reader sees it, all cells of an operator on a profile, and a row of those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from shlex import quote

from backends.expectation import Expectation
from matrix.identity import CellId
from matrix.outcome import Evidence, Outcome, Verdict
from matrix.result import Result
from matrix.verdict import SEVERITY, worst


@dataclass(frozen=True)
class Voice:
    """What one run says of a cell: the run's place in the grid, and the outcome."""

    run: int
    outcome: Outcome


@dataclass(frozen=True)
class Finding:
    """One cell as a reader sees it: what it is, what every attempt found, what that means.

    result       what the record says of the cell;  attempts: all that say something, in order
    unstable     whether the attempts ended differently
    expectation  the live expectation that excuses or contradicts the result, if there is one
    vacuous      the declared reason why an impostor's answer is right for this operator
    profile_file the file of a profile that is not among the shipped ones, which a rerun must be given
    catalogues   files of operators of one's own that the run was given, and a rerun needs
    voices       the runs that carried it, the oldest first: the last one speaks
    own_rerun    the command that repeats it, where that is not `matrix rerun`
    """

    id: CellId
    base: str
    family: str
    call: str
    result: Result
    attempts: tuple[Result, ...]
    verdict: Verdict
    unstable: bool = False
    expectation: Expectation | None = None
    vacuous: str | None = None
    catalogues: tuple[str, ...] = ()
    own_rerun: str = ""
    profile_file: str = ""
    voices: tuple[Voice, ...] = ()

    @cached_property
    def text(self) -> str:
        return str(self.id)

    @property
    def dtype(self) -> str:
        return dict(self.id.parameters).get("dtype", "")

    @property
    def sample(self) -> str:
        return dict(self.id.parameters).get("sample", "")

    @property
    def judged(self) -> bool:
        """Whether the provider was put to the test: it answered for itself, and the suite did its part."""
        return self.result.outcome.judged and self.verdict is not Verdict.SUITE

    @property
    def seconds(self) -> float | None:
        """How long it took; a record of another machine may hold any number, and only a duration is passed on."""
        seconds = self.result.seconds
        return seconds if seconds is not None and 0 <= seconds < 1e9 else None

    @property
    def conflict(self) -> bool:
        """Whether runs disagree on it, with the same evidence."""
        return len({voice.outcome for voice in self.voices}) > 1

    @property
    def rerun(self) -> str:
        """The command that repeats this cell in the foreground."""
        return self.own_rerun or f"python -m matrix rerun {quote(self.text)}{self.rerun_options}"

    @property
    def rerun_options(self) -> str:
        """What a rerun must be given besides the cell: files that the project does not know by itself."""
        own = f" --profile {quote(self.profile_file)}" if self.profile_file else ""
        return own + "".join(f" --catalogue {quote(path)}" for path in self.catalogues)

    @property
    def impostors(self) -> tuple[str, ...]:
        """Wrong answers that would have passed as well."""
        return self.result.comparison.vacuous if self.result.comparison else ()


@dataclass(frozen=True)
class Square:
    """One operator in one column: all its cells there. An empty square has none."""

    findings: tuple[Finding, ...] = ()

    @cached_property
    def verdicts(self) -> Counter[Verdict]:
        return Counter(finding.verdict for finding in self.findings)

    @cached_property
    def worst(self) -> Verdict | None:
        return worst(self.verdicts) if self.findings else None

    @cached_property
    def evidence(self) -> Evidence | None:
        """The evidence that put the operator to the test here, if anything did; a column has one."""
        return next((finding.id.evidence for finding in self.findings if finding.judged), None)


@dataclass(frozen=True)
class Row:
    """One base name over all columns, one square for each in the grid's order."""

    base: str
    family: str
    squares: tuple[Square, ...]

    @cached_property
    def worst(self) -> Verdict:
        return worst(square.worst for square in self.squares if square.worst is not None)


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """Rows with the worst news first; within one verdict, the grid's own order."""
    return sorted(rows, key=lambda row: SEVERITY.index(row.worst))
