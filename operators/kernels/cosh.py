"""cosh: the hyperbolic cosine of every element.

    out = (exp(x) + exp(-x)) / 2

Definition: ISO/IEC 9899 (C), 7.12.5.4; schema: aten::cosh, aten::cosh_, aten::cosh.out. `x` has any shape; integers and bool
give the default floating type. Computed in float32 (float64 for float64) by the device's library, because exp(x) alone
overflows before cosh(x) does.

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
    return libdevice.cosh(x)


def cosh(self: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """Cosh of every element, in `out` if it is given."""
    require_tensor(self, "self")
    require(not self.is_complex(), "cosh is not implemented for complex numbers")
    dtype = pointwise.floating_result(self.dtype)
    into = torch.empty_like(self, dtype=dtype) if out is None else result(out, self.shape, dtype, self)
    return pointwise.apply(formula, into, self, compute=pointwise.compute_dtype(dtype))


def cosh_(self: torch.Tensor) -> torch.Tensor:
    """Cosh of every element, in place."""
    require_tensor(self, "self")
    require(self.is_floating_point(), f"result type Float can't be cast to the desired output type {self.dtype}")
    require_writable(self)
    return pointwise.apply(formula, self, self, compute=pointwise.compute_dtype(self.dtype))
