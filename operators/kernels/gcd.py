"""gcd: the greatest common divisor of two integer tensors, element by element.

    gcd(a, b) = gcd(b, a mod b),   gcd(a, 0) = |a|

Definition: Euclid, Elements, book VII, propositions 1 and 2; schema: aten::gcd, aten::gcd_, aten::gcd.out. The tensors
broadcast against each other; the answer is never negative (but for the smallest integer, which has no opposite).

How the work is split: operators/kernels/pointwise.py. A block goes on until its last pair has ended: Euclid's algorithm takes
at most 1.44 log2(n) steps (Lame, 1844), and a pair that has ended stands still. Magnitudes are taken in the type of the
tensors, where that of the smallest integer overflows as it does in torch, and divided as 32 or 64 bits, as machines do.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import (
    require,
    require_dtype,
    require_same_device,
    require_tensor,
    require_writable,
    result,
)

INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


@triton.jit
def formula(x, y):
    WIDE: tl.constexpr = tl.int64 if x.dtype.primitive_bitwidth == 64 else tl.int32
    a = tl.where(x < 0, -x, x).to(WIDE)
    b = tl.where(y < 0, -y, y).to(WIDE)
    while tl.max((a != 0).to(tl.int32)) > 0:
        for _ in tl.static_range(2):  # all threads are asked whether they have ended after every second step
            ended = a == 0
            rest = b % tl.where(ended, 1, a)
            b = tl.where(ended, b, a)
            a = tl.where(ended, a, rest)
    return b


def gcd(self: torch.Tensor, other: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """The greatest common divisor of each pair, in `out` if it is given."""
    dtype = _checked(self, other)
    shape = torch.broadcast_shapes(self.shape, other.shape)
    return _launch(result(out, shape, dtype, self), self, other, dtype)


def gcd_(self: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """In place; `other` broadcasts to the shape of `self`."""
    dtype = _checked(self, other)
    require_writable(self)
    shape = torch.broadcast_shapes(self.shape, other.shape)
    require(self.shape == shape, f"self has shape {list(self.shape)}, which doesn't match the broadcast {list(shape)}")
    require(torch.can_cast(dtype, self.dtype), f"result type {dtype} can't be cast to {self.dtype}")
    return _launch(self, self, other, dtype)


def _checked(self: torch.Tensor, other: torch.Tensor) -> torch.dtype:
    for name, tensor in (("self", self), ("other", other)):
        require_tensor(tensor, name)
        require_dtype(tensor, INTEGERS, "gcd")
    require_same_device(self, other)
    return torch.result_type(self, other)


def _launch(out: torch.Tensor, self: torch.Tensor, other: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return pointwise.apply(formula, out, self, other, compute=dtype, largest_block=1024)
