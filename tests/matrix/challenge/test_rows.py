"""The rows that an entry is judged by are those of its task, and only the entry answers them."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.addresses import inner
from matrix.challenge.digest import digest_of
from matrix.challenge.entry import Entry, read_entry
from matrix.challenge.rows import rows_of
from matrix.challenge.task import ENTRY, load_task, task_names
from operators.operator import TIMED
from tests.fakes.entries import STRONG, write_entry

TASKS = task_names()


def entry_of(task: str, folder: Path) -> Entry:
    return Entry(folder, load_task(task), ("Ada",), "MIT", f"{task}.py:{task}")


@pytest.mark.parametrize("task", TASKS)
def test_every_row_is_answered_by_the_entry_alone(task: str, tmp_path: Path) -> None:
    entry = entry_of(task, tmp_path)
    rows = rows_of(entry, large=True)
    assert set(entry.task.rows) <= set(rows)
    assert any(name.endswith(".large") for name in rows)
    for name, row in rows.items():
        assert list(row.providers) == [ENTRY], name
        assert inner(row.providers[ENTRY]).startswith(f"{tmp_path}/{task}.py:"), name
        assert row.reference.startswith("operators.references."), name


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_calls_that_are_timed(task: str, tmp_path: Path) -> None:
    rows = rows_of(entry_of(task, tmp_path))
    assert any(sample.kind == TIMED for row in rows.values() for sample in row.samples)


def test_defect_7_what_is_timed_comes_from_no_file_of_the_entry(tmp_path: Path) -> None:
    write_entry(tmp_path / "plain")
    write_entry(tmp_path / "cunning", shapes="SHAPES = [(1, 1)]\n")
    (tmp_path / "cunning" / "pixel_shuffle.toml").write_text('["challenge.pixel_shuffle"]\ncalls = ["T[4, 1, 1], 2"]\n')
    both = [rows_of(read_entry(tmp_path / name)) for name in ("plain", "cunning")]
    assert both[0].keys() == both[1].keys()
    assert all(both[0][name].samples == both[1][name].samples for name in both[0])


def test_a_digest_changes_with_any_byte(tmp_path: Path) -> None:
    first = digest_of(read_entry(write_entry(tmp_path / "one")))
    assert first == digest_of(read_entry(write_entry(tmp_path / "two")))
    assert first != digest_of(read_entry(write_entry(tmp_path / "three", STRONG + "\n")))
