"""upsample_nearest2d: every output pixel takes the nearest input pixel; and its gradient.

    out[n, c, y, x] = input[n, c, source(y), source(x)]      source(y) = min(floor(y * scale), height - 1)
    grad_input[n, c, h, w] = sum of grad_output[n, c, y, x] over source(y) = h, source(x) = w

`scale` is 1 / scales_h where that is given, otherwise height / output height, in float32. Definition: aten::upsample_nearest2d,
aten::upsample_nearest2d.out and aten::upsample_nearest2d_backward; tensors are (N, C, H, W).

How the work is split: both kernels see their output as (N * C * rows, columns) and do tiles of it. The source of a row or a
column is worked out once for it. `source` never decreases, so the output pixels that take from one input pixel are an
interval: the gradient adds up an interval and needs no atomic operation, and its order of summation is always the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise, rows
from operators.kernels.outputs import require, require_dtype, require_tensor, result

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.uint8)


@triton.jit
def source_of(place, scale, size):
    """The input row (or column) that an output row takes from."""
    return tl.minimum(tl.floor(place.to(tl.float32) * scale).to(tl.int32), size - 1)


@triton.jit
def first_of(source, scale, size, out_size):
    """The first output row whose source is at least `source`: the estimate of the division, set right by one step."""
    place = tl.ceil(source.to(tl.float32) / scale).to(tl.int32)
    place = tl.minimum(tl.maximum(place, 0), out_size)
    place = tl.where((place > 0) & (source_of(place - 1, scale, size) >= source), place - 1, place)
    place = tl.where((place < out_size) & (source_of(place, scale, size) < source), place + 1, place)
    return tl.where(source >= size, out_size, place)


@triton.jit
def forward_kernel(
    out,
    x,
    total_rows,
    out_height,
    out_width,
    height,
    width,
    scale_h,
    scale_w,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One program does a tile of the output's rows."""
    tiles = tl.cdiv(out_width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    inside = (row < total_rows) & (column < out_width)
    image, y = row // out_height, row % out_height
    source_row = (image * height + source_of(y, scale_h, height)).to(tl.int64)
    value = tl.load(x + source_row * width + source_of(column, scale_w, width), mask=inside)
    tl.store(out + row.to(tl.int64) * out_width + column, value, mask=inside)


@triton.jit
def backward_kernel(
    grad_input,
    grad_output,
    total_rows,
    height,
    width,
    out_height,
    out_width,
    scale_h,
    scale_w,
    SUM: tl.constexpr,
    REACH_H: tl.constexpr,
    REACH_W: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One program does a tile of the input's rows; no interval is longer than `REACH_H` rows or `REACH_W` columns."""
    tiles = tl.cdiv(width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    inside = (row < total_rows) & (column < width)
    image, h = row // height, row % height
    top, bottom = first_of(h, scale_h, height, out_height), first_of(h + 1, scale_h, height, out_height)
    left, right = first_of(column, scale_w, width, out_width), first_of(column + 1, scale_w, width, out_width)
    total = tl.zeros([ROWS, COLUMNS], SUM)
    for down in range(REACH_H):
        line = grad_output + (image * out_height + top + down).to(tl.int64) * out_width
        for across in range(REACH_W):
            taken = inside & (top + down < bottom) & (left + across < right)
            total += tl.load(line + left + across, mask=taken, other=0).to(SUM)
    tl.store(grad_input + row.to(tl.int64) * width + column, total, mask=inside)


def upsample_nearest2d(
    input: torch.Tensor,
    output_size: Sequence[int],
    scales_h: float | None = None,
    scales_w: float | None = None,
    *,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """The input (N, C, H, W) at `output_size`, in `out` if it is given."""
    _check(input, input.shape, output_size)
    shape = (*input.shape[:2], *output_size)
    into = result(out, shape, input.dtype, input)
    require(into.dtype == input.dtype, f"out is {into.dtype} and the input {input.dtype}; they must be one type")
    written = into if into.is_contiguous() else torch.empty(shape, dtype=input.dtype, device=input.device)
    total, width = written.numel() // shape[3], shape[3]
    if total:
        high, wide = rows.tile(total, width)
        forward_kernel[rows.grid(total, width, high, wide)](
            written,
            pointwise.contiguous(input),
            total,
            *shape[2:],
            *input.shape[2:],
            _scale(input.shape[2], shape[2], scales_h),
            _scale(input.shape[3], shape[3], scales_w),
            ROWS=high,
            COLUMNS=wide,
            num_warps=8,
        )
    return into if written is into else pointwise.apply(pointwise.identity, into, written, compute=into.dtype)


def upsample_nearest2d_backward(
    grad_output: torch.Tensor,
    output_size: Sequence[int],
    input_size: Sequence[int],
    scales_h: float | None = None,
    scales_w: float | None = None,
) -> torch.Tensor:
    """The gradient of an input of `input_size`, given that of the output."""
    require(len(input_size) == 4, f"It is expected input_size equals to 4, but got size {len(input_size)}")
    _check(grad_output, input_size, output_size)
    due = (*input_size[:2], *output_size)
    require(tuple(grad_output.shape) == due, f"grad_output has shape {list(grad_output.shape)}, due is {list(due)}")
    grad_input = torch.empty(tuple(input_size), dtype=grad_output.dtype, device=grad_output.device)
    total, width = grad_input.numel() // input_size[3], input_size[3]
    if total:
        high, wide = rows.tile(total, width, 1024)
        scale_h = _scale(input_size[2], output_size[0], scales_h)
        scale_w = _scale(input_size[3], output_size[1], scales_w)
        backward_kernel[rows.grid(total, width, high, wide)](
            grad_input,
            pointwise.contiguous(grad_output),
            total,
            *input_size[2:],
            *output_size,
            scale_h,
            scale_w,
            SUM=pointwise.TRITON_DTYPES[pointwise.compute_dtype(grad_output.dtype)],
            REACH_H=_reach(input_size[2], output_size[0], scale_h),
            REACH_W=_reach(input_size[3], output_size[1], scale_w),
            ROWS=high,
            COLUMNS=wide,
        )
    return grad_input


def _check(tensor: torch.Tensor, input_size: Sequence[int], output_size: Sequence[int]) -> None:
    require_tensor(tensor, "input")
    require_dtype(tensor, DTYPES, "upsample_nearest2d")
    require(len(output_size) == 2, f"It is expected output_size equals to 2, but got size {len(output_size)}")
    require(tensor.dim() == 4, f"Non-empty 4D data tensor expected, but got a tensor with {tensor.dim()} dimensions")
    sizes = (*input_size[1:], *output_size)
    require(all(size > 0 for size in sizes), f"Input and output sizes should be greater than 0, but got {sizes}")


def _scale(size: int, out_size: int, factor: float | None) -> float:
    return 1.0 / factor if factor is not None and factor > 0 else size / out_size


def _reach(size: int, out_size: int, scale: float) -> int:
    """No input pixel gives its value to more output pixels in a line; the last one gives it to all that remain."""
    exact = (
        math.frexp(scale)[0] == 0.5
    )  # a power of two is not rounded: then the intervals are as long as they should be
    longest = math.ceil(1 / scale) + (0 if exact else 1)
    last = math.ceil((size - 1) / scale) if exact else math.floor((size - 1) / scale) - 1
    return max(1, min(out_size, max(longest, out_size - last)))
