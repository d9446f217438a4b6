"""A report as sections of plain text, and the same sections as Markdown and as a page without a script.

The texts may be strangers'. They are written here and nowhere else, so that none is forgotten: as text on one line, in which
nothing means anything to Markdown, HTML or a terminal.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from reports.markdown import plain
from reports.tabular import tabulate
from reports.wording import one_line

FRAME, STYLE = Path(__file__).with_name("scorecard.html"), Path(__file__).with_name("scorecard.css")
TEXT, CELL = 600, 200
TOP = 1


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it. `level`: 1 is the title;  alarm: something is wrong, and is to be seen."""

    title: str
    level: int = 2
    paragraphs: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[str, ...] = ()
    alarm: bool = False


def render_markdown_sections(sections: Sequence[Section]) -> str:
    """All sections as Markdown."""
    return "\n\n".join(part for section in sections for part in _markdown(section)) + "\n"


def _markdown(section: Section) -> Iterable[str]:
    yield f"{'#' * section.level} {plain(section.title, CELL)}"
    yield from (plain(text, TEXT) for text in section.paragraphs)
    if section.rows:
        rows = [[plain(cell, CELL) for cell in row] for row in section.rows]
        yield tabulate(rows, headers=section.headers, tablefmt="github", disable_numparse=True)
    if section.items:
        yield "\n".join(f"- {plain(text, TEXT)}" for text in section.items)


def render_page_sections(sections: Sequence[Section]) -> str:
    """All sections as one HTML file, whose policy lets nothing act."""
    style = STYLE.read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return Template(FRAME.read_text(encoding="utf-8")).substitute(
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'",
        title=_html(sections[0].title, CELL),
        style=style,
        body="\n".join(map(_page, sections)),
    )


def _page(section: Section) -> str:
    head = f"<h{section.level}>{_html(section.title, CELL)}</h{section.level}>"
    text = "".join(f"<p>{_html(paragraph, TEXT)}</p>" for paragraph in section.paragraphs)
    items = "".join(f"<li>{_html(item, TEXT)}</li>" for item in section.items)
    body = head + text + (_table(section) if section.rows else "") + (f"<ul>{items}</ul>" if items else "")
    if section.level == TOP:
        return f"<header>{body}</header>"
    return f'<section class="tampering">{body}</section>' if section.alarm else f"<section>{body}</section>"


def _table(section: Section) -> str:
    head = "".join(f'<th scope="col">{_html(text, CELL)}</th>' for text in section.headers)
    rows = ("".join(f"<td>{_html(cell, CELL)}</td>" for cell in row) for row in section.rows)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _html(text: str, limit: int) -> str:
    return escape(one_line(text, limit), quote=True)
