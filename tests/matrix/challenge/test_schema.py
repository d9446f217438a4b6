"""Schemas, and functions held against them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from matrix.challenge.schema import Parameter, differences, parse_schema
from matrix.challenge.task import ADAPTERS, OURS, load_task, task_names


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    return [
        Parameter(each.name, None if each.default is each.empty else repr(each.default), each.kind is each.KEYWORD_ONLY)
        for each in inspect.signature(function).parameters.values()
    ]


def test_a_schema_is_read() -> None:
    schema = parse_schema("f.two(Tensor self, int[2] size=[1, 2], *, Tensor(a!) out) -> (Tensor, Tensor); a remark")
    assert schema.name == "f.two"
    assert schema.remark == "a remark"
    assert schema.parameters == (
        Parameter("self", None, False, "Tensor"),
        Parameter("size", "[1, 2]", False, "int[2]"),
        Parameter("out", None, True, "Tensor(a!)"),
    )


@pytest.mark.parametrize("name", task_names())
def test_the_kernels_of_this_project_are_as_their_schemas_want_them(name: str) -> None:
    task = load_task(name)
    by_function: dict[str, list[str]] = {}
    for row in task.rows.values():
        address = row.providers[OURS]
        address = f"operators.kernels.{name}:{name}" if address.startswith(ADAPTERS) else address
        by_function.setdefault(address, []).append(row.schema or "")
    for address, texts in by_function.items():
        module, _, function = address.partition(":")
        found = parameters(getattr(importlib.import_module(module), function))
        assert differences([parse_schema(text) for text in texts], found) == []


def right(self: Any, shifts: Any, dims: Any = None, *, flat: bool = True) -> None: ...
def as_torch(input: Any, shifts: Any, dims: Any = (), *, flat: bool = True) -> None: ...  # noqa: A002
def other_order(shifts: Any, self: Any, dims: Any = None, *, flat: bool = True) -> None: ...
def other_default(self: Any, shifts: Any, dims: Any = 1, *, flat: bool = False) -> None: ...
def no_default(self: Any, shifts: Any, dims: Any, *, flat: bool) -> None: ...
def too_few(self: Any, *, flat: bool = True) -> None: ...
def too_many(self: Any, shifts: Any, dims: Any = None, extra: int = 1, *, flat: bool = True, more: int = 1) -> None: ...
def no_keyword(self: Any, shifts: Any, dims: Any = None) -> None: ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (right, []),
        (as_torch, []),
        (other_order, ["parameter 1 is 'shifts'", "parameter 2 is 'self'"]),
        (other_default, ["'dims' has the default 1", "'flat' has the default False"]),
        (no_default, ["'dims' has no default", "'flat' has no default"]),
        (too_few, ["parameter 2 is nothing", "parameter 3 is nothing"]),
        (too_many, ["'extra' is no parameter", "'more' is no parameter"]),
        (no_keyword, ["the keyword 'flat' of the schema is missing"]),
    ],
)
def test_what_differs_is_said(function: Callable[..., Any], said: list[str]) -> None:
    schema = parse_schema("roll(Tensor self, SymInt[1] shifts, int[1] dims=[], *, bool flat=True) -> Tensor")
    found = differences([schema], parameters(function))
    assert len(found) == len(said)
    for sentence, start in zip(found, said, strict=True):
        assert sentence.startswith(start)


def test_a_function_of_two_forms_takes_the_keyword_of_the_second() -> None:
    schemas = [
        parse_schema("f(Tensor self) -> Tensor"),
        parse_schema("f.out(Tensor self, *, Tensor(a!) out) -> Tensor"),
    ]
    assert differences(schemas, [Parameter("self"), Parameter("out", "None", True)]) == []
    assert differences(schemas, [Parameter("self")]) == ["the keyword 'out' of the schema is missing"]
    assert differences(schemas, [Parameter("self"), Parameter("out", None, True)]) != [], "the first form has no out"
