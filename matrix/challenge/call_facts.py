"""What one call of an operator exercises, as levels on axes: dtype, size, rank, layout, values, parameters. In a child only.

The same function looks at the task's own cases and at what an entry's tests call, so that one can be held against the other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

Levels = dict[str, list[str]]
AXES = ("form", "dtype", "size", "rank", "layout", "values", "parameter", "dtype and size", "dtype and rank", "illegal")
# Elements of the largest tensor, up to: 8 x 8 is small, 64 x 64 and 256 x 256 are normal, 1024 x 1024 and 4096 x 4096 large.
SIZES = ((0, "empty"), (1, "one element"), (1024, "small"), (262_144, "normal"))
OUTPUTS = ("out", "values", "indices")
NEAR_THE_END = 0.5  # of a type's range: from there a value is extreme


def levels_of(
    form: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, raised: bool
) -> Levels:
    """The levels that a call has on each axis. One that is refused counts as an illegal call of its form, and as no more."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return {"illegal": [form]} if raised else {}
    given = set(bound.arguments)
    bound.apply_defaults()
    outs = [name for name, value in bound.arguments.items() if name in OUTPUTS and value is not None and name in given]
    name = f"{form}, {' and '.join(outs)} given" if outs else form
    if raised:
        return {"illegal": [form]}
    inputs = {key: value for key, value in bound.arguments.items() if key not in OUTPUTS}
    tensors = [value for value in inputs.values() if isinstance(value, torch.Tensor)]
    found: Levels = {"form": [name], "parameter": sorted(_parameters(form, inputs, given))}
    if not tensors:
        return found
    dtype, rank, size = str(tensors[0].dtype).removeprefix("torch."), f"rank {tensors[0].dim()}", _size(tensors)
    found |= {"dtype": [dtype], "rank": [rank], "size": [size]}
    found |= {"layout": sorted({_layout(tensor) for tensor in tensors}), "values": sorted(_values(tensors))}
    return found | {"dtype and size": [f"{dtype}, {size}"], "dtype and rank": [f"{dtype}, {rank}"]}


def _size(tensors: list[torch.Tensor]) -> str:
    if any(tensor.numel() == 0 for tensor in tensors):
        return SIZES[0][1]
    most = max(tensor.numel() for tensor in tensors)
    return next((name for limit, name in SIZES[1:] if most <= limit), "large")


def _layout(tensor: torch.Tensor) -> str:
    if tensor.is_contiguous():
        return "contiguous" if tensor.storage_offset() == 0 else "starts inside of its memory"
    if any(stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True)):
        return "expanded"
    spread = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return "transposed" if spread == tensor.numel() else "with gaps"


def _values(tensors: list[torch.Tensor]) -> set[str]:
    found = set()
    for tensor in tensors:
        if not tensor.numel() or tensor.dtype is torch.bool or tensor.is_complex():
            continue
        floating = tensor.is_floating_point()
        wide = tensor.detach().to(torch.float64)
        most = torch.finfo(tensor.dtype).max if floating else torch.iinfo(tensor.dtype).max
        finite = wide[torch.isfinite(wide)]
        checks = {
            "NaN": bool(torch.isnan(wide).any()),
            "infinity": bool(torch.isinf(wide).any()),
            "zero": bool((wide == 0).any()),
            "negative": bool((wide < 0).any()),
            "at the end of its type": bool((finite.abs() > NEAR_THE_END * most).any()),
        }
        found |= {name for name, there in checks.items() if there}
    return found


def _parameters(form: str, inputs: Mapping[str, Any], given: set[str]) -> set[str]:
    """`name: level` of every argument that is no tensor; whether one that may be left out was."""
    return {f"{form}, {name}: {level}" for name, value in inputs.items() for level in _levels(value, name in given)}


def _levels(value: object, given: bool) -> list[str]:  # noqa: FBT001 - a fact of the argument, and no switch
    if isinstance(value, torch.Tensor):
        return []
    if not given:
        return ["left out"]
    if value is None or isinstance(value, bool | str):
        return [str(value)]
    if isinstance(value, int | float):
        return [_sign(value)]
    if isinstance(value, list | tuple):
        numbers = {_sign(each) for each in value if isinstance(each, int | float)}
        return [f"{len(value)} numbers" if len(value) <= 5 else "many numbers", *(f"one is {sign}" for sign in numbers)]
    return ["something else"]


def _sign(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - how NaN shows
        return "not finite"
    if value == 0:
        return "zero"
    return "negative" if value < 0 else "one" if value == 1 else "positive"


def add(into: Levels, more: Mapping[str, list[str]]) -> None:
    """Put the levels of another call to those that are there."""
    for axis, levels in more.items():
        into[axis] = sorted({*into.get(axis, []), *levels})


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)
