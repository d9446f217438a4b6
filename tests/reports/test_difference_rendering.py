"""A difference as text, Markdown and JSON: bounded, harmless, and each kind of news with its command."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports import difference_markdown, difference_text
from reports.difference import Category, Difference, compare
from reports.difference_json import render_json
from reports.difference_markdown import LIMIT, render_markdown_difference
from reports.difference_text import SYMBOLS, headline, render_text
from reports.snapshot import read_snapshot
from reports.terminal import Terminal
from tests.fakes.documents import cell, document, failed, timed

HOSTILE = (
    "</details><img src=x onerror=alert(1)> @everyone | `tick` ``two`` \x1b[31mred\x07 \u202e [x](javascript:a) \ud800"
)


def difference(old: dict[str, Any], new: dict[str, Any]) -> Difference:
    return compare(read_snapshot(old, "old"), read_snapshot(new, "new"))


@pytest.fixture
def news() -> Difference:
    """Something of every category, on hostile machines."""
    old = [
        cell("mm"),
        timed(1.0, row="sort"),
        cell("sum"),
        cell("exp"),
        failed("sin", "WRONG"),
        failed("cos"),
        timed(0.5, row="pad"),
    ]
    new = [
        failed("mm", detail=HOSTILE, base=HOSTILE),
        timed(0.5, row="sort"),
        failed("sum", "NOT_RUN", "quarantined"),
        failed("sin", "CRASH", "SIGSEGV"),
        cell("cos"),
        timed(1.0, row="pad"),
        cell("tan"),
        cell("dot"),
    ]
    machine = {"processor": HOSTILE, HOSTILE: "x"}
    found = difference(document(*old, failed("dot", "INFRA")), document(*new, machine=machine))
    assert set(found.counts) == set(Category)
    return found


def test_text_tells_each_category_with_its_command(news: Difference) -> None:
    text = render_text(news)
    assert text.count("python -m matrix rerun") == len(Category)
    assert "✗ PASS -> NOT_RUN  sum/gems[dtype=float32,sample=typical-0] on chip@run" in text
    assert "speed-up 1x (0.99 to 1.01) -> 0.5x (0.495 to 0.505)" in text
    assert "the speed of 2 cells was compared, on the same device" in text
    assert text.splitlines()[-2] == "RED  4 cells are worse; 7 cells compared"
    assert text.endswith("of these  1 new failures, 1 slower, 1 unknown now, 1 gone cells")


def test_text_fits_the_screen_and_harms_it_not(news: Difference) -> None:
    for width in (80, 120):
        lines = render_text(news, Terminal(width)).splitlines()
        assert [line for line in lines if len(line) > width and "gems[" not in line] == []
    assert "\x1b" not in render_text(news)
    assert "\u202e" not in render_text(news)
    assert render_text(news, Terminal(unicode=False)).isascii()
    assert "\x1b[1;31m✗ new failures" in render_text(news, Terminal(color=True))


def test_markdown_is_safe_against_markup(news: Difference) -> None:
    text = render_markdown_difference(news)
    assert text.startswith("### ❌ 4 cells are worse; 7 cells compared\n")
    for line in text.splitlines():
        outside = "".join(part for part in _outside_code(line))
        assert "<img" not in outside
        assert "@everyone" not in outside
        assert "](" not in outside
        assert "details>" not in outside.removeprefix("<details><summary>By operator</summary>").removeprefix(
            "</details>"
        )
    assert "\x1b" not in text
    text.encode()


def _outside_code(line: str) -> list[str]:
    """The parts of a line that stand in no code span, as CommonMark reads it."""
    parts, rest = [], line
    while "`" in rest:
        before, _, after = rest.partition("`")
        fence = 1 + len(after) - len(after.lstrip("`"))
        inside = after[fence - 1 :]
        closing = next(
            (
                place
                for place in range(len(inside))
                if inside.startswith("`" * fence, place)
                and not inside.startswith("`", place + fence)
                and not (place and inside[place - 1] == "`")
            ),
            None,
        )
        parts.append(before)
        if closing is None:
            return [*parts, after]
        rest = inside[closing + fence :]
    return [*parts, rest]


def test_markdown_counts_first_and_each_kind_with_its_command(news: Difference) -> None:
    text = render_markdown_difference(news)
    lines = text.splitlines()
    assert "| **new failures** |       1 |           1 |" in lines
    assert text.index("| **new failures**") < text.index("#### New failures: 1 cell")
    assert text.count("python -m matrix rerun") == len(Category)
    assert "<details><summary>By operator</summary>" in text


def test_lists_are_cut_at_a_stated_number() -> None:
    rows = [f"op{place}/gems[dtype=float32,sample=odd-{sample}]" for place in range(40) for sample in range(3)]
    found = difference(document(*map(cell, rows)), document(*map(failed, rows)))
    text, comment = render_text(found), render_markdown_difference(found)
    assert text.count("rerun") == difference_text.MOST_GROUPS
    assert "… and 28 more of this kind, with 84 cells: --format json names each" in text
    assert comment.count("rerun") == difference_markdown.MOST_GROUPS
    assert "… and 30 more of this kind, 90 cells" in comment
    assert "… and 20 more operators" in text


def test_900_cells_of_one_operator_are_one_line() -> None:
    rows = [f"sort/gems[dtype=float32,sample=odd-{place}]" for place in range(900)]
    found = difference(document(*map(cell, rows)), document(*map(failed, rows)))
    assert "(one of 900 of sort)" in render_text(found)
    assert "**900 cells** of `sort` on `chip@run`" in render_markdown_difference(found)
    assert len(render_text(found).splitlines()) < 20


def test_a_comment_holds_it_whatever_happened() -> None:
    rows = [f"op{place}" for place in range(400)]
    giant = "`" * 3000 + "x" * 900
    old = document(
        *(cell(row) for row in rows),
        *(cell(row, profile="b") for row in rows),
        *(cell(row, profile="c") for row in rows),
    )
    new = document(
        *(failed(row, detail=giant, base=giant[:480]) for row in rows),
        *(failed(row, "NOT_RUN", giant, profile="b") for row in rows),
        *(cell(row, profile="c", launches=[{"kernel": giant[:900], "file": giant[:900]}]) for row in rows),
        *(cell(row, profile="d", base=f"{row}{giant[:400]}") for row in rows),
    )
    assert len(render_markdown_difference(difference(old, new)).encode()) <= LIMIT + 200


def test_sections_that_do_not_fit_are_counted() -> None:
    text = difference_markdown._within(["a" * 30_000, "b" * 40_000, "c", "d" * LIMIT])
    assert text.endswith("… and 2 sections that a comment has no room for\n")
    assert "c\n" in text


def test_json_names_every_cell_that_is_not_as_it_was(news: Difference) -> None:
    text = render_json(news)
    read = json.loads(text)
    assert text.isascii()
    assert len(read["cells"]) == len(news.changes)
    assert read["counts"] == dict.fromkeys(map(str, Category), 1)
    assert (read["exit_code"], read["worse"], read["compared"], read["timed"]) == (1, 4, 7, 2)
    slower = next(item for item in read["cells"] if item["category"] == "slower")
    assert (slower["old"]["timing"]["speedup"], slower["new"]["timing"]["speedup"]) == (1.0, 0.5)
    gone = next(item for item in read["cells"] if item["category"] == "gone cells")
    assert (gone["new"], gone["worse"], gone["old"]["outcome"]) == (None, True, "PASS")


def test_nothing_worse_and_nothing_to_compare_are_said() -> None:
    same = difference(document(cell()), document(cell()))
    assert render_text(same).endswith("GREEN  nothing is worse; 1 cell compared")
    assert "no cell is another than it was" in render_text(same)
    assert render_markdown_difference(same).startswith("### ✅ nothing is worse")
    nothing = difference(document(), document(cell()))
    assert "GRAY  nothing to compare" in render_text(nothing)
    gone = difference(document(cell(), cell("mm")), document(cell()))
    assert headline(gone, allow_gone=True) == "nothing is worse; 1 cell compared; 1 gone cell is excused"


def test_a_test_of_a_suite_is_told_without_a_command() -> None:
    adopted = failed(rerun="python -m matrix adopt --profile chip -- tests")
    found = difference(document(cell()), document(adopted))
    for text in (render_text(found), render_markdown_difference(found)):
        assert "RuntimeError: no" in text
        assert "python -m" not in text


def test_another_device_is_said() -> None:
    found = difference(document(timed(1.0)), document(timed(0.1, device="Chip | 9001")))
    assert "the speed of 1 cell is not compared: Chip 9000 -> Chip | 9001" in render_text(found)
    assert "Chip &#124; 9001" in render_markdown_difference(found)


def test_every_category_has_its_symbol() -> None:
    assert set(SYMBOLS) == set(Category)
