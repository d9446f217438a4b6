"""The element type that a reference computes in: the widest there is of what it was given, and at least float32.

A reference is called twice in its life: with every floating input in float64, to say what the answer is, and at the
case's own dtype, to say what a careful implementation reaches there. Both come from the same text.
"""

from __future__ import annotations

from collections.abc import Callable

import torch


def working_dtype(*tensors: torch.Tensor | None) -> torch.dtype:
    """float64 if any of the tensors has it, float32 otherwise."""
    if any(tensor is not None and tensor.dtype == torch.float64 for tensor in tensors):
        return torch.float64
    return torch.float32


def rounded(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The values as a matrix unit of that dtype takes them: rounded to it, and kept as wide as they are.

    In float64 nothing changes. At the case's own dtype a reference rounds so wherever the standard implementation does,
    because from its error the judge learns what can be asked.
    """
    return values.to(dtype).to(values.dtype)


def gradients(
    function: Callable[..., torch.Tensor], inputs: tuple[torch.Tensor, ...], upstream: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """The gradients of `function(*inputs)` with respect to each input, given the gradient of its result."""
    with torch.enable_grad():
        leaves = [tensor.detach().clone().requires_grad_() for tensor in inputs]
        result = function(*leaves)
        return torch.autograd.grad(result, leaves, upstream.to(result.dtype))
