"""A difference of two runs for the comment on a pull request: counts first, then each kind once with its command.

A comment may hold 65,536 characters, so everything is bounded. What comes from a record stands in code spans, or with
every character that could mean something replaced: a name in it mentions nobody and links nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.difference import WORSE, Category, Difference, Group
from reports.difference_text import headline, present, speed_notes
from reports.markdown import MARKS, code, plain
from reports.tabular import tabulate
from reports.wording import count

MOST_GROUPS = 10  # of a category
MOST_OPERATORS = 20
MOST_FACTS = 20
LIMIT = 60_000


def render_markdown_difference(difference: Difference, *, allow_gone: bool = False) -> str:
    """The whole comment."""
    head = [
        _title(difference, allow_gone=allow_gone),
        _counts(difference),
        _differs(difference),
    ]
    lists = [_category(difference, category) for category in present(difference)]
    return _within([*head, *lists, _operators(difference)])


def _within(sections: Iterable[str]) -> str:
    """As many whole sections as a comment may hold, and a word on those left out."""
    kept, size, dropped = [], 0, 0
    for section in filter(None, sections):
        length = len(section.encode()) + 2
        fits = size + length <= LIMIT
        kept += [section] if fits else []
        size += length if fits else 0
        dropped += not fits
    rest = [f"… and {count(dropped, 'section')} that a comment has no room for"] if dropped else []
    return "\n\n".join([*kept, *rest]) + "\n"


def _title(difference: Difference, *, allow_gone: bool) -> str:
    color = {0: "GREEN", 1: "RED", 3: "GRAY"}[difference.exit_code(allow_gone=allow_gone)]
    runs = " → ".join(
        f"{code(snapshot.name, 100)} ({count(len(snapshot.cells), 'cell')})"
        for snapshot in (difference.old, difference.new)
    )
    return f"### {MARKS[color]} {headline(difference, allow_gone=allow_gone)}\n\n{runs}"


def _counts(difference: Difference) -> str:
    operators = {
        category: len({change.cell.base for change in difference.of(category)}) for category in present(difference)
    }
    rows = [
        [f"**{category}**" if category in WORSE else str(category), difference.counts[category], number]
        for category, number in operators.items()
    ]
    return _table(["", "cells", "operators"], rows) if rows else "No cell is another than it was."


def _table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    alignment = ["left", *["right"] * (len(headers) - 1)]
    return str(tabulate(rows, headers=headers, tablefmt="github", colalign=alignment, disable_numparse=True))


def _differs(difference: Difference) -> str:
    facts = [*difference.differs, *speed_notes(difference)]
    if not facts:
        return ""
    lines = [f"- {plain(fact, 400)}" for fact in facts[:MOST_FACTS]]
    more = len(facts) - MOST_FACTS
    rest = [f"- … and {count(more, 'more fact')}"] if more > 0 else []
    return "\n".join(["The runs as such:", "", *lines, *rest])


def _category(difference: Difference, category: Category) -> str:
    groups = difference.groups(category)
    title = f"{category}: {count(difference.counts[category], 'cell')}"
    lines = [f"#### {title[0].upper()}{title[1:]}", ""]
    for group in groups[:MOST_GROUPS]:
        lines += _group(group)
    left = groups[MOST_GROUPS:]
    if left:
        lines.append(f"- … and {len(left)} more of this kind, {count(sum(len(g.changes) for g in left), 'cell')}")
    return "\n".join(lines)


def _group(group: Group) -> list[str]:
    example = group.example
    number = len(group.changes)
    head = f"**{count(number, 'cell')}** of {code(group.base, 80)} on {code(group.column, 120)}: {plain(group.words)}"
    such_as = "such as " if number > 1 else ""
    lines = [f"- {head}, {such_as}{code(str(example.cell.id), 500)}"]
    lines += [f"  <br>{code(example.why)}"] if example.why else []
    return [*lines, *([f"  <br>{code(example.cell.rerun, 1000)}"] if example.cell.rerun else [])]


def _operators(difference: Difference) -> str:
    table = difference.by_operator
    if len(table) < 2:
        return ""
    categories = present(difference)
    rows = [
        [plain(base, 80), *(counts[category] or "" for category in categories)]
        for base, counts in list(table.items())[:MOST_OPERATORS]
    ]
    more = len(table) - MOST_OPERATORS
    rest = f"\n\n… and {count(more, 'more operator')}" if more > 0 else ""
    body = _table(["operator", *map(str, categories)], rows)
    return f"<details><summary>By operator</summary>\n\n{body}{rest}\n\n</details>"
