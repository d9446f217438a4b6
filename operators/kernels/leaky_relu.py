"""leaky_relu: the rectifier that lets a share of the negative side through.

    out = x if x > 0 else negative_slope * x

Definition: Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013; schema:
aten::leaky_relu, aten::leaky_relu_, aten::leaky_relu.out, and torch.nn.functional's `inplace`. `x` has any shape and a
floating type. The slope is a constant of a network, so it is one of the kernel too and is as exact as the type.

How the work is split: operators/kernels/pointwise.py.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_tensor, require_writable, result


@triton.jit
def formula(x, negative_slope):
    return tl.where(x > 0, x, x * negative_slope)


def leaky_relu(
    input: torch.Tensor, negative_slope: float = 0.01, inplace: bool = False, *, out: torch.Tensor | None = None
) -> torch.Tensor:
    """Of every element: in the input itself if `inplace`, in `out` if it is given, otherwise in a new tensor."""
    require_tensor(input, "input")
    require(isinstance(negative_slope, int | float), f"negative_slope is {negative_slope!r}, not a number", TypeError)
    require(input.is_floating_point(), f"leaky_relu is not implemented for {input.dtype}; allowed are floating types")
    if inplace:
        require_writable(input)
        into = input
    else:
        into = torch.empty_like(input) if out is None else result(out, input.shape, input.dtype, input)
    compute = pointwise.compute_dtype(input.dtype)
    return pointwise.apply(formula, into, input, compute=compute, parameter=float(negative_slope))


def leaky_relu_(input: torch.Tensor, negative_slope: float = 0.01) -> torch.Tensor:
    """In place."""
    return leaky_relu(input, negative_slope, inplace=True)
