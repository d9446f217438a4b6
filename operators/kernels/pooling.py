"""The shared part of pooling: the window of a three-dimensional pool, its checks, and how large its output is.

    output = floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1

With `ceil_mode` the quotient is rounded up, but no window may begin in the padding behind the input (torch.nn.MaxPool3d).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from operators.kernels import rows
from operators.kernels.outputs import require, require_dtype, require_tensor

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
AXES = 3
TILE = 512
Sizes = int | Sequence[int]


@dataclass(frozen=True)
class Window:
    """Of each of the three dimensions: kernel, stride, padding and dilation; `ceil` rounds the output's size up."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    ceil: bool

    def output_size(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Raises RuntimeError where nothing would be left."""
        found = tuple(self._along(axis, size) for axis, size in enumerate(sizes))
        require(min(found) > 0, f"Given input size {tuple(sizes)}, the output size {found} is too small")
        return found

    def _along(self, axis: int, size: int) -> int:
        stride, padding = self.stride[axis], self.padding[axis]
        reach = size + 2 * padding - self.dilation[axis] * (self.kernel[axis] - 1) - 1
        count = (reach + (stride - 1 if self.ceil else 0)) // stride + 1
        return count - 1 if self.ceil and (count - 1) * stride >= size + padding else count


def window(kernel: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, *, ceil: bool) -> Window:
    """The arguments of a pool as three numbers each; raises RuntimeError for what torch refuses."""
    sizes = triple(kernel, "kernel_size")
    steps = sizes if stride is None or stride == [] else triple(stride, "stride")
    found = Window(sizes, steps, triple(padding, "padding"), triple(dilation, "dilation"), ceil)
    require(min(sizes) > 0, f"kernel size should be greater than zero, but got {sizes}")
    require(min(steps) > 0, f"stride should be greater than zero, but got {steps}")
    require(min(found.dilation) > 0, f"dilation should be greater than zero, but got {found.dilation}")
    for pad, size in zip(found.padding, sizes, strict=True):
        require(0 <= pad <= size // 2, f"pad should be at most half of kernel size, but got pad={pad}, kernel={size}")
    return found


def triple(value: Sizes, name: str) -> tuple[int, ...]:
    """One number for all three dimensions, or three."""
    found = (value,) * AXES if isinstance(value, int) else tuple(value)
    found = found * AXES if len(found) == 1 else found
    require(len(found) == AXES, f"{name} must be one int or a tuple of three ints, found {value!r}")
    return found


def check_input(input: torch.Tensor, operator: str) -> None:
    """(N, C, D, H, W) or (C, D, H, W), and only N may be empty."""
    require_tensor(input, "input")
    require_dtype(input, DTYPES, operator)
    legal = input.dim() in (AXES + 1, AXES + 2) and 0 not in input.shape[-AXES - 1 :]
    require(legal, f"{operator}: expected a 4D or 5D input of non-zero sizes, but got {list(input.shape)}")


def tiling(shape: Sequence[int]) -> tuple[int, int, int, tuple[int]]:
    """Rows of an output, the rows and columns of a program, and the grid."""
    total = math.prod(shape[:-1])
    high, wide = rows.tile(total, shape[-1], TILE)
    return total, high, wide, rows.grid(total, shape[-1], high, wide)
