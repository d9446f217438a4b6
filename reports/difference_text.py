"""A difference of two runs for a terminal: what the runs are, what became of how many cells, each kind told once."""

from __future__ import annotations

from matrix.outcome import Verdict
from reports.difference import MEANING, WORSE, Category, Difference, Group
from reports.terminal import Terminal, glue, plain
from reports.wording import count, moment, one_line

MOST_GROUPS = 12  # of a category
MOST_OPERATORS = 20
MOST_FACTS = 12
SYMBOLS: dict[Category, str] = {
    Category.FAILURE: "✗",
    Category.SLOWER: "✗",
    Category.UNKNOWN: "✗",
    Category.GONE: "✗",
    Category.CHANGED: "≈",
    Category.FIXED: "✓",
    Category.FASTER: "✓",
    Category.KNOWN: "+",
    Category.NEW: "+",
}
COLORS: dict[str, Verdict] = {"✗": Verdict.BROKEN, "≈": Verdict.KNOWN, "✓": Verdict.OK, "+": Verdict.FIXED}
HEADLINES = {
    0: "nothing is worse; {compared} compared",
    1: "{worse} worse; {compared} compared",
    3: "nothing to compare: no cell is in both runs and was judged in one of them",
}


def headline(difference: Difference, *, allow_gone: bool = False) -> str:
    """The answer in a sentence."""
    text = HEADLINES[difference.exit_code(allow_gone=allow_gone)]
    worse = count(difference.worse(allow_gone=allow_gone), "cell is", "cells are")
    excused = difference.counts[Category.GONE] if allow_gone else 0
    more = f"; {count(excused, 'gone cell is', 'gone cells are')} excused" if excused else ""
    return text.format(worse=worse, compared=count(difference.compared, "cell")) + more


def present(difference: Difference) -> list[Category]:
    """The categories that have cells, in the order of reading."""
    return [category for category in Category if difference.counts[category]]


def speed_notes(difference: Difference) -> list[str]:
    """What was done about the speed of cells that were timed in both runs."""
    notes = [
        f"the speed of {count(number, 'cell')} is not compared: {one_line(old, 120)} -> {one_line(new, 120)}"
        for (old, new), number in difference.elsewhere.items()
    ]
    if difference.timed:
        notes.append(f"the speed of {count(difference.timed, 'cell')} was compared, on the same device")
    return notes


def render_text(difference: Difference, terminal: Terminal | None = None, *, allow_gone: bool = False) -> str:
    """The whole text, without a final newline."""
    terminal = terminal or Terminal()
    sections = [
        _title(difference, terminal),
        _differs(difference, terminal),
        _counts(difference, terminal),
        *(_category(difference, category, terminal) for category in present(difference)),
        _operators(difference, terminal),
        _end(difference, terminal, allow_gone=allow_gone),
    ]
    text = "\n\n".join("\n".join(lines) for lines in sections if lines)
    return text if terminal.unicode else plain(text)


def _title(difference: Difference, terminal: Terminal) -> list[str]:
    names = [
        f"  {word}  {one_line(snapshot.name, 200)}  {count(len(snapshot.cells), 'cell')}, started "
        f"{moment(snapshot.facts.get('started', ''))}"
        for word, snapshot in (("old", difference.old), ("new", difference.new))
    ]
    return [terminal.bold("Difference of two runs"), *names]


def _differs(difference: Difference, terminal: Terminal) -> list[str]:
    facts = [*difference.differs, *speed_notes(difference)]
    if not facts:
        return []
    lines = [line for fact in facts[:MOST_FACTS] for line in terminal.wrap(fact, hang="      ")]
    more = len(facts) - MOST_FACTS
    return [terminal.bold("The runs as such"), *lines, *([f"  … and {count(more, 'more fact')}"] if more > 0 else [])]


def _counts(difference: Difference, terminal: Terminal) -> list[str]:
    lines = [
        f"  {_mark(category, terminal)}  {difference.counts[category]:>7}  {MEANING[category]}"
        for category in present(difference)
    ]
    return [terminal.bold("Cells"), *(lines or ["  no cell is another than it was"])]


def _mark(category: Category, terminal: Terminal) -> str:
    symbol = SYMBOLS[category]
    return terminal.paint(f"{symbol} {category:<12}", COLORS[symbol])


def _category(difference: Difference, category: Category, terminal: Terminal) -> list[str]:
    groups = difference.groups(category)
    title = f"{category}: {count(difference.counts[category], 'cell')}"
    lines = [terminal.bold(title[0].upper() + title[1:])]
    for group in groups[:MOST_GROUPS]:
        lines += _group(group, terminal)
    left = groups[MOST_GROUPS:]
    if left:
        cells = count(sum(len(group.changes) for group in left), "cell")
        lines.append(f"  … and {len(left)} more of this kind, with {cells}: --format json names each")
    return lines


def _group(group: Group, terminal: Terminal) -> list[str]:
    example = group.example
    identity = example.cell.id
    number = len(group.changes)
    where = f"{identity.operator}/{identity.provider}[{_parameters(example.cell.id.parameters)}] on {group.column}"
    more = f"  (one of {number} of {group.base})" if number > 1 else ""
    mark = terminal.paint(f"{SYMBOLS[group.category]} {group.words}", COLORS[SYMBOLS[group.category]])
    lines = [f"  {mark}  {where}{more}"]
    if example.why:
        lines += terminal.wrap(one_line(example.why, 400), "      ")
    return [*lines, *([f"      {example.cell.rerun}"] if example.cell.rerun else [])]


def _parameters(parameters: tuple[tuple[str, str], ...]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters)


def _operators(difference: Difference, terminal: Terminal) -> list[str]:
    table = difference.by_operator
    if len(table) < 2:
        return []
    lines = []
    for base, counts in list(table.items())[:MOST_OPERATORS]:
        listed = glue(", ".join(f"{counts[category]} {category}" for category in Category if counts[category]))
        lines += terminal.wrap(f"{one_line(base, 34):<34}  {listed}", hang=" " * 38)
    more = len(table) - MOST_OPERATORS
    rest = [f"  … and {count(more, 'more operator')}"] if more > 0 else []
    return [terminal.bold("By operator"), *lines, *rest]


def _end(difference: Difference, terminal: Terminal, *, allow_gone: bool) -> list[str]:
    code = difference.exit_code(allow_gone=allow_gone)
    word, verdict = {0: ("GREEN", Verdict.OK), 1: ("RED", Verdict.BROKEN), 3: ("GRAY", Verdict.UNKNOWN)}[code]
    worse = [f"{difference.counts[item]} {item}" for item in WORSE if difference.counts[item]]
    lines = [f"{terminal.paint(word, verdict)}  {headline(difference, allow_gone=allow_gone)}"]
    return [*lines, *([f"  of these  {', '.join(worse)}"] if worse else [])]
