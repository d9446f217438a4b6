"""avg_pool3d: the mean of every window of a volume.

    out[n, c, z, y, x] = 1 / divisor * sum over the window of input[n, c, z s + i - p, y s + j - p, x s + k - p]

The divisor is `divisor_override`, or the elements of the window with the padding (`count_include_pad`) or without. Definition:
torch.nn.AvgPool3d; schema: aten::avg_pool3d. Tensors are (N, C, D, H, W) or (C, D, H, W).

How the work is split: the output is rows of pixels along W, one for each (n, c, z, y); a program does a tile of them, and goes
through the window. Neighbouring threads read neighbouring pixels, and what windows share comes from the cache. The loops over
the window are written out by the compiler (`static_range`), so that all its loads are under way at once.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise, pooling
from operators.kernels.outputs import require


@triton.jit
def extent(start, size, KERNEL: tl.constexpr, PADDING: tl.constexpr, COUNT_PADDING: tl.constexpr):
    """How many elements of a window count along one dimension."""
    end = tl.minimum(start + KERNEL, size + PADDING)
    if COUNT_PADDING:
        return end - start
    return tl.minimum(end, size) - tl.maximum(start, 0)


@triton.jit
def avg_pool3d_kernel(
    out,
    x,
    total_rows,
    out_depth,
    out_height,
    out_width,
    depth,
    height,
    width,
    KERNEL: tl.constexpr,
    STRIDE: tl.constexpr,
    PADDING: tl.constexpr,
    COUNT_PADDING: tl.constexpr,
    DIVISOR: tl.constexpr,
    SUM: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One program does a tile of the output's rows; `KERNEL`, `STRIDE` and `PADDING` have three numbers each."""
    DOWN: tl.constexpr = KERNEL[0]
    ALONG: tl.constexpr = KERNEL[1]
    ACROSS: tl.constexpr = KERNEL[2]
    tiles = tl.cdiv(out_width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    inside = (row < total_rows) & (column < out_width)
    image, line = row // (out_depth * out_height), row % (out_depth * out_height)
    first_z = line // out_height * STRIDE[0] - PADDING[0]
    first_y = line % out_height * STRIDE[1] - PADDING[1]
    first_x = column * STRIDE[2] - PADDING[2]
    volume = x + image.to(tl.int64) * depth * height * width
    total = tl.zeros([ROWS, COLUMNS], SUM)
    for i in tl.static_range(DOWN):
        z = first_z + i
        for j in tl.static_range(ALONG):
            y = first_y + j
            there = inside & (z >= 0) & (z < depth) & (y >= 0) & (y < height)
            source = volume + (z * height + y) * width
            for k in tl.static_range(ACROSS):
                place = first_x + k
                total += tl.load(source + place, mask=there & (place >= 0) & (place < width), other=0).to(SUM)
    if DIVISOR is None:
        count = extent(first_z, depth, KERNEL[0], PADDING[0], COUNT_PADDING)
        count *= extent(first_y, height, KERNEL[1], PADDING[1], COUNT_PADDING)
        count = count * extent(first_x, width, KERNEL[2], PADDING[2], COUNT_PADDING)
        total = total / count
    else:
        total = total / DIVISOR
    tl.store(out + row.to(tl.int64) * out_width + column, total, mask=inside)


def avg_pool3d(
    input: torch.Tensor,
    kernel_size: pooling.Sizes,
    stride: pooling.Sizes | None = None,
    padding: pooling.Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> torch.Tensor:
    """The means of the windows; `stride` defaults to the window's own size."""
    pooling.check_input(input, "avg_pool3d")
    require(divisor_override != 0, "divisor must be not zero")
    window = pooling.window(kernel_size, stride, padding, 1, ceil=ceil_mode)
    size = window.output_size(input.shape[-3:])
    out = torch.empty((*input.shape[:-3], *size), dtype=input.dtype, device=input.device)
    if out.numel():
        total, high, wide, grid = pooling.tiling(out.shape)
        avg_pool3d_kernel[grid](
            out,
            pointwise.contiguous(input),
            total,
            *size,
            *input.shape[-3:],
            KERNEL=window.kernel,
            STRIDE=window.stride,
            PADDING=window.padding,
            COUNT_PADDING=count_include_pad,
            DIVISOR=divisor_override,
            SUM=pointwise.TRITON_DTYPES[pointwise.compute_dtype(input.dtype)],
            ROWS=high,
            COLUMNS=wide,
        )
    return out
