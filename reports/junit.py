"""junit.xml: for CI systems. A testsuite per profile, a testcase per cell.

broken is a failure, suite an error; known, n/a and unknown are skipped with their reason; ok and fixed pass.
XML cannot hold control characters at all, not even escaped, so they are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from matrix.outcome import Verdict
from reports.finding import Finding
from reports.grid import Grid
from reports.wording import clean, one_line, shorten, tail

ELEMENTS: dict[Verdict, str] = {
    Verdict.BROKEN: "failure",
    Verdict.SUITE: "error",
    Verdict.KNOWN: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.UNKNOWN: "skipped",
}
MESSAGE_LIMIT = 400
TEXT_LIMIT = 4000


def write_junit(grid: Grid, stream: TextIO) -> None:
    """Write the file, testcase after testcase."""
    started = grid.latest.header.started if grid.latest else ""
    stream.write('<?xml version="1.0" encoding="utf-8"?>\n')
    stream.write(f"<testsuites {_counts(grid.findings)}>\n")
    for profile in grid.profiles:
        findings = [finding for finding in grid.findings if finding.id.profile == profile.name]
        timestamp = f" timestamp={_attribute(started)}" if started else ""
        stream.write(f"<testsuite name={_attribute(profile.name)}{timestamp} {_counts(findings)}>\n")
        for finding in findings:
            stream.writelines(f"{line}\n" for line in _testcase(finding))
        stream.write("</testsuite>\n")
    stream.write("</testsuites>\n")


def _testcase(finding: Finding) -> Iterator[str]:
    identity, result = finding.id, finding.result
    name = f"{identity.row}@{identity.evidence}"
    head = f"<testcase classname={_attribute(identity.operator)} name={_attribute(name)} time={_attribute(_seconds(finding))}"
    element = ELEMENTS.get(finding.verdict)
    if element is None:
        yield f"{head}/>"
        return
    message = _attribute(f"{finding.verdict}: {one_line(result.detail, MESSAGE_LIMIT)}")
    kind = "" if element == "skipped" else f" type={_attribute(result.outcome.value)}"
    yield f"{head}>"
    yield f"<{element} message={message}{kind}>{_text(_story(finding))}</{element}>"
    if result.output and element != "skipped":
        yield f"<system-out>{_text(tail(result.output, TEXT_LIMIT))}</system-out>"
    yield "</testcase>"


def _story(finding: Finding) -> str:
    """What a person reads who opens the failure."""
    result = finding.result
    lines = [f"{result.outcome} in phase {result.phase}: {shorten(result.detail, TEXT_LIMIT)}"]
    if finding.expectation is not None:
        lines.append(f"expected {finding.expectation.outcome}: {finding.expectation.reason}")
    if result.gap is not None:
        lines.append(f"gap of the emulation: {result.gap}")
    if result.traceback:
        lines.append(tail(result.traceback, TEXT_LIMIT))
    return "\n".join([*lines, f"again: {finding.rerun}"])


def _counts(findings: Sequence[Finding]) -> str:
    elements = [ELEMENTS.get(finding.verdict) for finding in findings]
    seconds = sum(finding.seconds or 0.0 for finding in findings)
    return (
        f'tests="{len(elements)}" failures="{elements.count("failure")}" errors="{elements.count("error")}" '
        f'skipped="{elements.count("skipped")}" time="{seconds:.3f}"'
    )


def _seconds(finding: Finding) -> str:
    return f"{finding.seconds or 0.0:.3f}"


def _attribute(text: str) -> str:
    return quoteattr(clean(text), {"\n": "&#10;"})


def _text(text: str) -> str:
    return escape(clean(text))
