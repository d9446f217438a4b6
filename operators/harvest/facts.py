"""What is kept of a recorded call: shapes, layouts and the range of the values, under the names of its schema."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from operators.call import DeviceSpec, DTypeSpec, FormatSpec

LISTED = 32  # integer tensors up to this many elements are written value by value


class ForeignValueError(ValueError):
    """A recorded value has no notation: a generator, a complex number, a sparse tensor."""


@dataclass(frozen=True)
class TensorFact:
    """One recorded tensor. `strides` is None for a contiguous one; `values` are kept of small integer tensors."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    strides: tuple[int, ...] | None = None
    low: float = 0.0
    high: float = 0.0
    special: bool = False
    shuffled: bool = False
    values: tuple[int, ...] | None = None

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Recorded:
    """One call that reached ATen: its overload, its arguments by name, and the OpInfo and dtype that led to it.

    `device_dtypes` are those that the OpInfo says a GPU takes.
    """

    overload: str
    arguments: dict[str, Any]
    source: str
    dtype: torch.dtype
    device_dtypes: frozenset[torch.dtype] = field(default_factory=frozenset)
    path: str = "direct"

    @property
    def elements(self) -> int:
        return sum(fact.elements for fact in facts_in(self.arguments))

    @property
    def packet(self) -> str:
        return self.overload.partition(".")[0]


def facts_in(value: object) -> list[TensorFact]:
    """Every tensor of an argument, in order."""
    if isinstance(value, TensorFact):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [fact for item in value for fact in facts_in(item)]
    return []


def bind(schema: Any, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
    """Arguments by the names of the schema, without those that equal their default."""
    named: dict[str, object] = {}
    for position, argument in enumerate(schema.arguments):
        if position < len(args) and not argument.kwarg_only:
            value = args[position]
        elif argument.name in kwargs:
            value = kwargs[argument.name]
        else:
            continue
        if (isinstance(value, torch.layout) and value is torch.strided) or argument.name == "pin_memory":
            continue
        if argument.has_default_value() and _same(value, argument.default_value):
            continue
        named[argument.name] = value
    return named


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and not isinstance(value, torch.Tensor) and value == default


def describe(value: object, case_dtype: torch.dtype) -> Any:
    """An argument with its tensors as facts and torch's own types as notation.

    Raises ForeignValueError for what a call cannot say.
    """
    if isinstance(value, torch.Tensor):
        return _tensor_fact(value)
    if isinstance(value, list | tuple):
        return [describe(item, case_dtype) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    for kind, build in _SPECS:
        if isinstance(value, kind):
            return build(value, case_dtype)
    raise ForeignValueError(f"{type(value).__name__} has no notation")


def _dtype_spec(value: Any, case_dtype: torch.dtype) -> DTypeSpec:
    return DTypeSpec("T" if value == case_dtype else str(value).removeprefix("torch."))


_SPECS: tuple[tuple[Any, Callable[[Any, torch.dtype], object]], ...] = (
    (torch.dtype, _dtype_spec),
    (torch.device, lambda _value, _dtype: DeviceSpec()),
    (torch.memory_format, lambda value, _dtype: FormatSpec(str(value).removeprefix("torch."))),
)


def _tensor_fact(tensor: torch.Tensor) -> TensorFact:
    if tensor.layout is not torch.strided or tensor.dtype.is_complex or tensor.is_quantized:
        raise ForeignValueError(f"a tensor of {tensor.dtype}, {tensor.layout} has no notation")
    shape = tuple(tensor.shape)
    strides = None if tensor.is_contiguous() else tuple(tensor.stride())
    if tensor.numel() == 0 or tensor.dtype is torch.bool:
        return TensorFact(shape, tensor.dtype, strides)
    flat = tensor.detach().reshape(-1)
    if tensor.is_floating_point():
        finite = flat[flat.isfinite()].double()
        low, high = (finite.min().item(), finite.max().item()) if finite.numel() else (0.0, 0.0)
        return TensorFact(shape, tensor.dtype, strides, low, high, special=finite.numel() < flat.numel())
    listed = tuple(flat.tolist()) if flat.numel() <= LISTED else None
    shuffled = _is_permutation(tensor)
    return TensorFact(
        shape, tensor.dtype, strides, flat.min().item(), flat.max().item(), shuffled=shuffled, values=listed
    )


def _is_permutation(tensor: torch.Tensor) -> bool:
    """Is every row along the last dimension a shuffle of 0 .. n-1?"""
    if tensor.dim() == 0 or tensor.shape[-1] < 2:
        return False
    ordered = tensor.sort(dim=-1).values
    return bool((ordered == torch.arange(tensor.shape[-1], dtype=tensor.dtype)).all())
