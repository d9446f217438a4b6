"""asinh: the inverse hyperbolic sine of every element.

    out = sign(x) log(|x| + sqrt(x x + 1))

Definition: ISO/IEC 9899 (C), 7.12.5.2; schema: aten::asinh, aten::asinh_, aten::asinh.out. `x` has any shape; integers and
bool give the default floating type. Taken literally the formula cancels near 0 and overflows for large x; the device's
library does neither.

How the work is split: operators/kernels/pointwise.py.
"""

from __future__ import annotations

import torch
import triton
from triton.language.extra import libdevice

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_tensor, require_writable, result


@triton.jit
def formula(x, parameter):
    return libdevice.asinh(x)


def asinh(input: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """Asinh of every element, in `out` if it is given."""
    require_tensor(input, "input")
    require(not input.is_complex(), "asinh is not implemented for complex numbers")
    dtype = pointwise.floating_result(input.dtype)
    into = torch.empty_like(input, dtype=dtype) if out is None else result(out, input.shape, dtype, input)
    return pointwise.apply(formula, into, input, compute=pointwise.compute_dtype(dtype))


def asinh_(input: torch.Tensor) -> torch.Tensor:
    """Asinh of every element, in place."""
    require_tensor(input, "input")
    require(input.is_floating_point(), f"result type Float can't be cast to the desired output type {input.dtype}")
    require_writable(input)
    return pointwise.apply(formula, input, input, compute=pointwise.compute_dtype(input.dtype))
