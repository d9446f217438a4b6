"""Cells of entries that are written on the spot, judged by the arena's own judge with one keeper for all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backends.profile import Limits
from matrix.cell import Cell
from matrix.challenge.arena import judge as arena
from matrix.challenge.entry import read_entry
from matrix.challenge.rows import rows_of
from matrix.challenge.task import interpreter
from matrix.outcome import Evidence
from matrix.result import Result
from operators.case import Case
from tests.fakes.hostile import write_hostile

LIMITS = Limits(seconds=20.0, memory_gib=1.0)
SECRET = "API_TOKEN_OF_THE_CALLER"
Judged = Callable[..., Result]


@pytest.fixture(scope="session", autouse=True)
def ended() -> Iterator[None]:
    """The keeper that the tests share is ended with them. It is started with a secret beside it."""
    os.environ[SECRET] = "s3cret"
    yield
    arena.end()
    del os.environ[SECRET]


def cells_of(folder: Path, row: str, sample: str = "typical-1", dtype: str = "float32", seconds: float = 20.0) -> Cell:
    """One cell of an entry."""
    operator = rows_of(read_entry(folder))[row]
    case = Case(operator, "entry", dtype, next(each for each in operator.samples if each.name == sample))
    profile = replace(interpreter(), limits=replace(LIMITS, seconds=seconds))
    return Cell(profile, case, Evidence.INTERPRET)


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    """What a hostile entry comes to."""

    def judge(name: str, elsewhere: Path | None = None, seconds: float = 20.0, **files: str) -> Result:
        folder = write_hostile(tmp_path / "entry", name, elsewhere, **files)
        return arena.judge(cells_of(folder, "challenge.log10", seconds=seconds), lambda _: None)

    return judge
