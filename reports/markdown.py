"""matrix.md: the report for a CI job's summary, and for reading in an editor.

A summary may hold 1 MiB, so everything is bounded. Texts of a record (details, reasons, names of gaps) are untrusted:
they stand in code spans, where neither HTML nor Markdown nor a mention means anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from matrix.outcome import Outcome, Verdict
from matrix.verdict import SEVERITY
from reports.finding import Finding, Square, worst_first
from reports.grid import Grid
from reports.measured import square_measure
from reports.sources import conflicts, describe_conflict, describe_strongest, sources
from reports.speed import describe_timing, speeds, square_speed, timing_of
from reports.summary import Summary, compress, group_alike
from reports.tabular import tabulate
from reports.wording import EVIDENCE, SYMBOLS, VERDICTS, count, duration, moment, one_line, verdict_counts

MOST_OK_ROWS = 24
MOST_ROWS = 300
MOST_GROUPS = 60
MOST_NAMES = 40
LIMIT = 1_000_000
MARKS = {"GREEN": "✅", "RED": "❌", "GRAY": "⚪"}
_SPECIAL = re.compile(r"[\\`*{}\[\]<>&|~#@!$]|(?<=:)/|(?<=www)\.")


def render_markdown(grid: Grid, *, strict: bool = False) -> str:
    """The whole file."""
    summary = Summary(grid, strict)
    sections = [
        _head(summary),
        _sources(grid),
        _conflicts(grid),
        _totals(grid),
        _unrun(summary),
        _matrix(grid),
        _speed(grid),
        _problems("What broke", summary.broken),
        _problems("Fault of the suite", [finding for finding in summary.suite if finding.result.gap is None]),
        _gaps(summary),
        _names("Unstable: attempts disagree", summary.unstable),
        _names("Passed though expected to fail", summary.fixed),
        _lapsed(grid),
        _vacuity(summary),
        _no_cases(grid),
        _legend(grid),
    ]
    return _within("\n\n".join(section for section in sections if section) + "\n")


def code(text: str, limit: int = 400) -> str:
    """An untrusted text as a code span on one line, which ends where the text ends."""
    inside = one_line(text, limit)
    fence = "`" * (max((len(run) for run in re.findall("`+", inside)), default=0) + 1)
    # A pipe would end the cell of a table even within a code span, and this character looks the same.
    gap = " " if "`" in inside else ""
    return f"{fence}{gap}{inside.replace('|', '¦')}{gap}{fence}" if inside else ""


def plain(text: str, limit: int = 200) -> str:
    """An untrusted text as text: every character that Markdown or HTML could act upon becomes an entity."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", one_line(text, limit)).replace("_", "\\_")


def _within(text: str) -> str:
    if len(text.encode()) <= LIMIT:
        return text
    cut = text.encode()[: LIMIT - 100].decode("utf-8", "ignore")
    return cut[: cut.rfind("\n")] + "\n\n… the rest is in matrix.json and matrix.html\n"


def _head(summary: Summary) -> str:
    grid, latest = summary.grid, summary.grid.latest
    facts = [count(len(grid.rows), "operator"), count(len(grid.profiles), "profile"), count(summary.planned, "cell")]
    if grid.about.tier:
        facts.append(f"{plain(grid.about.tier)} tier")
    if grid.about.seconds is not None:
        facts.append(duration(grid.about.seconds))
    lines = [
        f"# {MARKS[summary.color]} {summary.color}: {summary.headline}",
        " · ".join(facts),
        f"**Verdicts:** {verdict_counts(grid.verdicts) or 'none'}  \n**Evidence:** {summary.evidence} (cells judged)",
    ]
    if latest is not None:
        stack = ", ".join(f"{plain(name)} {plain(version)}" for name, version in latest.header.stack.items())
        started = f"Started {plain(moment(latest.header.started))}, plan {plain(latest.header.plan, 12)}"
        lines.append(f"{started}, with {stack}" if stack else started)
    return "\n\n".join(lines)


