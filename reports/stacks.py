"""Which versions work together: the runs of an axis of stacks, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backends.stack import Axis
from matrix.outcome import Outcome, Verdict
from reports.finding import Finding
from reports.grid import Grid
from reports.wording import count, one_line

REASON_LIMIT = 160


@dataclass(frozen=True)
class Reason:
    """Why cells of a stack failed, or could not be judged, in how many of them, and one of them."""

    text: str
    cells: int
    example: str


@dataclass(frozen=True)
class Tried:
    """A stack and what became of it.

    passed, failed, unjudged  cells;  known: how many of those that failed are expected to, on the default stack
    reasons                   of what is not expected, the most frequent first
    problem                   why there is no run
    """

    packages: Mapping[str, str]
    passed: int = 0
    failed: int = 0
    unjudged: int = 0
    known: int = 0
    reasons: tuple[Reason, ...] = ()
    problem: str = ""

    def __hash__(self) -> int:
        return hash(tuple(self.packages.items()))

    @property
    def cell(self) -> str:
        return self.problem or f"{self.passed} / {self.failed} / {self.unjudged}"


def tried(packages: Mapping[str, str], grid: Grid) -> Tried:
    """What a run says of its stack."""
    findings = grid.findings
    failed = [finding for finding in findings if finding.judged and finding.result.outcome is not Outcome.PASS]
    known = [finding for finding in failed if finding.verdict is Verdict.KNOWN]
    news = [item for item in findings if item.verdict in {Verdict.BROKEN, Verdict.SUITE, Verdict.UNKNOWN}]
    return Tried(
        packages,
        passed=sum(finding.judged and finding.result.outcome is Outcome.PASS for finding in findings),
        failed=len(failed),
        unjudged=sum(not finding.judged for finding in findings),
        known=len(known),
        reasons=tuple(_reasons(news)),
    )


def _reasons(findings: Sequence[Finding]) -> Iterator[Reason]:
    """Reasons that differ in numbers and places only are one."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(re.sub(r"\d+", "", _without_place(finding)), []).append(finding)
    for members in sorted(found.values(), key=lambda members: -len(members)):
        text = one_line(_without_place(members[0]), REASON_LIMIT)
        yield Reason(f"{members[0].result.outcome}: {text}", len(members), members[0].text)


def _without_place(finding: Finding) -> str:
    """What was found, without the file and line that the sentence ends in."""
    return re.sub(r" \([^()]*:\d+\)$", "", finding.result.detail.partition("\n")[0])


def render_axis(axis: Axis, results: Sequence[Tried]) -> str:
    """A table in Markdown of the first package by the second, and below it what is the matter with each stack."""
    rows, columns = axis.versions
    lines = [f"## {axis.title}", "", "Cells that passed / failed / were not judged.", ""]
    lines += [f"| {rows} | " + " | ".join(f"{columns} {version}" for version in axis.versions[columns]) + " |"]
    lines += ["|---|" + "---|" * len(axis.versions[columns])]
    for version in axis.versions[rows]:
        cells = [item.cell for item in results if item.packages[rows] == version]
        lines.append(f"| {version} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| stack | failed as is known | failed beside that, or not judged: how many, and why first |",
        "|---|---|---|",
    ]
    lines += [f"| {axis.name_of(item.packages)} | {item.known} | {_told(item)} |" for item in results]
    return "\n".join(lines) + "\n"


def _told(item: Tried) -> str:
    if item.problem:
        return item.problem
    if not item.reasons:
        return "nothing"
    first = item.reasons[0]
    others = sum(reason.cells for reason in item.reasons[1:])
    more = f"; and {count(others, 'cell')} for other reasons" if others else ""
    return f"{count(first.cells, 'cell')}: {first.text.replace('|', '/')}{more}"
