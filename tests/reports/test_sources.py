"""Where a merged matrix comes from, in words; and each case by its strongest evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from backends.profile import Profile
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Result
from matrix.run import Header, Origin, Run
from reports.grid import Grid, build_grid
from reports.markdown import render_markdown
from reports.sources import conflicts, describe_conflict, describe_strongest, machine_in_words, sources, strongest
from reports.table import render_table

CELL = "chip:add.Tensor/gems[dtype=float32,sample=typical-0]@"
PROFILES = [Profile("chip", "a chip", "", "chip", "CHIP", ("compile", "interpret", "run"))]


def passed(cell: str) -> Result:
    return Result(cell, Outcome.PASS, Phase.COMPARE, comparison=Comparison("exact", 1, 0))


def crashed(cell: str) -> Result:
    return Result(cell, Outcome.CRASH, Phase.RUN, "SIGSEGV")


def run(name: str, started: str, *results: Result) -> Run:
    origin = Origin(name, name[0] * 64, redacted=name.startswith("b"))
    header = Header(started=started, machine={"host": f"host-{name}", "processor": "CPU"}, stack={"torch": "2.13.0"})
    return Run(header, {result.cell: (result,) for result in results}, (), origin)


def pivot(*runs: Run) -> Grid:
    return build_grid(runs, [], PROFILES, {}, date(2026, 11, 25))


def test_a_source_is_told_in_one_line() -> None:
    [source] = sources(pivot(run("a.zip", "2026-11-01T10:00:00+00:00", passed(CELL + "run"))))
    assert str(source) == "a.zip (aaaaaaaaaaaa; 1 cell; 2026-11-01 10:00 UTC; host-a.zip, CPU; torch 2.13.0)"
    assert "redacted" in str(replace(source, redacted=True))


def test_runs_of_this_machine_have_no_sources() -> None:
    own = replace(run("a.zip", "2026-11-01", passed(CELL + "run")), origin=None)
    assert sources(pivot(own)) == ()
    assert "Where this comes from" not in render_table(pivot(own)) + render_markdown(pivot(own))


def test_a_conflict_names_everybody_who_said_something_oldest_first() -> None:
    grid = pivot(
        run("b.zip", "2026-11-02T10:00:00+00:00", crashed(CELL + "run")),
        run("a.zip", "2026-11-01T10:00:00+00:00", passed(CELL + "run")),
    )
    [finding] = conflicts(grid)
    assert describe_conflict(grid, finding) == (
        "PASS by a.zip aaaaaaaaaaaa (2026-11-01 10:00 UTC), then CRASH by b.zip bbbbbbbbbbbb (2026-11-02 10:00 UTC)"
    )
    assert "Conflicts: 1 cell" in render_table(grid)
    assert "## Conflicts: 1 cell" in render_markdown(grid)


def test_runs_that_agree_are_no_conflict() -> None:
    runs = [run(name, f"2026-11-0{day}", passed(CELL + "run")) for day, name in enumerate(("a.zip", "b.zip"), 1)]
    grid = pivot(*runs)
    assert conflicts(grid) == ()
    assert [voice.run for voice in grid.findings[0].voices] == [0, 1]


def test_each_case_counts_once_by_its_strongest_evidence_that_judged_it() -> None:
    other = CELL.replace("typical", "odd")
    waiting = Result(other + "run", Outcome.NOT_RUN, Phase.START, "no device")
    everything = [
        passed(CELL + "compile"),
        passed(CELL + "interpret"),
        crashed(CELL + "run"),
        passed(other + "interpret"),
    ]
    grid = pivot(run("a.zip", "2026-11-01", *everything, waiting))
    assert {evidence: [item.text for item in items] for evidence, items in strongest(grid).items()} == {
        Evidence.RUN: [CELL + "run"],
        Evidence.INTERPRET: [other + "interpret"],
    }
    assert list(describe_strongest(grid)) == ["run: 1 case, ✗ 1 broken", "interpret: 1 case, ✓ 1 ok"]
    assert [column.evidence for column in grid.columns] == [Evidence.RUN, Evidence.INTERPRET, Evidence.COMPILE]


def test_a_machine_is_its_devices_first() -> None:
    header = Header(machine={"devices of chip": "ACME 9, ACME 9", "processor": "CPU", "memory": "8 GiB"})
    assert machine_in_words(header) == "2 x ACME 9, CPU"
    assert machine_in_words(Header()) == ""


def test_notices_are_shown_everywhere() -> None:
    grid = replace(pivot(run("a.zip", "2026-11-01", passed(CELL + "run"))), notices=("conflict: a profile differs",))
    assert "! conflict: a profile differs" in render_table(grid)
    assert "- `conflict: a profile differs`" in render_markdown(grid)
