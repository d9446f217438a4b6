"""matrix.md: bounded, and nothing in a record can leave its code span."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reports.markdown
from matrix.outcome import Outcome, Phase, Verdict
from matrix.result import Result
from reports.grid import Grid
from reports.markdown import LIMIT, code, plain, render_markdown


def spans(line: str) -> list[str]:
    """What stands in code spans, as CommonMark pairs backticks."""
    found: list[str] = []
    while opening := re.search("`+", line):
        rest = line[opening.end() :]
        closing = re.search(rf"(?<!`){opening[0]}(?!`)", rest)
        if closing is None:
            return found
        found.append(rest[: closing.start()])
        line = rest[closing.end() :]
    return found


def test_it_opens_with_the_answer(grid: Grid) -> None:
    text = render_markdown(grid)
    assert text.startswith("# ❌ RED: 6 cells broken, in 1 of 11 operators\n")
    assert "| laptop      | interpret  |      66 |     54 |" in text
    assert "**✗ 6 broken**" in text
    assert "| laptop&#64;interpret " in text


def test_every_table_row_has_as_many_cells_as_its_head(grid: Grid) -> None:
    tables = re.findall(r"(?:^\|.*\|$\n?)+", render_markdown(grid), re.MULTILINE)
    assert len(tables) == 3
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_markup_in_a_detail_stays_text(grid: Grid) -> None:
    text = render_markdown(grid)
    line = next(line for line in text.splitlines() if "onerror" in line)
    assert "<img" not in line.replace(spans(line)[0], "")
    assert "|" not in line
    assert "\x1b" not in text
    assert "\x00" not in text


@given(st.text(st.characters(codec="utf-8")) | st.text("`a |\n<"))
def test_a_code_span_ends_where_the_text_ends(text: str) -> None:
    span = code(text)
    assert "\n" not in span
    assert "|" not in span
    assert spans(f"{span} after") == (
        [span.strip("`") if "`" not in span.strip("`") else spans(span)[0]] if span else []
    )
    assert not span or span.endswith(span[: len(span) - len(span.lstrip("`"))])


@given(st.text(st.characters(codec="utf-8")))
def test_plain_text_holds_nothing_that_acts(text: str) -> None:
    written = re.sub(r"&#\d+;", "", plain(text)).replace("\\_", "")
    assert not set(written) & set("<>&`*[]{}|~@!$_\\")
    assert "://" not in written


def test_it_fits_a_job_summary(grid: Grid) -> None:
    def loud(place: int) -> Result:
        return Result(f"x{place}", Outcome.INFRA, Phase.RUN, "y" * 1000, gap=f"gap {place} " + "z" * 900)

    findings = [
        replace(grid.findings[place % len(grid.findings)], base=f"op{place}", result=loud(place), verdict=verdict)
        for place in range(500)
        for verdict in (Verdict.BROKEN, Verdict.SUITE)
    ]
    rows = tuple(replace(row, base=f"op{place}") for place in range(400) for row in grid.rows)
    text = render_markdown(replace(grid, findings=tuple(findings), rows=rows))
    assert len(text.encode()) <= LIMIT
    assert "more groups of cells" in text
    assert "more rows" in text


def test_a_summary_that_would_still_be_too_long_is_cut_at_a_line(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports.markdown, "LIMIT", 2000)
    text = render_markdown(grid)
    assert len(text.encode()) <= 2000
    assert text.endswith("\n\n… the rest is in matrix.json and matrix.html\n")


def test_an_empty_grid_is_a_report_too() -> None:
    assert "nothing was selected" in render_markdown(Grid((), (), ()))
