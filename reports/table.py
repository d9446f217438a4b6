"""The terminal's table: it ends a run, and says at a glance whether it is green, what broke, on what evidence, what next.

Status is a symbol and a word; colour only repeats it. Everything is bounded: the whole story is in the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from matrix.outcome import Evidence, Outcome, Verdict
from matrix.verdict import SEVERITY
from reports.finding import Finding, Square, worst_first
from reports.grid import Grid
from reports.measured import square_measure
from reports.sources import conflicts, describe_conflict, describe_strongest, sources
from reports.speed import describe_timing, speeds, square_speed, timing_of
from reports.summary import Summary, compress, group_alike, next_steps
from reports.tabular import tabulate
from reports.terminal import Terminal, glue, plain, unglue
from reports.wording import EVIDENCE, SYMBOLS, VERDICTS, clean, count, duration, one_line, verdict_counts

__all__ = ["Terminal", "render_table"]

# All-ok rows beyond this many are summed up per family.
MOST_OK_ROWS = 16
MOST_ROWS = 60
MOST_GROUPS = 12
MOST_NAMES = 8
# What tabulate adds to a header before it makes a column as wide.
HEADER_PADDING = 2


def render_table(
    grid: Grid, terminal: Terminal | None = None, *, files: Sequence[Path] = (), strict: bool = False
) -> str:
    """The whole text, without a final newline."""
    terminal = terminal or Terminal()
    summary = Summary(grid, strict)
    sections = [
        _title(summary, terminal),
        _sources(grid, terminal),
        _conflicts(grid, terminal),
        _legend(summary, terminal),
        _totals(summary, terminal),
        _unrun(summary, terminal),
        _matrix(grid, terminal),
        _speed(grid, terminal),
        _problems("What broke", summary.broken, terminal),
        _problems("Fault of the suite", [item for item in summary.suite if item.result.gap is None], terminal),
        _gaps(summary, terminal),
        _names("Unstable: attempts disagree", summary.unstable, terminal),
        _names("Passed though expected to fail", summary.fixed, terminal),
        _lapsed(grid, terminal),
        _vacuity(summary, terminal),
        _no_cases(grid, terminal),
        _files(files, terminal),
        _end(summary, terminal),
    ]
    text = "\n\n".join("\n".join(lines) for lines in sections if lines)
    return text if terminal.unicode else plain(text)


def _title(summary: Summary, terminal: Terminal) -> list[str]:
    grid = summary.grid
    parts = [count(len(grid.rows), "operator"), count(len(grid.profiles), "profile"), count(summary.planned, "cell")]
    if grid.about.tier:
        parts.append(f"{one_line(grid.about.tier, 20)} tier")
    if grid.about.seconds is not None:
        parts.append(duration(grid.about.seconds))
    return [terminal.bold("Compatibility matrix") + "  " + " · ".join(parts)]


def _legend(summary: Summary, terminal: Terminal) -> list[str]:
    lines = []
    for verdict in SEVERITY:
        if summary.grid.verdicts[verdict]:
            mark = terminal.paint(f"{SYMBOLS[verdict]} {verdict:<8}", verdict)
            lines.append(f"  {mark}  {VERDICTS[verdict]}")
    for evidence in dict.fromkeys(evidence for _, evidence in summary.grid.totals):
        lines += terminal.wrap(f"@{evidence:<10} {EVIDENCE[evidence]}", hang=" " * 14)
    return lines


def _sources(grid: Grid, terminal: Terminal) -> list[str]:
    found = sources(grid)
    lines = [line for item in found[:MOST_GROUPS] for line in terminal.wrap(one_line(str(item), 400), hang="      ")]
    lines += [f"  … and {count(len(found) - MOST_GROUPS, 'more bundle')}"] if len(found) > MOST_GROUPS else []
    for notice in grid.notices[:MOST_GROUPS]:
        lines += terminal.wrap(f"! {one_line(notice, 400)}", hang="      ")
    more = len(grid.notices) - MOST_GROUPS
    lines += [f"  … and {count(more, 'more notice')}"] if more > 0 else []
    return [terminal.bold("Where this comes from"), *lines] if lines else []


def _conflicts(grid: Grid, terminal: Terminal) -> list[str]:
    found = conflicts(grid)
    if not found:
        return []
    title = terminal.bold(f"Conflicts: {count(len(found), 'cell')}")
    lines = [f"{title}  runs disagree, with the same evidence; the newest counts"]
    for item in found[:MOST_NAMES]:
        lines += [f"  {item.text}", *terminal.wrap(one_line(describe_conflict(grid, item), 400), "      ")]
    more = len(found) - MOST_NAMES
    return [*lines, f"  … and {more} more"] if more > 0 else lines


def _totals(summary: Summary, terminal: Terminal) -> list[str]:
    totals = summary.grid.totals
    outcomes = [outcome for outcome in Outcome if any(found[outcome] for found in totals.values())]
    if not totals:
        return []
    rows = [
        [profile, str(evidence), sum(found.values()), *(found[outcome] or "·" for outcome in outcomes)]
        for (profile, evidence), found in totals.items()
    ]
    headers = ["profile", "evidence", "cells", *outcomes]
    alignment = ("left", "left", *["right"] * (len(headers) - 2))
    table = tabulate(rows, headers=headers, tablefmt="simple", colalign=alignment, disable_numparse=True)
    if max(map(len, table.splitlines())) > terminal.width - 2:
        table = _narrow_totals(totals, terminal)
    return [terminal.bold("Outcomes"), *_indented(table)]


def _narrow_totals(totals: dict[tuple[str, Evidence], Counter[Outcome]], terminal: Terminal) -> str:
    rows = []
    for (profile, evidence), found in totals.items():
        text = ", ".join(f"{found[outcome]} {outcome}" for outcome in Outcome if found[outcome])
        rows.append([profile, str(evidence), sum(found.values()), glue(text)])
    widths = [20, 9, None, max(terminal.width - 48, 20)]
    return unglue(tabulate(rows, headers=["profile", "evidence", "cells", "outcomes"], maxcolwidths=widths))


def _unrun(summary: Summary, terminal: Terminal) -> list[str]:
    alike: dict[str, list[str]] = {}
    for profile, reasons in summary.unrun.items():
        for reason, number in reasons.most_common(2):
            alike.setdefault(one_line(reason, 240), []).append(f"{profile} ({count(number, 'cell')})")
    lines = [
        line
        for reason, places in alike.items()
        for line in terminal.wrap(f"? {', '.join(places)}: {reason}", hang="      ")
    ]
    return [terminal.bold("Not run"), *lines[:40]] if lines else []


def _matrix(grid: Grid, terminal: Terminal) -> list[str]:
    # A column that has nothing to say about any operator has said so above.
    shown = [
        place
        for place in range(len(grid.columns))
        if any(row.squares[place].worst not in (None, Verdict.UNKNOWN) for row in grid.rows)
    ]
    if not shown:
        return []
    rows = compress(worst_first(grid.rows), MOST_OK_ROWS)
    left_out = max(len(rows) - MOST_ROWS, 0)
    labels = [one_line(label, 34) for label, _ in rows[:MOST_ROWS]]
    bodies = [[_square(squares[place], terminal) for place in shown] for _, squares in rows[:MOST_ROWS]]
    headers = [_header(grid, place) for place in shown]
    lines = [terminal.bold("Operators") + "  cells per operator and profile; the worst first"]
    for first, last in _bands(headers, bodies, max(map(len, labels)), terminal):
        part = [[label, *body[first:last]] for label, body in zip(labels, bodies, strict=True)]
        table = tabulate(part, headers=["operator", *headers[first:last]], tablefmt="simple", disable_numparse=True)
        lines += [*_indented(table), ""]
    if left_out:
        lines.append(f"  … and {count(left_out, 'more row')}: see the files below")
    return lines if lines[-1] else lines[:-1]


def _header(grid: Grid, place: int) -> str:
    column = grid.columns[place]
    return f"{column.profile.name}\n@{column.evidence}"


def _square(square: Square, terminal: Terminal) -> str:
    if square.worst is None:
        return ""
    number, total = square.verdicts[square.worst], len(square.findings)
    numbers = str(total) if number == total else f"{number}/{total}"
    return terminal.paint(
        f"{SYMBOLS[square.worst]} {numbers} {square.worst}{square_speed(square)}{square_measure(square)}", square.worst
    )


def _speed(grid: Grid, terminal: Terminal) -> list[str]:
    lines = []
    for speed in speeds(grid):
        lines += terminal.wrap(f"{speed.column}: {speed}", hang="      ")
        for finding in speed.slower[:MOST_NAMES]:
            first = describe_timing(timing_of(finding))[0]
            lines.append(f"    slower  {finding.id.operator} {finding.dtype}: {one_line(first, 120)}")
    return [terminal.bold("Speed") + "  against the native operator on the same device", *lines] if lines else []


def _bands(
    headers: Sequence[str], bodies: Sequence[Sequence[str]], label: int, terminal: Terminal
) -> Iterable[tuple[int, int]]:
    """Runs of neighbouring columns that fit the width, each with the operators' names before it."""
    widths = [
        max(
            [
                *(len(part) + HEADER_PADDING for part in header.splitlines()),
                *(len(clean(body[place])) for body in bodies),
            ]
        )
        for place, header in enumerate(headers)
    ]
    names = 2 + max(label, len("operator") + HEADER_PADDING)
    first, used = 0, names
    for place, width in enumerate(widths):
        if place > first and used + width + 2 > terminal.width:
            yield first, place
            first, used = place, names
        used += width + 2
    yield first, len(headers)


