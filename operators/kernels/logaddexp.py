"""logaddexp: the logarithm of the sum of exponentials of two tensors, without leaving the range of the type.

    out = log(exp(x) + exp(y)) = max(x, y) + log1p(exp(-|x - y|))

The second form never raises a large number: the exponent is at most 0. Two infinities of one sign differ by NaN and are
their own answer. Definition: numpy.logaddexp; schema: aten::logaddexp, aten::logaddexp.out. `x` and `y` broadcast against
each other; floating types only, the wider one is the result's.

How the work is split: operators/kernels/pointwise.py, with a stride of 0 where a tensor is broadcast.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_same_device, require_tensor, result


@triton.jit
def formula(x, y):
    larger = tl.where((x > y) | (x != x), x, y)  # the NaN, if there is one
    distance = tl.abs(x - y)
    softened = larger + libdevice.log1p(tl.exp(-distance))
    return tl.where(x == y, tl.where(tl.abs(x) == float("inf"), x, softened), softened)


def logaddexp(self: torch.Tensor, other: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """log(exp(self) + exp(other)), in `out` if it is given."""
    require_tensor(self, "self")
    require_tensor(other, "other")
    require_same_device(self, other)
    dtype = torch.result_type(self, other)
    require(dtype.is_floating_point, f"logaddexp is not implemented for {dtype}; allowed are floating types")
    shape = torch.broadcast_shapes(self.shape, other.shape)
    into = result(out, shape, dtype, self)
    return pointwise.apply(formula, into, self, other, compute=pointwise.compute_dtype(dtype))
