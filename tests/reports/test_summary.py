"""The headline says what the exit code says, and every cell is told once."""

from __future__ import annotations

from dataclasses import replace

from backends.profile import Profile
from matrix.outcome import Outcome, Verdict
from reports.finding import Finding, Square
from reports.grid import Grid
from reports.summary import Summary, compress, group_alike, next_steps


def only(grid: Grid, *verdicts: Verdict) -> Grid:
    kept = tuple(finding for finding in grid.findings if finding.verdict in verdicts)
    return replace(grid, findings=kept, lapsed=())


def test_a_broken_cell_is_red_and_named(grid: Grid) -> None:
    summary = Summary(grid)
    assert (summary.color, summary.exit_code) == ("RED", 1)
    assert summary.headline == "6 cells broken, in 1 of 11 operators"
    assert summary.broken[0].rerun in next_steps(summary)[0]


def test_green_says_how_much_was_judged(grid: Grid) -> None:
    summary = Summary(only(grid, Verdict.OK, Verdict.KNOWN))
    assert (summary.color, summary.exit_code) == ("GREEN", 0)
    assert summary.headline.startswith("nothing broken in 101 judged cells")


def test_what_judged_nothing_is_neither_green_nor_red(grid: Grid) -> None:
    summary = Summary(only(grid, Verdict.UNKNOWN))
    assert (summary.color, summary.exit_code) == ("GRAY", 0)
    assert "nothing was judged" in summary.headline


def test_nothing_selected_is_an_own_exit_code() -> None:
    empty = Summary(Grid((), (), ()))
    assert (empty.exit_code, empty.headline) == (3, "nothing was selected")


def test_strict_refuses_stale_expectations_in_words(grid: Grid) -> None:
    quiet = replace(only(grid, Verdict.OK), lapsed=grid.lapsed)
    assert Summary(quiet).exit_code == 0
    strict = Summary(quiet, strict=True)
    assert strict.exit_code == 1
    assert "2 expectations stale, expired or unfinished" in strict.headline


def test_gaps_are_counted_against_what_was_tried(grid: Grid) -> None:
    [gap] = Summary(grid).gaps
    assert (gap.name, gap.cells, gap.tried) == ("libdevice", 1, 64)
    assert gap.share == "1.6 %"


def test_vacuity_tells_declared_from_undeclared(grid: Grid) -> None:
    vacuity = Summary(grid).vacuity
    assert [finding.base for finding in vacuity.declared] == ["sum"]
    assert [finding.base for finding in vacuity.single] == ["softmax"]
    assert vacuity.undeclared == ()
    assert vacuity.checked == sum(finding.result.outcome is Outcome.PASS for finding in grid.findings)


def test_an_operator_that_no_case_tells_from_an_impostor_is_a_defect(grid: Grid) -> None:
    fooled = tuple(item for item in grid.findings if item.base != "softmax" or item.impostors)
    vacuity = Summary(replace(grid, findings=fooled)).vacuity
    assert [finding.base for finding in vacuity.undeclared] == ["softmax"]
    assert vacuity.single == ()


def test_alike_failures_are_one_group(grid: Grid) -> None:
    twice = [*Summary(grid).broken, *Summary(grid).broken]
    groups = group_alike(twice)
    assert len(groups) == 6
    assert all(len(group.cells) == 2 for group in groups)


def test_many_quiet_rows_are_summed_up_without_losing_a_cell(grid: Grid) -> None:
    def cells(rows: list[tuple[str, tuple[Square, ...]]]) -> list[str]:
        found: list[Finding] = [finding for _, squares in rows for square in squares for finding in square.findings]
        return sorted(finding.text for finding in found)

    short, long = compress(grid.rows, 0), compress(grid.rows, 100)
    assert len(short) < len(long) == len(grid.rows)
    assert cells(short) == cells(long)
    assert "reduction: 3 operators ok" in dict(short)


def test_a_profile_that_could_not_run_gives_its_reason(grid: Grid) -> None:
    unrun = Summary(grid).unrun
    assert unrun["faraway"] == {"no device of this kind is here": 66}
    assert isinstance(grid.profiles[0], Profile)
