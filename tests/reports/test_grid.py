"""Pivoting: nothing vanishes, weaker evidence never counts as stronger, later runs speak."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from backends.expectation import Expectations
from backends.profile import Profile
from matrix.cell import Cell
from matrix.outcome import Evidence, Outcome, Phase, Verdict
from matrix.result import Comparison, Result
from matrix.run import Header, Run
from operators.case import Case
from operators.operator import Operator, Sample
from reports.finding import worst_first
from reports.grid import UNLISTED, Grid, build_grid

TODAY = date(2026, 11, 22)
PROFILE = Profile("laptop", "a laptop", "", "cpu", "CPU", ("compile", "interpret", "run"))
OPERATOR = Operator("add.Tensor", "add", "pointwise", {"gems": "aten"}, "aten", "float64", ("float32",), ())


def cell(evidence: Evidence = Evidence.INTERPRET, sample: str = "typical-0") -> Cell:
    return Cell(PROFILE, Case(OPERATOR, "gems", "float32", Sample(sample, "T[2]")), evidence)


def passed(of: Cell | str) -> Result:
    name = of if isinstance(of, str) else str(of.id)
    return Result(name, Outcome.PASS, Phase.COMPARE, comparison=Comparison("exact", 1, 0))


def bad(of: Cell, outcome: Outcome, **changes: object) -> Result:
    return replace(Result(str(of.id), outcome, Phase.RUN, "why"), **changes)  # type: ignore[arg-type]


def run_of(*results: Result, started: str = "2026-01-01") -> Run:
    kept: dict[str, tuple[Result, ...]] = {}
    for result in results:
        kept[result.cell] = (*kept.get(result.cell, ()), result)
    return Run(Header(started=started), kept)


def pivot(runs: list[Run], cells: list[Cell]) -> Grid:
    return build_grid(runs, cells, [PROFILE], {}, TODAY)


def test_every_planned_cell_is_there_once(grid: Grid, cells: list[Cell]) -> None:
    assert [finding.text for finding in grid.findings] == [str(cell.id) for cell in cells]
    squares = [finding for row in grid.rows for square in row.squares for finding in square.findings]
    assert sorted(finding.text for finding in squares) == sorted(finding.text for finding in grid.findings)
    assert sum(grid.verdicts.values()) == len(cells)
    assert sum(sum(outcomes.values()) for outcomes in grid.totals.values()) == len(cells)


def test_a_planned_cell_without_a_result_was_not_run() -> None:
    [finding] = pivot([], [cell()]).findings
    assert finding.result.outcome is Outcome.NOT_RUN
    assert finding.verdict is Verdict.UNKNOWN
    assert "interrupted" in finding.result.detail


def test_a_weaker_evidence_never_counts_as_a_stronger_one() -> None:
    planned = [cell(Evidence.COMPILE), cell(Evidence.INTERPRET), cell(Evidence.RUN)]
    grid = pivot([run_of(passed(planned[0]), bad(planned[1], Outcome.INFRA))], planned)
    square = grid.rows[0].squares[0]
    assert square.evidence is Evidence.COMPILE
    assert {key[1]: dict(value) for key, value in grid.totals.items()} == {
        Evidence.COMPILE: {Outcome.PASS: 1},
        Evidence.INTERPRET: {Outcome.INFRA: 1},
        Evidence.RUN: {Outcome.NOT_RUN: 1},
    }


def test_each_evidence_of_a_profile_has_a_column_of_its_own_weakest_first() -> None:
    planned = [cell(Evidence.INTERPRET), cell(Evidence.COMPILE), cell(Evidence.RUN)]
    grid = pivot([run_of(passed(planned[1]), bad(planned[0], Outcome.CRASH))], planned)
    assert [str(column) for column in grid.columns] == ["laptop@compile", "laptop@interpret", "laptop@run"]
    assert [profile.name for profile in grid.profiles] == ["laptop"]
    squares = grid.rows[0].squares
    assert [square.worst for square in squares] == [Verdict.OK, Verdict.BROKEN, Verdict.UNKNOWN]
    assert [square.evidence for square in squares] == [Evidence.COMPILE, Evidence.INTERPRET, None]


def test_a_square_shows_its_worst_cell() -> None:
    planned = [cell(), cell(sample="empty-0"), cell(sample="odd-0")]
    grid = pivot([run_of(passed(planned[0]), passed(planned[1]), bad(planned[2], Outcome.UNCOMPILED))], planned)
    square = grid.rows[0].squares[0]
    assert square.worst is Verdict.BROKEN
    assert square.verdicts == {Verdict.OK: 2, Verdict.BROKEN: 1}


def test_of_two_runs_the_later_one_that_carried_the_cell_speaks() -> None:
    planned = [cell()]
    early, late = run_of(bad(planned[0], Outcome.CRASH)), run_of(passed(planned[0]), started="2026-02-01")
    assert pivot([late, early], planned).findings[0].result.outcome is Outcome.PASS
    absent = run_of(bad(planned[0], Outcome.NOT_RUN), started="2026-03-01")
    assert pivot([late, early, absent], planned).findings[0].result.outcome is Outcome.PASS


def test_attempts_that_disagree_are_unstable_and_the_bad_one_counts() -> None:
    planned = [cell()]
    grid = pivot([run_of(bad(planned[0], Outcome.CRASH), replace(passed(planned[0]), attempt=2))], planned)
    [finding] = grid.findings
    assert finding.unstable
    assert finding.verdict is Verdict.BROKEN
    assert [attempt.outcome for attempt in finding.attempts] == [Outcome.CRASH, Outcome.PASS]


def test_a_record_may_name_cells_and_profiles_that_no_plan_knows() -> None:
    stranger = "elsewhere:fused.rope.x/gems[dtype=float32,sample=typical-0]@run"
    grid = pivot([run_of(passed(stranger), passed("<no id>"))], [cell()])
    assert [profile.name for profile in grid.profiles] == ["laptop", "elsewhere"]
    assert (grid.rows[1].base, grid.rows[1].family) == ("rope", UNLISTED)
    assert len(grid.findings) == 2


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, None])
def test_only_a_duration_is_passed_on(seconds: float | None) -> None:
    planned = cell()
    [finding] = pivot([run_of(replace(passed(planned), seconds=seconds))], [planned]).findings
    assert finding.seconds is None


def test_the_expectation_that_decides_is_kept(grid: Grid) -> None:
    known = [finding for finding in grid.findings if finding.verdict is Verdict.KNOWN]
    assert {(finding.base, finding.result.outcome) for finding in known} == {
        ("mul", Outcome.UNDISPATCHED),
        ("exp", Outcome.ERROR),
    }
    assert all(item.expectation and item.expectation.outcome == item.result.outcome for item in known)


def test_expectations_lapse_only_against_what_was_run(grid: Grid) -> None:
    assert sorted((item.kind, item.expectation.pattern) for item in grid.lapsed) == [
        ("expired", "mm.Tensor"),
        ("stale", "sort.Tensor"),
    ]


def test_rows_are_grouped_by_family_and_can_be_sorted_by_news(grid: Grid) -> None:
    families = [row.family for row in grid.rows]
    assert families == sorted(families, key=families.index)
    assert [row.base for row in worst_first(grid.rows)][:4] == ["add", "mul", "exp", "sort"]


def test_a_rerun_line_is_safe_in_a_shell(grid: Grid) -> None:
    assert grid.findings[0].rerun == f"python -m matrix rerun '{grid.findings[0].text}'"


def test_nothing_planned_is_an_empty_grid() -> None:
    grid = build_grid([], [], [PROFILE], {"laptop": Expectations()}, TODAY)
    assert (grid.profiles, grid.rows, grid.totals) == ((), (), {})
