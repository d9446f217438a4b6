"""Files are written whole, from any state of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import reports.write
from reports.grid import Grid
from reports.write import write_reports

NAMES = ["matrix.json", "matrix.md", "junit.xml", "matrix.html"]


def test_four_files_and_nothing_else(grid: Grid, tmp_path: Path) -> None:
    paths = write_reports(grid, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == NAMES
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(NAMES)
    assert all(path.read_text(encoding="utf-8") for path in paths)


def test_a_report_can_be_written_of_nothing(tmp_path: Path) -> None:
    assert len(write_reports(Grid((), (), ()), tmp_path)) == 4


def test_a_report_can_be_written_of_a_run_that_was_interrupted(grid: Grid, tmp_path: Path) -> None:
    assert write_reports(replace(grid, runs=()), tmp_path)


def test_what_stood_there_stays_whole_when_writing_fails(
    grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "matrix.md").write_text("before")

    def fail(*_: object, **__: object) -> str:
        raise OSError("the disk is full")

    monkeypatch.setattr(reports.write, "render_markdown", fail)
    with pytest.raises(OSError, match="full"):
        write_reports(grid, tmp_path)
    assert (tmp_path / "matrix.md").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_who_reads_the_old_report_while_it_is_replaced_reads_it_whole(grid: Grid, tmp_path: Path) -> None:
    (tmp_path / "matrix.md").write_text("before")
    with (tmp_path / "matrix.md").open() as reader:
        write_reports(grid, tmp_path)
        assert reader.read() == "before"


def test_characters_that_utf8_cannot_hold_do_not_stop_a_report(grid: Grid, tmp_path: Path) -> None:
    result = replace(grid.findings[0].result, detail="half a pair: \ud83d", output="\udcff")
    finding = replace(grid.findings[0], result=result, call="\ud800")
    assert len(write_reports(replace(grid, findings=(finding,)), tmp_path)) == 4
