"""Does torch accept a call on the CPU, and at which dtypes? Every candidate is really called before it is written."""

from __future__ import annotations

from typing import Any

import torch

from operators.call import Call, LikeSpec
from operators.harvest.drawing import HALVES, draw_call
from operators.harvest.notation import output_names

DTYPES = ("float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, OverflowError, ZeroDivisionError)


def accepts(target: Any, call: Call, dtype: torch.dtype) -> bool:
    """Does torch take this call at this dtype?"""
    return refusal(target, call, dtype) is None


def refusal(target: Any, call: Call, dtype: torch.dtype) -> str | None:
    """What torch says against the call, in its first line; None where it takes it."""
    torch.manual_seed(0)
    try:
        outputs = functional_outputs(target, call, dtype) if _wants_outputs(call) else None
        args, kwargs = draw_call(call, dtype, outputs)
        target(*args, **kwargs)
    except REFUSALS as error:
        return (str(error).splitlines() or [type(error).__name__])[0]
    return None


def _wants_outputs(call: Call) -> bool:
    return any(isinstance(value, LikeSpec) for value in call.kwargs.values())


def functional_outputs(target: Any, call: Call, dtype: torch.dtype) -> list[torch.Tensor]:
    """The outputs of the same call without `out`, for the overload that has the same other arguments."""
    outs = output_names(target._schema)  # noqa: SLF001
    wanted = [argument.name for argument in target._schema.arguments if argument.name not in outs]  # noqa: SLF001
    plain = Call(call.args, {name: value for name, value in call.kwargs.items() if name not in outs})
    packet = target.overloadpacket
    for overload in packet.overloads():
        candidate = getattr(packet, overload)
        schema = candidate._schema  # noqa: SLF001
        if not output_names(schema) and [argument.name for argument in schema.arguments] == wanted:
            args, kwargs = draw_call(plain, dtype)
            found = candidate(*args, **kwargs)
            return [found] if isinstance(found, torch.Tensor) else list(found)
    raise ValueError(f"{target} has no functional overload with the same arguments")


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
