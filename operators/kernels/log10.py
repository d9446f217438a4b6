"""log10: the logarithm to base 10 of every element.

    out = log10(x)        log10(0) = -inf, log10(x < 0) = NaN, log10(inf) = inf

Definition: ISO/IEC 9899 (C), 7.12.6.8; schema: aten::log10, aten::log10_, aten::log10.out. `x` has any shape; integers and
bool give the default floating type. Half precision is computed in float32 and rounded once.

How the work is split: operators/kernels/pointwise.py. The function is bound by memory: it reads and writes each element
once, and the logarithm is hidden behind that.
"""

from __future__ import annotations

import torch
import triton
from triton.language.extra import libdevice

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_tensor, require_writable, result


@triton.jit
def formula(x, parameter):
    return libdevice.log10(x)


def log10(self: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """log10 of every element, in `out` if it is given."""
    require_tensor(self, "self")
    require(not self.is_complex(), "log10 is not implemented for complex numbers")
    dtype = pointwise.floating_result(self.dtype)
    into = torch.empty_like(self, dtype=dtype) if out is None else result(out, self.shape, dtype, self)
    return pointwise.apply(formula, into, self, compute=pointwise.compute_dtype(dtype))


def log10_(self: torch.Tensor) -> torch.Tensor:
    """log10 of every element, in place."""
    require_tensor(self, "self")
    require(self.is_floating_point(), f"result type Float can't be cast to the desired output type {self.dtype}")
    require_writable(self)
    return pointwise.apply(formula, self, self, compute=pointwise.compute_dtype(self.dtype))
