"""Does torch accept a call on the CPU, and at which dtypes? Every candidate is really called before it is written."""

from __future__ import annotations

import math
from typing import Any

import torch

from operators.call import Call, LikeSpec
from operators.edges import call_tensors
from operators.harvest.drawing import HALVES, draw_call
from operators.harvest.notation import output_names

DTYPES = ("float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
SMALL, MANY = 4, 5  # a tensor of up to so many elements is drawn so many times
REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, OverflowError, ZeroDivisionError)

# Types at which torch's answer is an accident of a cast: a bound of -1 becomes 255, and a difference below 0 wraps before it is
# promoted. An operator that answers otherwise is not wrong, so it is not asked.
ACCIDENTAL = dict.fromkeys(
    ("clamp", "clamp_", "clamp_min", "clamp_min_", "clip", "clip_", "linspace", "margin_ranking_loss"), ("uint8",)
)


class NoInputsError(ValueError):
    """The notation has no values for this dtype: no whole number lies between 0.1 and 0.9."""


def accepts(target: Any, call: Call, dtype: torch.dtype) -> bool:
    """Does torch take this call at this dtype, whatever values are drawn?"""
    try:
        return all(refusal(target, call, dtype, seed) is None for seed in _seeds(call))
    except NoInputsError:
        return False


def refuses(target: Any, call: Call, dtype: torch.dtype) -> bool:
    """Does torch refuse this call at this dtype, whatever values are drawn?"""
    try:
        return all(refusal(target, call, dtype, seed) is not None for seed in _seeds(call))
    except NoInputsError:
        return False


def _seeds(call: Call) -> range:
    """Few values leave more to chance: one element is negative every other time."""
    smallest = min((math.prod(spec.shape) for spec in call_tensors(call)), default=0)
    return range(MANY if 0 < smallest <= SMALL else 1)


def refusal(target: Any, call: Call, dtype: torch.dtype, seed: int = 0) -> str | None:
    """What torch says against the call, in its first line; None where it takes it.

    Raises NoInputsError where the call cannot be made in the first place.
    """
    torch.manual_seed(seed)
    try:
        draw_call(Call(call.args), dtype, seed=seed)
    except (RuntimeError, ValueError) as error:
        raise NoInputsError(str(error)) from error
    try:
        outputs = functional_outputs(target, call, dtype, seed) if _wants_outputs(call) else None
        args, kwargs = draw_call(call, dtype, outputs, seed)
        target(*args, **kwargs)
    except REFUSALS as error:
        return (str(error).splitlines() or [type(error).__name__])[0]
    return None


def _wants_outputs(call: Call) -> bool:
    return any(isinstance(value, LikeSpec) for value in call.kwargs.values())


def functional_outputs(target: Any, call: Call, dtype: torch.dtype, seed: int = 0) -> list[torch.Tensor]:
    """The outputs of the same call without `out`, for the overload that has the same other arguments."""
    outs = output_names(target._schema)  # noqa: SLF001
    plain = Call(call.args, {name: value for name, value in call.kwargs.items() if name not in outs})
    packet = target.overloadpacket
    for overload in packet.overloads():
        candidate = getattr(packet, overload)
        if _inputs(candidate) == _inputs(target) and not output_names(candidate._schema):  # noqa: SLF001
            args, kwargs = draw_call(plain, dtype, seed=seed)
            found = candidate(*args, **kwargs)
            return [found] if isinstance(found, torch.Tensor) else list(found)
    raise ValueError(f"{target} has no functional overload with the same arguments")


def _inputs(target: Any) -> list[tuple[str, str]]:
    return [(argument.name, str(argument.type)) for argument in target._schema.arguments if not argument.is_out]  # noqa: SLF001


def accepted_dtypes(
    target: Any, call: Call, device_dtypes: frozenset[torch.dtype], *, own: bool, native: bool
) -> tuple[str, ...]:
    """The dtypes at which the call has a reference and a GPU takes it.

    A half type that the CPU has no kernel for stays in, if the GPU has one and float64 works: the reference is computed
    in float64, unless it is held against the native operator. Types that only the CPU takes (whole numbers in a
    matrix product) are left out, where the OpInfo of the very operator says so.
    """
    found = [name for name in DTYPES if accepts(target, call, getattr(torch, name))]
    if "float32" in found and not native and accepts(target, call, torch.float64):
        found += [str(half).removeprefix("torch.") for half in device_dtypes & set(HALVES)]
    if own:
        found = [name for name in found if getattr(torch, name) in device_dtypes]
    kept = tuple(name for name in DTYPES if name in found)
    return kept or (("float64",) if accepts(target, call, torch.float64) else ())