def _sources(grid: Grid) -> str:
    """The bundles that a merged matrix comes from, and what it comes to where each case counts once."""
    found = sources(grid)
    if not found:
        return ""
    lines = ["## Where this comes from", ""]
    for item in found[:MOST_NAMES]:
        redacted = "redacted" if item.redacted else "not redacted"
        facts = [code(item.name), code(item.digest), redacted, count(item.cells, "cell")]
        facts += [code(fact) for fact in (moment(item.started), item.machine, item.stack) if fact]
        lines.append(f"- {', '.join(facts)}")
    lines += _more(len(found) - MOST_NAMES, "bundle")
    best = [f"- {line}" for line in describe_strongest(grid)]
    lines += ["", "Each case by its strongest evidence:", "", *best] if best else []
    if grid.notices:
        lines += ["", "What does not fit together:", "", *(f"- {code(notice)}" for notice in grid.notices[:MOST_NAMES])]
        lines += _more(len(grid.notices) - MOST_NAMES, "notice")
    return "\n".join(lines)


def _conflicts(grid: Grid) -> str:
    found = conflicts(grid)
    if not found:
        return ""
    lines = [
        f"## Conflicts: {count(len(found), 'cell')}",
        "",
        "Runs disagree, with the same evidence. The newest counts.",
        "",
    ]
    lines += [f"- {code(item.text, 1000)} {code(describe_conflict(grid, item))}" for item in found[:MOST_NAMES]]
    return "\n".join([*lines, *_more(len(found) - MOST_NAMES, "cell")])


def _totals(grid: Grid) -> str:
    totals = grid.totals
    outcomes = [outcome for outcome in Outcome if any(found[outcome] for found in totals.values())]
    rows = [
        [plain(profile), str(evidence), sum(found.values()), *(found[outcome] or "" for outcome in outcomes)]
        for (profile, evidence), found in totals.items()
    ]
    return "## Outcomes\n\n" + _table(["profile", "evidence", "cells", *outcomes], rows, numbers=2) if rows else ""


def _unrun(summary: Summary) -> str:
    lines = []
    for profile, reasons in summary.unrun.items():
        for reason, number in reasons.most_common(3):
            lines.append(f"- ? **{plain(profile)}** {count(number, 'cell')}: {code(reason)}")
    return (
        "\n".join(["## Not run", "", *lines[:MOST_NAMES], *_more(len(lines) - MOST_NAMES, "reason")]) if lines else ""
    )


def _table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: int | None = None) -> str:
    """A table; columns from `numbers` on hold numbers."""
    right = len(headers) if numbers is None else numbers
    alignment = ["left" if place < right else "right" for place in range(len(headers))]
    return str(tabulate(rows, headers=headers, tablefmt="github", colalign=alignment, disable_numparse=True))


def _matrix(grid: Grid) -> str:
    shown = [
        place
        for place in range(len(grid.columns))
        if any(row.squares[place].worst not in (None, Verdict.UNKNOWN) for row in grid.rows)
    ]
    if not shown:
        return ""
    rows = compress(worst_first(grid.rows), MOST_OK_ROWS)
    names = [plain(str(grid.columns[place])) for place in shown]
    body = [[plain(label), *(_square(squares[place]) for place in shown)] for label, squares in rows[:MOST_ROWS]]
    lines = [
        "## Operators",
        "Cells per operator and column (a profile and the evidence asked of it); the worst first.",
        "",
    ]
    lines.append(_table(["operator", *names], body))
    return "\n".join([*lines, *_more(len(rows) - MOST_ROWS, "row")])


def _square(square: Square) -> str:
    if square.worst is None:
        return ""
    number, total = square.verdicts[square.worst], len(square.findings)
    numbers = str(total) if number == total else f"{number}/{total}"
    text = f"{SYMBOLS[square.worst]} {numbers} {square.worst}{square_speed(square)}{square_measure(square)}"
    return f"**{text}**" if square.worst is Verdict.BROKEN else text


def _speed(grid: Grid) -> str:
    found = speeds(grid)
    if not found:
        return ""
    lines = ["## Speed", "", "Against the native operator on the same device, interleaved.", ""]
    lines += [f"- **{plain(str(speed.column))}** {plain(str(speed))}" for speed in found]
    rows = [
        [plain(str(speed.column)), code(item.id.operator), item.dtype, code(describe_timing(timing_of(item))[0])]
        for speed in found
        for item in [*speed.slower[:MOST_NAMES], *speed.faster[-MOST_NAMES:]]
    ]
    table = _table(["column", "operator", "dtype", "speed"], rows) if rows else ""
    return "\n".join([*lines, "", table]).rstrip()