def _problems(title: str, findings: Sequence[Finding], terminal: Terminal) -> list[str]:
    if not findings:
        return []
    groups = group_alike(findings)
    lines = [terminal.bold(f"{title}: {count(len(findings), 'cell')}")]
    for group in groups[:MOST_GROUPS]:
        lines += _problem(group.first, len(group.cells), terminal)
    if len(groups) > MOST_GROUPS:
        lines.append(f"  … and {len(groups) - MOST_GROUPS} more of this kind: see the files below")
    return lines


def _problem(finding: Finding, alike: int, terminal: Terminal) -> list[str]:
    identity, result = finding.id, finding.result
    where = f"{identity.operator}/{identity.provider} on {identity.profile}@{identity.evidence}"
    mark = terminal.paint(f"{SYMBOLS[finding.verdict]} {result.outcome}", finding.verdict)
    more = f" (and {count(alike - 1, 'cell')} alike)" if alike > 1 else ""
    lines = [f"  {mark}  {where}  {finding.dtype} {finding.sample}{more}"]
    lines += terminal.wrap(f"in phase {result.phase}: {one_line(result.detail, 400)}", "      ")
    if finding.expectation is not None:
        expected = f"its expectation says {finding.expectation.outcome}: {one_line(finding.expectation.reason, 200)}"
        lines += terminal.wrap(expected, "      ")
    return [*lines, f"      {finding.rerun}"]


