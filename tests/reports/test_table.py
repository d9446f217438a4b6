"""The terminal's table: what a person sees at the end of a run."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from matrix.outcome import Verdict
from reports.grid import Grid
from reports.table import MOST_GROUPS, MOST_NAMES, MOST_ROWS, render_table
from reports.terminal import NARROWEST, Terminal


def may_be_long(line: str) -> bool:
    """What is meant to be copied is never wrapped: commands and ids."""
    return "python -m matrix rerun" in line or "@interpret  " in line or line.endswith("@interpret")


@pytest.mark.parametrize("width", [80, 100, 137, 200])
def test_it_fits_the_width(grid: Grid, width: int) -> None:
    lines = render_table(grid, Terminal(width)).splitlines()
    assert [line for line in lines if len(line) > width and not may_be_long(line)] == []


def test_it_ends_with_the_answer_and_what_to_do_next(grid: Grid) -> None:
    end = render_table(grid, files=[Path(".matrix/x/matrix.html")]).rsplit("\n\n", 2)
    assert end[1].splitlines() == ["Files", "  .matrix/x/matrix.html"]
    answer = end[2].splitlines()
    assert answer[0] == "RED  6 cells broken, in 1 of 11 operators"
    assert "✗ 6 broken" in answer[1]
    assert "62 interpret, 57 compile" in end[2]
    assert any(line.startswith("  next  repeat the first broken cell") for line in answer)


def test_every_broken_group_comes_with_its_detail_and_its_command(grid: Grid) -> None:
    text = render_table(grid)
    assert "python -m matrix rerun 'laptop:add.Tensor/gems[dtype=float32,sample=typical-0]@interpret'" in text
    assert "shared memory: 131072 bytes, the target has 65536" in text


def test_outcomes_are_told_apart_by_profile_and_evidence(grid: Grid) -> None:
    text = render_table(grid, Terminal(200))
    row = next(line for line in text.splitlines() if line.strip().startswith("accelerator  "))
    assert row.split() == ["accelerator", "compile", "66", "57", *"········", "9", "·"]


def test_a_column_with_nothing_to_say_gives_its_reason_instead(grid: Grid) -> None:
    text = render_table(grid)
    assert "? faraway (66 cells): no device of this kind is here" in text
    operators = text[text.index("Operators  ") : text.index("What broke")]
    assert "faraway" not in operators
    assert operators.splitlines()[4].split()[:2] == ["add", "✗"]


def test_colour_only_repeats_what_is_written(grid: Grid) -> None:
    plain, colored = render_table(grid), render_table(grid, Terminal(color=True))
    assert "\x1b" not in plain
    assert "\x1b[1;31m✗ 6 broken\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_a_terminal_without_unicode_gets_ascii(grid: Grid) -> None:
    text = render_table(grid, Terminal(unicode=False))
    assert text.isascii()
    assert "X 6 broken" in text


def test_no_colour_into_a_file_or_against_the_users_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert Terminal.of(Screen()).color
    assert not Terminal.of(io.StringIO()).color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Terminal.of(Screen()).color


def test_the_width_is_the_terminals_within_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert Terminal.of(io.StringIO()).width == NARROWEST


def test_many_profiles_are_printed_in_bands(grid: Grid) -> None:
    columns = [
        replace(column, profile=replace(column.profile, name=f"{column.profile.name}-{place}"))
        for place in range(8)
        for column in grid.columns[:2]
    ]
    rows = tuple(replace(row, squares=row.squares[:2] * 8) for row in grid.rows)
    text = render_table(replace(grid, columns=tuple(columns), rows=rows, findings=()), Terminal(80))
    lines = text[text.index("Operators  ") :].splitlines()
    assert max(map(len, lines)) <= 80
    assert all(any(column.profile.name in line.split() for line in lines) for column in columns)
    assert sum(line.split()[:1] == ["rms_norm"] for line in lines) > 1


def test_a_narrow_screen_breaks_lists_between_their_items(grid: Grid) -> None:
    text = render_table(grid, Terminal(80))
    outcomes = text[text.index("Outcomes") : text.index("Not run")]
    assert "1 UNCOMPILED" in outcomes
    assert "1 NOT_RUN" in outcomes
    assert "\u00a0" not in text


def test_it_stays_short_whatever_happened(grid: Grid) -> None:
    broken = [
        replace(finding, base=f"op{place}", verdict=Verdict.BROKEN) for place, finding in enumerate(grid.findings)
    ]
    rows = tuple(replace(grid.rows[0], base=f"op{place}") for place in range(500))
    text = render_table(replace(grid, findings=tuple(broken), rows=rows))
    assert text.count("python -m matrix rerun") <= MOST_GROUPS + 1
    assert len(text.splitlines()) < 100 + MOST_ROWS + 4 * MOST_GROUPS + 3 * MOST_NAMES
    assert "more rows" in text
    assert f"… and {len(broken) - MOST_GROUPS} more of this kind" in text


def test_nothing_selected_is_said() -> None:
    assert "nothing was selected" in render_table(Grid((), (), ()))
