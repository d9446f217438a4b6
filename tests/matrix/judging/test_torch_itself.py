"""Torch judged like anybody else holds in every case of the catalogue: inputs, references and bounds are sound."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from backends.profile import Profile
from matrix import providers
from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.columns import Column
from matrix.judging.aten import find_overload
from matrix.judging.judge import judge
from matrix.outcome import Evidence, Outcome, Phase
from matrix.plan import Selection, plan
from operators.catalogue import load_catalogue

HERE = Profile("here", "This CPU", "nobody", "cpu", "CPU", ("run",))


def itself(cell: Cell) -> Callable[..., Any]:
    operator = cell.case.operator
    return find_overload(operator.name) if operator.reference == "aten" else resolve(operator.reference)


@contextmanager
def called_directly(cell: Cell, function: Callable[..., Any], key: str) -> Any:
    yield providers.Provided(function, entered=True)


def by_call(cell: Cell) -> Cell:
    return replace(cell, case=replace(cell.case, operator=replace(cell.case.operator, proof="call")))


@pytest.fixture(scope="module")
def results() -> dict[str, tuple[Outcome, Phase, str]]:
    cells = plan(Selection("quick"), [Column(HERE, Evidence.RUN)], load_catalogue(), ()).cells
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "load", itself)
        patch.setattr(providers, "provided", called_directly)
        for cell in cells:
            result = judge(by_call(cell), lambda _: None)
            found[cell.id.row] = (result.outcome, result.phase, result.detail)
    return found


def test_no_case_fails_before_its_provider_is_called(results: dict[str, tuple[Outcome, Phase, str]]) -> None:
    assert {row: found for row, found in results.items() if found[0] is Outcome.INFRA} == {}


def test_torch_agrees_with_itself(results: dict[str, tuple[Outcome, Phase, str]]) -> None:
    assert len(results) > 1000
    wrong = {row: found for row, found in results.items() if found[0] is Outcome.WRONG}
    assert wrong == {}


def test_torch_raises_only_where_its_cpu_has_no_kernel_for_the_dtype(
    results: dict[str, tuple[Outcome, Phase, str]],
) -> None:
    raised = {row: found for row, found in results.items() if found[0] not in (Outcome.PASS, Outcome.WRONG)}
    assert all("float16" in row for row in raised), raised