def _gaps(summary: Summary, terminal: Terminal) -> list[str]:
    if not summary.gaps:
        return []
    rows = [[one_line(gap.name, 40), gap.cells, gap.share, gap.example.base] for gap in summary.gaps[:MOST_GROUPS]]
    table = tabulate(rows, headers=["gap", "cells", "of those tried", "seen first in"], disable_numparse=True)
    total = sum(gap.cells for gap in summary.gaps)
    more = len(summary.gaps) - len(rows)
    title = terminal.bold(f"Gaps of the emulation: {count(total, 'cell')}") + "  no fault of an operator"
    return [title, *_indented(table), *([f"  … and {count(more, 'more gap')}"] if more > 0 else [])]


def _names(title: str, findings: Sequence[Finding], terminal: Terminal) -> list[str]:
    if not findings:
        return []
    lines = [terminal.bold(f"{title}: {count(len(findings), 'cell')}")]
    for finding in findings[:MOST_NAMES]:
        attempts = " then ".join(result.outcome for result in finding.attempts)
        lines.append(f"  {finding.text}  {attempts if len(finding.attempts) > 1 else ''}".rstrip())
    more = len(findings) - MOST_NAMES
    return [*lines, f"  … and {more} more"] if more > 0 else lines


def _lapsed(grid: Grid, terminal: Terminal) -> list[str]:
    if not grid.lapsed:
        return []
    lines = [terminal.bold(f"Expectations to look at: {len(grid.lapsed)}")]
    for item in grid.lapsed[:MOST_GROUPS]:
        pattern = one_line(item.expectation.pattern, 120)
        lines += terminal.wrap(f"{item.kind}: {item.profile}: {pattern} ({item.why})", hang="      ")
    more = len(grid.lapsed) - MOST_GROUPS
    return [*lines, f"  … and {more} more"] if more > 0 else lines


def _vacuity(summary: Summary, terminal: Terminal) -> list[str]:
    vacuity = summary.vacuity
    lines = [terminal.bold("Vacuity"), *terminal.wrap(str(vacuity))]
    lines += [
        f"  {finding.text}  {', '.join(finding.impostors)} would pass" for finding in vacuity.undeclared[:MOST_NAMES]
    ]
    more = len(vacuity.undeclared) - MOST_NAMES
    return [*lines, f"  … and {more} more"] if more > 0 else lines


def _no_cases(grid: Grid, terminal: Terminal) -> list[str]:
    if not grid.no_cases:
        return []
    lines = [terminal.bold(f"Without cases: {count(len(grid.no_cases), 'operator')}")]
    for name, reason in list(grid.no_cases.items())[:MOST_NAMES]:
        lines += terminal.wrap(f"{name}: {one_line(reason, 200)}", hang="      ")
    more = len(grid.no_cases) - MOST_NAMES
    return [*lines, f"  … and {more} more"] if more > 0 else lines


def _files(files: Sequence[Path], terminal: Terminal) -> list[str]:
    return [terminal.bold("Files"), *(f"  {path}" for path in files)] if files else []


def _end(summary: Summary, terminal: Terminal) -> list[str]:
    colors = {"GREEN": Verdict.OK, "RED": Verdict.BROKEN, "GRAY": Verdict.UNKNOWN}
    word = terminal.paint(summary.color, colors[summary.color])
    lines = [f"{word}  {summary.headline}"]
    if summary.planned:
        lines += terminal.wrap(f"verdicts  {glue(verdict_counts(summary.grid.verdicts))}", hang=" " * 12)
        lines += terminal.wrap(f"evidence  {summary.evidence} (cells judged)")
    if summary.grid.merged:
        best = "; ".join(glue(line) for line in describe_strongest(summary.grid))
        lines += terminal.wrap(f"each case by its strongest evidence  {best or 'none'}", hang=" " * 12)
    for step in next_steps(summary):
        # A command is copied, so it stays on one line.
        lines += [f"  next  {step}"] if "python -m" in step else terminal.wrap(f"next  {step}", hang=" " * 8)
    return lines


def _indented(table: str) -> list[str]:
    return [f"  {line}".rstrip() for line in table.splitlines()]
