"""What a grid comes to, in facts that every renderer shares: the headline, what broke, what is vacuous, which gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from matrix.outcome import Outcome, Verdict
from matrix.verdict import LOUD, exit_code
from reports.finding import Finding, Row, Square
from reports.grid import SUITE, Grid
from reports.wording import count, share


@dataclass(frozen=True)
class Gap:
    """Something the emulation cannot do: in how many cells, of how many that were tried, and one of them."""

    name: str
    cells: int
    tried: int
    example: Finding

    @property
    def share(self) -> str:
        return share(self.cells, self.tried)


@dataclass(frozen=True)
class Vacuity:
    """Whether the cases can fail at all: how many passed a comparison that some impostor would have passed too.

    declared    the operator says why that is right (a catalogue entry `vacuous`)
    undeclared  one impostor would pass every case of the operator that passed: a defect of its cases
    single      single cases (a 0-d or empty tensor, ...) of operators whose other cases tell the impostor
    """

    checked: int
    declared: tuple[Finding, ...]
    undeclared: tuple[Finding, ...]
    single: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        if not self.checked:
            return "no comparison was made"
        sharp = self.checked - len(self.declared) - len(self.undeclared) - len(self.single)
        text = f"{sharp} of {count(self.checked, 'comparison')} would have caught an output of zeros, ones or the input"
        if self.declared:
            text += f"; {len(self.declared)} would not, for a declared reason"
        if self.single:
            text += f"; {len(self.single)} would not, but other cases of the same operator would"
        if self.undeclared:
            text += f"; {len(self.undeclared)} would not, nor would any other of their operator: defects of the cases"
        return text


@dataclass(frozen=True)
class Summary:
    """A grid in a few lines."""

    grid: Grid
    strict: bool = False

    @cached_property
    def exit_code(self) -> int:
        return exit_code(self.grid.verdicts, len(self.grid.lapsed), strict=self.strict)

    @cached_property
    def planned(self) -> int:
        return len(self.grid.findings)

    @cached_property
    def judged(self) -> int:
        return sum(finding.judged for finding in self.grid.findings)

    @property
    def color(self) -> str:
        """green, red or gray, in one word."""
        if self.exit_code == 1:
            return "RED"
        return "GREEN" if self.judged else "GRAY"

    @cached_property
    def headline(self) -> str:
        """Is it green, and what of?"""
        broken = self.grid.verdicts[Verdict.BROKEN]
        if not self.planned:
            return "nothing was selected"
        if broken:
            operators = len({finding.base for finding in self.broken})
            return f"{count(broken, 'cell')} broken, in {operators} of {count(len(self.grid.rows), 'operator')}"
        if not self.judged:
            return f"nothing was judged: none of {count(self.planned, 'cell')} could be tried"
        if self.exit_code:
            return f"nothing broken, but {count(len(self.grid.lapsed), 'expectation')} stale, expired or unfinished (--strict)"
        return f"nothing broken in {count(self.judged, 'judged cell')} of {count(len(self.grid.rows), 'operator')}"

    @cached_property
    def evidence(self) -> str:
        """On what evidence: 300 interpret, 20 run."""
        number = Counter(finding.id.evidence for finding in self.grid.findings if finding.judged)
        order = sorted(number, key=lambda evidence: -evidence.strength)
        return ", ".join(f"{number[evidence]} {evidence}" for evidence in order) or "none"

    @cached_property
    def broken(self) -> tuple[Finding, ...]:
        return self._of(Verdict.BROKEN)

    @cached_property
    def suite(self) -> tuple[Finding, ...]:
        return self._of(Verdict.SUITE)

    @cached_property
    def fixed(self) -> tuple[Finding, ...]:
        return self._of(Verdict.FIXED)

    @cached_property
    def unstable(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.grid.findings if finding.unstable)

    @cached_property
    def unrun(self) -> dict[str, Counter[str]]:
        """Why cells were not run: reasons and their numbers per profile."""
        reasons: dict[str, Counter[str]] = {}
        for finding in self._of(Verdict.UNKNOWN):
            reasons.setdefault(finding.id.profile, Counter())[finding.result.detail] += 1
        return reasons

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Gaps of the emulation, the most frequent first; the share is of the cells of that evidence that were tried."""
        found: dict[str, list[Finding]] = {}
        for finding in self.grid.findings:
            if finding.result.gap is not None:
                found.setdefault(finding.result.gap, []).append(finding)
        gaps = [Gap(name, len(cells), self._tried(cells), cells[0]) for name, cells in found.items()]
        return tuple(sorted(gaps, key=lambda gap: -gap.cells))

    @cached_property
    def vacuity(self) -> Vacuity:
        passed = [finding for finding in self.grid.findings if finding.result.outcome is Outcome.PASS]
        passed = [finding for finding in passed if finding.family != SUITE]  # a suite's assertion tells no impostor
        fooled = [finding for finding in passed if finding.impostors]
        hollow = _hollow(passed)
        return Vacuity(
            sum(finding.result.comparison is not None for finding in passed),
            tuple(item for item in fooled if item.vacuous),
            tuple(item for item in fooled if not item.vacuous and item.id.operator in hollow),
            tuple(item for item in fooled if not item.vacuous and item.id.operator not in hollow),
        )

    def _of(self, verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.grid.findings if finding.verdict is verdict)

    def _tried(self, like: Iterable[Finding]) -> int:
        evidences = {finding.id.evidence for finding in like}
        quiet = (Outcome.NOT_RUN, Outcome.UNSUPPORTED)
        return sum(
            finding.id.evidence in evidences and finding.result.outcome not in quiet for finding in self.grid.findings
        )


