"""Torch's own operators by the names that providers register under: lookup, and what a schema says of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from matrix.judging.inputs import Arguments


class NoSuchOperatorError(LookupError):
    """Torch has no operator of that name."""


def find_overload(name: str) -> torch._ops.OpOverload:
    """`add.Tensor` -> `torch.ops.aten.add.Tensor`; a name without overload means `default`."""
    packet_name, _, overload_name = name.partition(".")
    try:
        return getattr(getattr(torch.ops.aten, packet_name), overload_name or "default")  # type: ignore[no-any-return]
    except AttributeError:
        raise NoSuchOperatorError(f"torch {torch.__version__} has no operator aten::{name}") from None


def functional(name: str, arguments: Arguments) -> Callable[..., Any]:
    """What computes the same without writing to an `out=` argument: the packet, which torch resolves by the arguments."""
    if not arguments.like:
        return find_overload(name)
    packet: Callable[..., Any] = getattr(torch.ops.aten, name.partition(".")[0])
    return packet


def written_arguments(name: str, arguments: Arguments) -> tuple[str, ...]:
    """Positions and names of the arguments that the schema says are written to."""
    written = []
    for position, argument in enumerate(_schema_arguments(name)):
        if argument.alias_info is not None and argument.alias_info.is_write:
            written.append(argument.name if argument.name in arguments.kwargs else str(position))
    return tuple(written)


def place_of(name: str, arguments: Arguments, wanted: str) -> str:
    """Where a call has the schema's argument `wanted`: by name, or at its position."""
    names = [argument.name for argument in _schema_arguments(name)]
    return wanted if wanted in arguments.kwargs or wanted not in names else str(names.index(wanted))


def argument_value(name: str, arguments: Arguments, wanted: str, default: Any = None) -> Any:
    """The value that a call gives to the schema's argument `wanted`."""
    if wanted in arguments.kwargs:
        return arguments.kwargs[wanted]
    for position, argument in enumerate(_schema_arguments(name)):
        if argument.name == wanted:
            if position < len(arguments.args):
                return arguments.args[position]
            return argument.default_value if argument.has_default_value() else default
    return default


def _schema_arguments(name: str) -> list[Any]:
    return list(find_overload(name)._schema.arguments)  # noqa: SLF001 - torch's only way to a schema
