"""From a recorded call to its notation: what the values of each argument looked like becomes a rule to draw them by."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

import torch

from operators.call import Call, LikeSpec, Scalar, TensorSpec, Value
from operators.harvest.facts import Recorded, TensorFact, facts_in

FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

# Statistics of a normalisation, kept in the accumulator's type by every device.
STATISTICS = {
    "native_layer_norm_backward": ("mean", "rstd"),
    "native_group_norm_backward": ("mean", "rstd"),
    "native_batch_norm_backward": ("save_mean", "save_invstd"),
    "_weight_norm_interface_backward": ("saved_norms",),
}
WIDE = 10  # further out nothing new is met that .extreme() does not meet
# torch's samples of these are positive for no reason that the operator has.
MEANT = 8  # fewer values are on one side of zero by chance
UNBOUNDED = ("rms_norm", "native_batch_norm")
# A divisor must not be zero where the operator works on integers as well.
DIVISORS = ("floor_divide", "remainder", "div", "divide", "true_divide", "fmod")


@dataclass
class Domain:
    """What range the tensors of one argument had, over all calls of an overload."""

    low: float = math.inf
    high: float = -math.inf
    seen: int = MEANT

    def widen(self, fact: TensorFact) -> None:
        self.seen += fact.elements
        self.low, self.high = min(self.low, fact.low), max(self.high, fact.high)


def domains_of(calls: Iterable[Recorded]) -> dict[tuple[str, str], dict[str, Domain]]:
    """The range of every argument of every overload, for each OpInfo that led to it."""
    domains: dict[tuple[str, str], dict[str, Domain]] = {}
    for recorded in calls:
        ranges = domains.setdefault((recorded.overload, recorded.source), {})
        for name, value in recorded.arguments.items():
            for fact in facts_in(value):
                if fact.elements:
                    ranges.setdefault(name, Domain(seen=0)).widen(fact)
    return domains


def write_call(arguments: dict[str, Any], schema: Any, recorded: Recorded, domains: dict[str, Domain]) -> Call:
    """The call of one entry: leading arguments by position, those with defaults by name."""
    positional: list[Value] = []
    named: dict[str, Value] = {}
    for argument in schema.arguments:
        if argument.name not in arguments:
            continue
        domain = domains.get(argument.name, Domain())
        value = _value(arguments[argument.name], argument.name, schema.name, recorded, domain)
        by_position = not (argument.kwarg_only or named or argument.has_default_value())
        if by_position or iskeyword(argument.name):
            positional.append(value)
        else:
            named[argument.name] = value
    return Call(tuple(positional), named)


def _value(value: Any, name: str, schema_name: str, recorded: Recorded, domain: Domain) -> Value:
    if isinstance(value, list):
        return [_value(item, name, schema_name, recorded, domain) for item in value]
    if not isinstance(value, TensorFact):
        return value  # type: ignore[no-any-return]
    packet = schema_name.removeprefix("aten::").rstrip("_")
    dtype = _dtype(value, name, packet, recorded)
    fill, fill_args = _fill(value, dtype, domain)
    if name.startswith("grad") and fact_is_float(value):
        fill, fill_args = "default", ()
    if packet in UNBOUNDED and name in ("input", "weight", "bias", "running_mean") and fill == "between":
        fill, fill_args = "default", ()
    if name == "other" and packet in DIVISORS:
        fill, fill_args = "between", (1, 9)
    return TensorSpec(value.shape, dtype, fill, fill_args, strides=value.strides)


def fact_is_float(fact: TensorFact) -> bool:
    return fact.dtype in FLOATS


def _dtype(fact: TensorFact, name: str, packet: str, recorded: Recorded) -> str:
    if name in STATISTICS.get(packet, ()):
        return "acc"
    return "T" if fact.dtype == recorded.dtype else str(fact.dtype).removeprefix("torch.")


def _fill(fact: TensorFact, dtype: str, domain: Domain) -> tuple[str, tuple[Scalar, ...]]:
    if fact.dtype is torch.bool or not fact.elements:
        return "default", ()
    if fact.dtype in FLOATS:
        return ("special", ()) if fact.special else _range(domain)
    if dtype == "T":
        return _range(domain) if domain.low >= 0 else ("default", ())
    if fact.shuffled and fact.elements > fact.shape[-1]:
        return "permutation", ()
    if fact.values is not None:
        return "values", fact.values
    return ("permutation", ()) if fact.shuffled else ("between", (int(fact.low), int(fact.high)))


def _range(domain: Domain) -> tuple[str, tuple[Scalar, ...]]:
    """The rule for floats: the default unless the operator's domain shows in the values."""
    low, high = domain.low, domain.high
    if low > high:
        return "default", ()
    if max(-low, high) > WIDE:
        low, high = (1, WIDE) if low > 0 else (0, WIDE) if low == 0 else (-WIDE, WIDE)
    if low == high:
        return "fill", (_whole(low),)
    if low >= 0 and (domain.seen >= MEANT or high <= 1):
        return "between", (_below(low), _above(high))
    if low >= 0 or high <= 0:
        return "default", ()
    if low >= -1 and high <= 1:
        return "between", (-1, 1) if 1 in (-low, high) else (-0.99, 0.99)
    return "default", ()


def _below(low: float) -> float | int:
    """A lower end that stays in the domain: positive stays positive, 1 and above stays so."""
    if low == 0:
        return 0
    return math.floor(low) if low >= 1 else max(0.01, math.floor(low * 100) / 100)


def _above(high: float) -> float | int:
    if high > 1:
        return math.ceil(high)
    return 1 if high == 1 else min(0.99, math.ceil(high * 100) / 100)


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 3)


def output_names(schema: Any) -> list[str]:
    """The keyword-only arguments that an `out` variant writes to."""
    return [argument.name for argument in schema.arguments if argument.is_out]


def with_outputs(call: Call, schema: Any) -> Call:
    """The call with every output argument as an uninitialised tensor of the right shape."""
    return Call(call.args, call.kwargs | {name: LikeSpec(n) for n, name in enumerate(output_names(schema))})