def _hollow(passed: Iterable[Finding]) -> set[str]:
    """The operators whose every passing case some one impostor would have passed too."""
    common: dict[str, set[str]] = {}
    for finding in passed:
        if finding.result.comparison is not None and finding.result.comparison.total:
            name = finding.id.operator
            common[name] = common.get(name, set(finding.impostors)) & set(finding.impostors)
    return {name for name, impostors in common.items() if impostors}


def next_steps(summary: Summary) -> list[str]:
    """What to do now, most urgent first."""
    steps = []
    if summary.broken:
        steps.append(f"repeat the first broken cell in the foreground:  {summary.broken[0].rerun}")
        steps.append("a real bug of the provider? enter it in backends/expectations/ with a reason and an issue")
    elif summary.suite and not summary.judged:
        steps.append(f"see why the suite could not judge:  {summary.suite[0].rerun}")
    if summary.grid.lapsed:
        steps.append("remove, renew or finish the expectations named above, in backends/expectations/")
    if summary.vacuity.undeclared:
        steps.append("sharpen the vacuous cases, or say in the catalogue why they are right (vacuous = ...)")
    return steps


@dataclass(frozen=True)
class Group:
    """Cells of one operator on one profile that failed in the same way: told once, by their first."""

    first: Finding
    cells: tuple[Finding, ...]


def group_alike(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Group by profile, base name, evidence and outcome, in the order of the findings."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.id.profile, finding.base, finding.id.evidence, finding.result.outcome)
        groups.setdefault(key, []).append(finding)
    return tuple(Group(cells[0], tuple(cells)) for cells in groups.values())


def compress(rows: Sequence[Row], most: int) -> list[tuple[str, tuple[Square, ...]]]:
    """Rows to print: the loud ones each, the quiet ones each where they are few and otherwise summed up per family.

    most    so many quiet rows are few
    """
    loud = [(row.base, row.squares) for row in rows if row.worst in LOUD]
    quiet = [row for row in rows if row.worst not in LOUD]
    if len(quiet) <= most:
        return loud + [(row.base, row.squares) for row in quiet]
    families: dict[tuple[Verdict, str], list[Row]] = {}
    for row in quiet:
        families.setdefault((row.worst, row.family), []).append(row)
    ordered = sorted(families.items(), key=lambda item: item[0][0] is not Verdict.OK)
    return loud + [_sum_up(family, verdict, members) for (verdict, family), members in ordered]


def _sum_up(family: str, verdict: Verdict, rows: Sequence[Row]) -> tuple[str, tuple[Square, ...]]:
    if len(rows) == 1:
        return f"{family}: {rows[0].base}", rows[0].squares
    columns = zip(*(row.squares for row in rows), strict=True)
    squares = tuple(Square(tuple(finding for square in column for finding in square.findings)) for column in columns)
    return f"{family}: {len(rows)} operators {verdict}", squares
