"""Where a merged matrix comes from: its bundles in words, and the cells on which its runs disagree.

Names and facts of a bundle are another company's words: a renderer escapes them as it does details.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from matrix.outcome import Evidence
from matrix.run import Header, Run
from reports.finding import Finding
from reports.grid import Grid
from reports.wording import clean, count, moment, one_line, verdict_counts

DIGEST_LENGTH = 12
MOST_VERSIONS = 4
DEVICES = "devices of "


@dataclass(frozen=True)
class Source:
    """A run that a grid was merged of: the bundle that carried it, its machine and stack in a line each, and when it began."""

    name: str
    digest: str
    machine: str
    stack: str
    started: str
    redacted: bool
    cells: int

    @property
    def machine_and_redaction(self) -> str:
        return f"{self.machine} (redacted)".strip() if self.redacted else self.machine

    def __str__(self) -> str:
        redacted = ", redacted" if self.redacted else ""
        facts = (f"{self.digest}{redacted}", count(self.cells, "cell"), moment(self.started), self.machine, self.stack)
        return f"{self.name} ({'; '.join(fact for fact in facts if fact)})"


def sources(grid: Grid) -> tuple[Source, ...]:
    """One for each run of a merged grid, in their order; a grid of this machine's own run has none."""
    return tuple(_source(run) for run in grid.runs) if grid.merged else ()


def conflicts(grid: Grid) -> tuple[Finding, ...]:
    """The cells on which runs disagree with the same evidence."""
    return tuple(finding for finding in grid.findings if finding.conflict)


def describe_conflict(grid: Grid, finding: Finding) -> str:
    """Who said what of a cell, oldest first: the last one counts."""
    said = [f"{voice.outcome} by {_who(grid.runs[voice.run])}" for voice in finding.voices]
    return f"{', then '.join(said)}"


def strongest(grid: Grid) -> dict[Evidence, list[Finding]]:
    """Each case of a profile once, by the strongest evidence that judged it, the strongest first."""
    best: dict[tuple[str, str], Finding] = {}
    for finding in grid.findings:
        key = finding.id.profile, finding.id.row
        known = best.get(key)
        if finding.judged and (known is None or finding.id.evidence.strength > known.id.evidence.strength):
            best[key] = finding
    found: dict[Evidence, list[Finding]] = {}
    for finding in sorted(best.values(), key=lambda item: -item.id.evidence.strength):
        found.setdefault(finding.id.evidence, []).append(finding)
    return found


def describe_strongest(grid: Grid) -> Iterator[str]:
    """Lines such as `run: 20 cases, ✗ 1 broken, ✓ 19 ok`."""
    for evidence, findings in strongest(grid).items():
        verdicts = verdict_counts(Counter(finding.verdict for finding in findings))
        yield f"{evidence}: {count(len(findings), 'case')}, {verdicts}"


def machine_in_words(header: Header) -> str:
    """Its devices, and else its processor: what a reader wants to know first."""
    facts = header.machine
    devices = Counter(
        name.strip()
        for key, names in facts.items()
        if key.startswith(DEVICES)
        for name in names.split(",")
        if name.strip()
    )
    listed = [f"{number} x {name}" if number > 1 else name for name, number in devices.items()]
    told = [facts.get("host", ""), *listed, facts.get("processor", "")]
    return one_line(", ".join(fact for fact in told if fact), 160)


def stack_in_words(header: Header) -> str:
    versions = [name if key == "stack" else f"{key} {name}" for key, name in header.stack.items()]
    return one_line(", ".join(versions[:MOST_VERSIONS]), 160)


@cache
def _moment(text: str) -> str:
    return moment(text)


def _source(run: Run) -> Source:
    origin, header = run.origin, run.header
    return Source(
        clean(origin.name) if origin else "this machine",
        origin.digest[:DIGEST_LENGTH] if origin else "",
        machine_in_words(header),
        stack_in_words(header),
        header.started,
        bool(origin and origin.redacted),
        len(run.results),
    )


def _who(run: Run) -> str:
    name = f"{clean(run.origin.name)} {run.origin.digest[:DIGEST_LENGTH]}" if run.origin else "this machine"
    return f"{name} ({_moment(run.header.started)})"
