"""Cells and node ids: what a record claims is held against itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.adopt.cases import Collected, cases_path, read_cases, write_cases
from matrix.adopt.naming import collection_cell, digest, file_of, is_name_of
from matrix.identity import parse_id

NODE = "tests/test_abs.py::test_abs[dtype0-shape1]"
CELL = f"chip:suite.abs/pytest[dtype=float16,sample=test_abs-dtype0-shape1-{digest(NODE)}]@run"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_cases(cases_path(tmp_path, "001"), [Collected(CELL, NODE, ("abs",))])
    assert read_cases(tmp_path) == {CELL: NODE}


def test_the_first_worker_writes_and_no_other(tmp_path: Path) -> None:
    path = cases_path(tmp_path, "001")
    write_cases(path, [Collected(CELL, NODE)])
    write_cases(path, [])
    assert read_cases(tmp_path) == {CELL: NODE}


@pytest.mark.parametrize(
    ("cell", "node"),
    [
        (CELL, NODE + "x"),
        (CELL.replace("/pytest", "/flag_gems"), NODE),
        (CELL.replace("suite.", "fused."), NODE),
        ("no id", NODE),
        (CELL, ""),
    ],
)
def test_a_line_that_contradicts_itself_is_none(tmp_path: Path, cell: str, node: str) -> None:
    write_cases(cases_path(tmp_path, "001"), [Collected(cell, node)])
    assert read_cases(tmp_path) == {}


@pytest.mark.parametrize("node", ["", "::", "a/b.py", "[]@x.py::y", "é.py::ü", "\ud800.py"])
def test_any_node_has_a_cell_that_parses_back(node: str) -> None:
    cell = collection_cell(node, "chip")
    assert parse_id(str(cell)) == cell
    assert is_name_of(cell, node)


def test_the_file_is_the_row() -> None:
    assert file_of(NODE) == "test_abs"
