"""Everything that is made of a bundle, and what must not be alive in it."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from matrix.bundle.merging import Merged, Source, merge
from matrix.bundle.reading import Bundle
from reports.document import write_document
from reports.grid import Grid, build_grid
from reports.junit import write_junit
from reports.markdown import render_markdown
from reports.page import render_page
from reports.table import Terminal, render_table

NOW = datetime(2026, 12, 31, tzinfo=UTC)
# What a terminal acts upon, and what turns the direction of text. The table's own line ends are no escape.
ALIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


class Tags(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.attributes: Counter[tuple[str, str]] = Counter()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        self.attributes.update((tag, name) for name, _ in attrs)


def merged_grid(*bundles: Bundle) -> Grid:
    merged: Merged = merge([Source(b"", bundle) for bundle in bundles], NOW)
    runs = [source.bundle.run for source in merged.sources]
    return replace(build_grid(runs, merged.cells, merged.profiles, {}, NOW.date()), notices=merged.notices)


EMPTY = Tags(render_page(Grid((), (), ())))


def check_harmless(*bundles: Bundle) -> None:
    """Render what bundles hold in every way, and find nothing alive in it."""
    grid = merged_grid(*bundles)
    page = Tags(render_page(grid))
    assert page.found == EMPTY.found
    assert page.attributes == EMPTY.attributes
    table = render_table(grid, Terminal(width=100, color=False))
    assert ALIVE.findall(table) == []
    check_markdown(render_markdown(grid))
    junit, document = io.StringIO(), io.StringIO()
    write_junit(grid, junit)
    ET.fromstring(junit.getvalue().encode())
    write_document(grid, document)
    assert "\n\x1b" not in document.getvalue()
    assert ALIVE.findall(document.getvalue()) == []


def check_markdown(text: str) -> None:
    """Outside of code spans there is no markup but the report's own."""
    assert ALIVE.findall(text) == []
    for line in text.splitlines():
        rest = CODE_SPAN.sub("", line).replace("<br>", "").replace("Vacuity", "")
        assert "<" not in rest, line
        assert "](" not in rest, line
        assert "://" not in rest, line
