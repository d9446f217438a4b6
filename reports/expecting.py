"""A draft of expectations from a run: what broke, grouped by what went wrong, as TOML for a person to finish.

A draft's reasons are the results' own words behind a mark that a strict run refuses: whoever finishes it reads the
kernel, says what is wrong and who has to act, or mends the case.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from backends.expectation import DRAFT
from matrix.identity import CellId
from matrix.outcome import Outcome, Verdict
from reports.finding import Finding
from reports.grid import Grid

Point = tuple[str, str]  # dtype and sample
Row = tuple[str, str, str]  # operator, provider and evidence
REASON_LENGTH = 200


@dataclass(frozen=True)
class Draft:
    """One drafted expectation, and how many cells it is about."""

    patterns: tuple[str, ...]
    outcome: Outcome
    reason: str
    owner: str
    cells: int

    def __str__(self) -> str:
        """The `[[expect]]` table."""
        listed = "\n".join(f"  {_quoted(pattern)}," for pattern in self.patterns)
        several = len(self.patterns) > 1
        written = f"pattern = [\n{listed}\n]" if several else f"pattern = {_quoted(self.patterns[0])}"
        facts = f'outcome = "{self.outcome}"\nreason = {_quoted(self.reason)}\nowner = {_quoted(self.owner)}\n'
        return f"[[expect]]\n{written}\n{facts}"


def draft_expectations(grid: Grid, profile: str) -> str:
    """`[[expect]]` tables for every broken cell of a profile; empty when nothing is broken."""
    findings = [finding for finding in grid.findings if finding.id.profile == profile]
    return "\n".join(map(str, draft_entries(findings, [finding.id for finding in findings])))


def draft_entries(
    findings: Iterable[Finding], planned: Iterable[CellId], taken: Collection[tuple[str, str]] = ()
) -> list[Draft]:
    """An expectation for each way in which cells of one profile broke.

    planned  every cell that a pattern might name: none that is not broken is named
    taken    patterns with their outcomes that stand in the file already, and may not be repeated
    """
    points: dict[Row, set[Point]] = defaultdict(set)
    for identity in planned:
        points[_row(identity)].add(_point(identity))
    groups: dict[tuple[Outcome, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.BROKEN:
            groups[finding.result.outcome, _cause(finding)].append(finding)
    return [_draft(group, points, taken) for group in groups.values()]


def distinct(pattern: str, outcome: str, taken: Collection[tuple[str, str]]) -> str:
    """A pattern of the same cells that does not stand there yet with that outcome."""
    while (pattern, outcome) in taken:
        head, bracket, rest = pattern.partition("]")
        head, at, evidence = (head, "", "") if bracket else pattern.partition("@")
        pattern = f"{head},*]{rest}" if bracket else f"{head}[*]{at}{evidence}"
    return pattern


def _row(identity: CellId) -> Row:
    return identity.operator, identity.provider, identity.evidence


def _point(identity: CellId) -> Point:
    parameters = dict(identity.parameters)
    return parameters.get("dtype", ""), parameters.get("sample", "")


def _cause(finding: Finding) -> str:
    """What went wrong, without the numbers and places that differ from cell to cell; a wrong value is its operator's own."""
    detail = finding.result.detail
    if finding.result.outcome is Outcome.WRONG and "illegal call" not in detail:
        return f"{finding.base} {re.sub(r'[0-9.e+-]+', '', detail)[:40]}"
    return re.sub(r"\d+", "", re.sub(r"\([^()]*:\d+\)", "", detail))[:80]


def _draft(group: Sequence[Finding], planned: Mapping[Row, set[Point]], taken: Collection[tuple[str, str]]) -> Draft:
    broken: dict[Row, set[Point]] = defaultdict(set)
    for finding in group:
        broken[_row(finding.id)].add(_point(finding.id))
    patterns = [pattern for row, points in broken.items() for pattern in _patterns(row, points, planned[row])]
    first = group[0].result
    reason = f"{DRAFT} {' '.join(first.detail.split())[:REASON_LENGTH]}"
    named = tuple(distinct(pattern, first.outcome, taken) for pattern in patterns)
    return Draft(named, first.outcome, reason, group[0].id.provider, len(group))


def _patterns(row: Row, broken: set[Point], planned: set[Point]) -> list[str]:
    """The fewest patterns of one row that name the broken cells and no cell that was planned and is not broken."""
    operator, provider, evidence = row
    name = f"{operator}/{provider}"
    if broken == planned:
        return [f"{name}@{evidence}"]
    by_dtypes: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for sample in sorted({sample for _, sample in broken}):
        by_dtypes[tuple(sorted(dtype for dtype, other in broken if other == sample))].append(sample)
    return [f"{name}[{_parameters(dtypes, samples, planned)}]@{evidence}" for dtypes, samples in by_dtypes.items()]


def _parameters(dtypes: Sequence[str], samples: Sequence[str], planned: set[Point]) -> str:
    every_dtype = {dtype for dtype, sample in planned if sample in samples}
    meant = set(product(dtypes, samples)) & planned
    whole = {point for point in planned if point[1] in samples}
    sample = f"sample={'|'.join(samples)}"
    return sample if meant == whole or set(dtypes) == every_dtype else f"dtype={'|'.join(dtypes)},{sample}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(character if character.isprintable() else " " for character in escaped)}"'
