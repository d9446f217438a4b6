"""Entries that do nothing wrong pass unharmed: our own kernels, as an entrant would hand them in."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.cell import Cell
from matrix.challenge.arena import judge as arena
from matrix.challenge.entry import read_entry
from matrix.challenge.rows import rows_of
from matrix.challenge.task import interpreter, load_task
from matrix.outcome import Evidence, Outcome
from matrix.plan import lacking
from operators.case import Case

SLOW = ("timed", "large")
TOML = 'task = "{task}"\nlicence = "MIT"\nprovider = "kernel.py:{task}"\n[[team]]\nname = "Ada"\n'
# Samples of a task by their beginning, and how many cells of each row: what takes the interpreter long is left out.
CHOSEN = {
    "log10": ("typical-1", "scalar", "empty", "one", "strided", "transposed", "expanded", "nan", "extreme", "illegal"),
    "roll": ("typical-1", "empty", "one", "strided"),
    "median": ("typical-0", "typical-1", "empty", "one", "nan", "strided", "illegal"),
    "scatter_reduce": ("typical-0", "typical-1", "empty", "one", "nan"),
    "svd": ("one", "typical-1", "empty", "illegal"),
}
MOST = 5


def write_ours(folder: Path, task: str) -> Path:
    """An entry that is our own kernel of a task."""
    folder.mkdir()
    names = sorted({each.rpartition(":")[2] for each in load_task(task).functions(f"kernel.py:{task}").values()})
    (folder / "kernel.py").write_text(f"from operators.kernels.{task} import {', '.join(names)}\n", encoding="utf-8")
    (folder / "entry.toml").write_text(TOML.format(task=task), encoding="utf-8")
    return folder


def cells_of(folder: Path, kinds: tuple[str, ...]) -> list[Cell]:
    """The first cells of each row with samples of these kinds."""
    profile, found = interpreter(), []
    for operator in rows_of(read_entry(folder)).values():
        cases = [
            Case(operator, "entry", dtype, sample)
            for sample in operator.samples
            if sample.name.startswith(kinds) and sample.kind not in SLOW
            for dtype in (sample.dtypes or operator.dtypes)[:2]
        ]
        found += [Cell(profile, case, Evidence.INTERPRET) for case in cases if lacking(profile, case) is None][:MOST]
    return found


@pytest.mark.parametrize("task", CHOSEN)
def test_our_own_kernels_pass_without_an_alarm(tmp_path: Path, task: str) -> None:
    cells = cells_of(write_ours(tmp_path / "entry", task), CHOSEN[task])
    assert len(cells) >= 3
    results = [arena.judge(cell, lambda _: None) for cell in cells]
    assert [(each.cell, each.detail) for each in results if each.outcome is not Outcome.PASS] == []
    assert all(each.confined for each in results)


def test_a_child_is_warm_over_cells(tmp_path: Path) -> None:
    cells = cells_of(write_ours(tmp_path / "entry", "log10"), ("typical-1", "one"))
    pids = set()
    for cell in cells[:3]:
        assert arena.judge(cell, lambda _: None).outcome is Outcome.PASS
        child = arena.keeping_of(cell).child
        assert child is not None
        pids.add(child.pid)
    assert len(pids) == 1
