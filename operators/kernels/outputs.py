"""Where a result goes: a new tensor, the `out=` that the caller gave, or the input itself, with torch's own refusals."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def require(condition: object, message: str, error: type[Exception] = RuntimeError) -> None:
    """Refuse a call. `message` says what was found and what is allowed."""
    if not condition:
        raise error(message)


def require_tensor(value: object, name: str) -> None:
    """Raises TypeError, as torch does for an argument that is no tensor."""
    require(isinstance(value, torch.Tensor), f"{name} must be a Tensor, not {type(value).__name__}", TypeError)


def require_dtype(tensor: torch.Tensor, allowed: Sequence[torch.dtype], operator: str) -> None:
    """Raises RuntimeError, as torch does for a type that an operator has no kernel for."""
    names = ", ".join(str(dtype).removeprefix("torch.") for dtype in allowed)
    found = str(tensor.dtype).removeprefix("torch.")
    require(tensor.dtype in allowed, f"{operator} is not implemented for {found}; allowed are {names}")


def require_same_device(*tensors: torch.Tensor | None) -> None:
    devices = {str(tensor.device) for tensor in tensors if tensor is not None and tensor.dim()}
    require(len(devices) <= 1, f"expected all tensors to be on the same device, found {' and '.join(sorted(devices))}")


def require_writable(tensor: torch.Tensor) -> None:
    """A tensor that repeats itself (stride 0, as after `expand`) cannot be written to."""
    overlaps = any(stride == 0 and size > 1 for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    require(not overlaps, "more than one element of the written-to tensor refers to one place in memory; clone() it")


def result(out: torch.Tensor | None, shape: Sequence[int], dtype: torch.dtype, like: torch.Tensor) -> torch.Tensor:
    """The tensor to write to: `out`, resized to `shape` as torch does it, or a new contiguous one of `dtype`."""
    if out is None:
        return torch.empty(tuple(shape), dtype=dtype, device=like.device)
    require_tensor(out, "out")
    require(out.device == like.device, f"out is on {out.device} and the input on {like.device}; they must be on one")
    require(
        torch.can_cast(dtype, out.dtype), f"result type {dtype} can't be cast to the desired output type {out.dtype}"
    )
    require_writable(out)
    if tuple(out.shape) != tuple(shape):
        out.resize_(tuple(shape))
    return out
