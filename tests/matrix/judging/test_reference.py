"""References are computed once, kept, and never trusted when the file is not whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from matrix.cell import Cell
from matrix.judging import reference
from matrix.judging.inputs import draw
from matrix.judging.reference import Answer, answer
from operators.call import parse_call

MakeCell = Callable[..., Cell]


def ask(cell: Cell, folder: Path | None, key: str = "case") -> Answer:
    arguments = draw(parse_call(cell.case.sample.call), "float32", key)
    return answer(cell.case.operator, arguments, key, folder)


def test_the_exact_answer_is_float64_and_the_native_one_is_not(make_cell: MakeCell) -> None:
    found = ask(make_cell("double"), None)
    assert found.exact[0][1].dtype is torch.float64
    assert found.native is not None
    assert found.native[0][1].dtype is torch.float32


def test_a_second_question_is_answered_from_the_disk(make_cell: MakeCell, tmp_path: Path) -> None:
    cell = make_cell("double")
    first, second = ask(cell, tmp_path / "kept"), ask(cell, tmp_path / "kept")
    assert not first.from_cache
    assert second.from_cache
    assert torch.equal(first.exact[0][1], second.exact[0][1])
    assert not ask(cell, tmp_path / "kept", "another case").from_cache


def test_a_torn_file_is_computed_again(make_cell: MakeCell, tmp_path: Path) -> None:
    cell = make_cell("double")
    ask(cell, tmp_path / "kept")
    (file,) = (tmp_path / "kept").rglob("*.answer")
    file.write_bytes(file.read_bytes()[:100])
    assert not ask(cell, tmp_path / "kept").from_cache
    assert ask(cell, tmp_path / "kept").from_cache


def test_what_a_reference_raises_is_kept_too(make_cell: MakeCell, tmp_path: Path) -> None:
    cell = make_cell("double", "T[2, 2]", "picky_reference", raises=True)
    assert "one dimension" in (ask(cell, tmp_path).raised or "")
    assert ask(cell, tmp_path).from_cache


def test_an_out_variant_is_answered_by_the_functional_operator(make_cell: MakeCell) -> None:
    cell = make_cell("into", "T[3], out=like(0)", "aten", name="exp.out", base="exp")
    found = ask(cell, None)
    assert [label for label, _ in found.exact] == ["output", "argument out"]


def test_no_answer_outlives_the_code_that_gave_it(make_cell: MakeCell, tmp_path: Path) -> None:
    cell = make_cell("double")
    ask(cell, tmp_path / "kept")
    file = Path(cell.case.operator.reference.rpartition(":")[0])
    file.write_text(file.read_text() + "\n# another source\n")
    reference._source_digest.cache_clear()
    assert not ask(cell, tmp_path / "kept").from_cache
