"""Outputs that are positions: any position of an equal value is right, and torch's own choice among ties is not the law."""

from __future__ import annotations

from typing import Any

import torch

from matrix.judging.aten import argument_value
from matrix.judging.inputs import Arguments

# Base name -> schema argument that names the dimension; each returns positions into its first argument.
POSITIONS = {
    "argmax": "dim",
    "argmin": "dim",
    "max": "dim",
    "min": "dim",
    "median": "dim",
    "mode": "dim",
    "kthvalue": "dim",
    "topk": "dim",
    "sort": "dim",
    "cummax": "dim",
    "cummin": "dim",
}
EACH_ONCE = frozenset({"topk", "sort"})


def same_values(operator: str, base: str, arguments: Arguments, got: torch.Tensor, due: torch.Tensor) -> bool:
    """Whether the positions found hold the same values as the positions that are due (ties may fall either way)."""
    if base not in POSITIONS or got.shape != due.shape or not arguments.args:
        return False
    source = arguments.args[0]
    if not isinstance(source, torch.Tensor) or got.numel() == 0:
        return False
    dim = argument_value(operator, arguments, POSITIONS[base])
    source, got, due, axis = _aligned(source, got, due, dim)
    size = source.shape[axis] if source.dim() else 1
    if bool(((got < 0) | (got >= size)).any()):
        return False
    if base in EACH_ONCE and not _each_once(got, axis):
        return False
    picked, wanted = _pick(source, got, axis), _pick(source, due, axis)
    return bool(((picked == wanted) | (picked.isnan() & wanted.isnan())).all())


def _aligned(
    source: torch.Tensor, got: torch.Tensor, due: torch.Tensor, dim: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
    """Flat where no dimension is named, and with the reduced dimension kept otherwise."""
    source = source.to(torch.float64)
    if not isinstance(dim, int):
        return source.reshape(-1), got.reshape(-1), due.reshape(-1), 0
    if source.dim() == 0:
        return source.reshape(1), got.reshape(1), due.reshape(1), 0
    axis = dim % source.dim()
    if got.dim() < source.dim():
        got, due = got.unsqueeze(axis), due.unsqueeze(axis)
    return source, got.to(torch.int64), due.to(torch.int64), axis


def _pick(source: torch.Tensor, positions: torch.Tensor, axis: int) -> torch.Tensor:
    return torch.gather(source, axis, positions.to(torch.int64))


def _each_once(positions: torch.Tensor, axis: int) -> bool:
    ordered = positions.sort(dim=axis).values
    return not bool((ordered.diff(dim=axis) == 0).any())