def _problems(title: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    groups = group_alike(findings)
    lines = [f"## {title}: {count(len(findings), 'cell')}", ""]
    for group in groups[:MOST_GROUPS]:
        lines += _problem(group.first, len(group.cells))
    return "\n".join([*lines, *_more(len(groups) - MOST_GROUPS, "group of cells", "groups of cells")])


def _problem(finding: Finding, alike: int) -> list[str]:
    identity, result = finding.id, finding.result
    more = f" and {count(alike - 1, 'cell')} alike" if alike > 1 else ""
    where = f"{identity.operator}/{identity.provider} {finding.dtype} {finding.sample}"
    on = f"on {plain(identity.profile)}, {identity.evidence}"
    lines = [f"- {SYMBOLS[finding.verdict]} **{result.outcome}** {code(where)} {on}{more}, in phase {result.phase}:"]
    lines.append(f"  {code(result.detail)}")
    if finding.expectation is not None:
        lines.append(
            f"  <br>its expectation says {plain(finding.expectation.outcome)}: {code(finding.expectation.reason)}"
        )
    return [*lines, f"  <br>{code(finding.rerun, 1000)}"]


def _gaps(summary: Summary) -> str:
    if not summary.gaps:
        return ""
    shown = summary.gaps[:MOST_NAMES]
    rows = [[code(gap.name, 80), code(gap.example.base), gap.cells, gap.share] for gap in shown]
    table = _table(["gap", "seen first in", "cells", "of those tried"], rows, numbers=2)
    lines = ["## Gaps of the emulation", "No fault of an operator: the emulation cannot do this yet.", "", table]
    return "\n".join([*lines, *_more(len(summary.gaps) - MOST_NAMES, "gap")])


def _names(title: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    lines = [f"## {title}: {count(len(findings), 'cell')}", ""]
    for finding in findings[:MOST_NAMES]:
        attempts = " then ".join(result.outcome for result in finding.attempts) if len(finding.attempts) > 1 else ""
        lines.append(f"- {code(finding.text, 1000)} {attempts}".rstrip())
    return "\n".join([*lines, *_more(len(findings) - MOST_NAMES, "cell")])


def _lapsed(grid: Grid) -> str:
    if not grid.lapsed:
        return ""
    lines = [f"## Expectations to look at: {len(grid.lapsed)}", ""]
    for item in grid.lapsed[:MOST_NAMES]:
        pattern = code(item.expectation.pattern)
        lines.append(f"- **{item.kind}** on {plain(item.profile)}: {pattern} {plain(item.why)}")
    return "\n".join([*lines, *_more(len(grid.lapsed) - MOST_NAMES, "expectation")])


def _vacuity(summary: Summary) -> str:
    vacuity = summary.vacuity
    lines = ["## Vacuity", f"{vacuity}.", ""]
    lines += [
        f"- {code(finding.text, 1000)} {code(', '.join(finding.impostors))} would pass"
        for finding in vacuity.undeclared[:MOST_NAMES]
    ]
    return "\n".join([*lines, *_more(len(vacuity.undeclared) - MOST_NAMES, "cell")]).rstrip()


def _no_cases(grid: Grid) -> str:
    if not grid.no_cases:
        return ""
    lines = [f"## Without cases: {count(len(grid.no_cases), 'operator')}", ""]
    lines += [f"- {code(name)}: {code(reason)}" for name, reason in list(grid.no_cases.items())[:MOST_NAMES]]
    return "\n".join([*lines, *_more(len(grid.no_cases) - MOST_NAMES, "operator")])


def _legend(grid: Grid) -> str:
    verdicts = [
        f"{SYMBOLS[verdict]} **{verdict}** {VERDICTS[verdict]}" for verdict in SEVERITY if grid.verdicts[verdict]
    ]
    evidences = dict.fromkeys(evidence for _, evidence in grid.totals)
    meanings = [f"**{evidence}** {EVIDENCE[evidence]}" for evidence in evidences]
    return "## Legend\n\n" + "\n".join(f"- {line}" for line in [*verdicts, *meanings])


def _more(number: int, singular: str, plural: str | None = None) -> Iterable[str]:
    if number <= 0:
        return []
    return ["", f"… and {number} more {singular if number == 1 else plural or singular + 's'}, in matrix.html"]
