"""A draft of expectations from a run: what broke, grouped by what went wrong, as TOML for a person to finish.

A draft excuses nothing by itself. Its reasons are the results' own words: whoever enters it reads the kernel, says what
is wrong and who has to act, or mends the case.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from matrix.outcome import Outcome, Verdict
from reports.finding import Finding
from reports.grid import Grid

Point = tuple[str, str]  # dtype and sample
Row = tuple[str, str]  # operator and provider
REASON_LENGTH = 200


def draft_expectations(grid: Grid, profile: str) -> str:
    """`[[expect]]` tables for every broken cell of a profile; empty when nothing is broken."""
    findings = [finding for finding in grid.findings if finding.id.profile == profile]
    planned: dict[Row, set[Point]] = defaultdict(set)
    groups: dict[tuple[Outcome, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        planned[_row(finding)].add((finding.dtype, finding.sample))
        if finding.verdict is Verdict.BROKEN:
            groups[finding.result.outcome, _cause(finding)].append(finding)
    return "\n".join(_table(group, planned) for group in groups.values())


def _row(finding: Finding) -> Row:
    return finding.id.operator, finding.id.provider


def _cause(finding: Finding) -> str:
    """What went wrong, without the numbers and places that differ from cell to cell; a wrong value is its operator's own."""
    detail = finding.result.detail
    if finding.result.outcome is Outcome.WRONG and "illegal call" not in detail:
        return f"{finding.base} {re.sub(r'[0-9.e+-]+', '', detail)[:40]}"
    return re.sub(r"\d+", "", re.sub(r"\([^()]*:\d+\)", "", detail))[:80]


def _table(group: Sequence[Finding], planned: Mapping[Row, set[Point]]) -> str:
    patterns = [pattern for row, points in _points(group).items() for pattern in _patterns(row, points, planned[row])]
    first = group[0].result
    reason = " ".join(first.detail.split())[:REASON_LENGTH]
    listed = "\n".join(f"  {_quoted(pattern)}," for pattern in patterns)
    written = f"pattern = {_quoted(patterns[0])}" if len(patterns) == 1 else f"pattern = [\n{listed}\n]"
    owner = group[0].id.provider
    return f'[[expect]]\n{written}\noutcome = "{first.outcome}"\nreason = {_quoted(reason)}\nowner = {_quoted(owner)}\n'


def _points(group: Iterable[Finding]) -> dict[Row, set[Point]]:
    points: dict[Row, set[Point]] = defaultdict(set)
    for finding in group:
        points[_row(finding)].add((finding.dtype, finding.sample))
    return points


def _patterns(row: Row, broken: set[Point], planned: set[Point]) -> list[str]:
    """The fewest patterns of one row that name the broken cells and no cell that was planned and is not broken."""
    name = "/".join(row)
    if broken == planned:
        return [name]
    by_dtypes: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for sample in sorted({sample for _, sample in broken}):
        by_dtypes[tuple(sorted(dtype for dtype, other in broken if other == sample))].append(sample)
    return [f"{name}[{_parameters(dtypes, samples, planned)}]" for dtypes, samples in by_dtypes.items()]


def _parameters(dtypes: Sequence[str], samples: Sequence[str], planned: set[Point]) -> str:
    every_dtype = {dtype for dtype, sample in planned if sample in samples}
    meant = set(product(dtypes, samples)) & planned
    whole = {point for point in planned if point[1] in samples}
    sample = f"sample={'|'.join(samples)}"
    return sample if meant == whole or set(dtypes) == every_dtype else f"dtype={'|'.join(dtypes)},{sample}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(character if character.isprintable() else " " for character in escaped)}"'
