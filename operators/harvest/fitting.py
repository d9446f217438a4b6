"""Which recorded calls can stand for an entry: its own, or those of a relative (functional, alias, other overload)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from operators.harvest.entries import Entry
from operators.harvest.facts import Recorded, TensorFact

# Packets that mean the same or take the same arguments: the calls of one serve the other.
RELATIVES: dict[str, tuple[str, ...]] = {
    "__or__": ("bitwise_or",),
    "absolute": ("abs",),
    "arcsinh": ("asinh",),
    "arctanh": ("atanh",),
    "clip": ("clamp",),
    "divide": ("div", "true_divide"),
    "true_divide": ("div",),
    "fill": ("full_like",),
    "greater": ("gt",),
    "lift_fresh_copy": ("clone", "alias_copy"),
    "normal": ("normal_",),
    "zero": ("zeros_like",),
    "_index_put_impl": ("index_put",),
    "_upsample_bicubic2d_aa": ("upsample_bicubic2d",),
    "_upsample_bicubic2d_aa_backward": ("upsample_bicubic2d_backward",),
    "rand_like": ("randn_like",),
}
# What a Scalar argument is given where a relative has a tensor.
SCALARS: dict[str, Any] = {
    "self": 5,
    "test_element": 3,
    "weight": 0.5,
    "exponent": 2,
    "other": 3,
    "value": 3,
    "min": -1,
    "max": 1,
    "element": 3,
}


def schema_of(entry: Entry) -> Any:
    """The schema of an entry, or None where torch's ATen has no such name."""
    packet = getattr(torch.ops.aten, entry.packet, None)
    overload = getattr(packet, entry.overload, None)
    return None if overload is None else overload._schema  # noqa: SLF001


class Pool:
    """All recorded calls, by packet."""

    def __init__(self, calls: list[Recorded]) -> None:
        self.calls: dict[str, list[Recorded]] = {}
        self.errors: dict[str, list[Recorded]] = {}
        for recorded in calls:
            kept = self.errors if recorded.path == "error" else self.calls
            kept.setdefault(recorded.packet, []).append(recorded)

    def refused(self, entry: Entry, schema: Any) -> Iterator[tuple[Recorded, dict[str, Any]]]:
        """Calls of the very operator that torch's tests expect to raise."""
        for packet in dict.fromkeys((entry.packet, entry.functional)):
            for recorded in self.errors.get(packet, ()):
                arguments = fit(recorded.arguments, schema)
                if arguments is not None and is_own(recorded, entry):
                    yield recorded, arguments

    def fitting(self, entry: Entry, schema: Any) -> Iterator[tuple[Recorded, dict[str, Any]]]:
        """Calls with arguments as the entry takes them, from nearer to farther relatives."""
        functional = entry.functional
        packets = dict.fromkeys((entry.packet, functional, functional + "_", *RELATIVES.get(functional, ())))
        calls = [recorded for packet in packets for recorded in self.calls.get(packet, ())]
        for recorded in sorted(calls, key=lambda call: _distance(call, entry)):
            arguments = fit(recorded.arguments, schema)
            if arguments is not None:
                yield recorded, arguments


def _distance(recorded: Recorded, entry: Entry) -> tuple[bool, bool, bool]:
    """Own before foreign, called directly before reached on the way, the very overload before another."""
    return not is_own(recorded, entry), recorded.path != "direct", recorded.overload != entry.name


def is_own(recorded: Recorded, entry: Entry) -> bool:
    """Does the call come from the OpInfo of that very operator?"""
    name = recorded.source.partition(":")[0].partition(" ")[0].rpartition(".")[2]
    packet = entry.functional
    return name in (packet, _plain(packet), *RELATIVES.get(packet, ()))


def _plain(packet: str) -> str:
    """The public name behind an internal one: `layer_norm` of `native_layer_norm_backward`."""
    plain = packet.removeprefix("_").removeprefix("native_")
    for ending in ("_backward_data", "_backward", "_with_indices", "_forward", "_interface"):
        plain = plain.removesuffix(ending)
    return plain


def fit(arguments: dict[str, Any], schema: Any) -> dict[str, Any] | None:
    """The arguments under the names of another schema; None where they do not go in."""
    fitted: dict[str, Any] = {}
    for argument in schema.arguments:
        if argument.is_out:
            continue
        kind = str(argument.type)
        if argument.name in arguments:
            value = _fit_value(arguments[argument.name], argument.name, kind)
        elif argument.has_default_value() or kind.startswith("Optional"):
            continue
        elif kind in ("number", "Scalar") and argument.name in SCALARS:
            value = SCALARS[argument.name]
        else:
            return None
        if value is Ellipsis:
            return None
        fitted[argument.name] = value
    return fitted


def _fit_value(value: Any, name: str, kind: str) -> Any:
    """The value as this kind of argument takes it; Ellipsis where it cannot be."""
    if kind in ("number", "Scalar", "Optional[number]") and isinstance(value, TensorFact):
        return SCALARS.get(name, Ellipsis)
    if kind in ("float", "int") and isinstance(value, TensorFact):
        return Ellipsis
    if kind == "Tensor" and isinstance(value, bool | int | float):
        return TensorFact((), torch.float32, None, min(0.0, value), max(0.0, value))
    if kind in ("Tensor", "Optional[Tensor]") and isinstance(value, str | list):
        return Ellipsis
    return value
