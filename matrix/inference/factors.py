"""Operators that a model uses, and the same operators with their results off by a factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from matrix.judging.aten import find_overload

# What only moves numbers, or makes them: a factor in it is a factor in what comes before or after.
MOVES = frozenset(
    {"_to_copy", "clone", "copy_", "expand", "slice", "select", "view", "t", "transpose", "unsqueeze", "_unsafe_view"}
)
MOST = 24


class _Names(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the operators that return new tensors of floating point."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: dict[str, None] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        schema = func._schema  # noqa: SLF001 - torch offers no other way to a schema
        aliases = any(returned.alias_info is not None for returned in schema.returns)
        if isinstance(found, torch.Tensor) and found.is_floating_point() and not aliases:
            name = func.__name__.removesuffix(".default")
            if name.partition(".")[0] not in MOVES and found.numel() > 1:
                self.names[name] = None
        return found


def operators_of(call: Callable[[], object]) -> list[str]:
    """ATen names of the operators that a call comes by and whose results are numbers that it goes on with."""
    with _Names() as seen:
        call()
    return list(seen.names)[:MOST]


def scaled(name: str, factor: float) -> Callable[..., Any]:
    """Torch's own operator, its results times a factor where they are of floating point."""
    native = find_overload(name)

    def function(*args: Any, **kwargs: Any) -> Any:
        found = native(*args, **kwargs)
        return found * factor if isinstance(found, torch.Tensor) and found.is_floating_point() else found

    return function
