"""max_pool3d: the largest element of every window of a volume, and where it stands.

    out[n, c, z, y, x] = max over the window of input[n, c, z s + i d - p, y s + j d - p, x s + k d - p]
    index = (z' H + y') W + x' of the element found, counted in its (D, H, W)

NaN is larger than everything; of equal elements the first one is found. Definition: torch.nn.MaxPool3d; schema:
aten::max_pool3d and aten::max_pool3d_with_indices. Tensors are (N, C, D, H, W) or (C, D, H, W).

How the work is split: as in operators/kernels/avg_pool3d.py. Elements of the padding are no candidates.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise, pooling


@triton.jit
def max_pool3d_kernel(
    out,
    indices,
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
    DILATION: tl.constexpr,
    INDICES: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One program does a tile of the output's rows; the four parts of the window have three numbers each."""
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
    best = tl.full([ROWS, COLUMNS], float("-inf"), x.dtype.element_ty)
    found = tl.full([ROWS, COLUMNS], -1, tl.int32)
    for i in tl.static_range(DOWN):
        z = first_z + i * DILATION[0]
        for j in tl.static_range(ALONG):
            y = first_y + j * DILATION[1]
            there = inside & (z >= 0) & (z < depth) & (y >= 0) & (y < height)
            line_index = (z * height + y) * width
            source = volume + line_index
            for k in tl.static_range(ACROSS):
                place = first_x + k * DILATION[2]
                candidate = there & (place >= 0) & (place < width)
                value = tl.load(source + place, mask=candidate, other=float("-inf"))
                better = candidate & ((value > best) | (value != value) | (found < 0))
                best = tl.where(better, value, best)
                if INDICES:
                    found = tl.where(better, line_index + place, found)
                else:
                    found = tl.where(better, 0, found)
    target = row.to(tl.int64) * out_width + column
    tl.store(out + target, best, mask=inside)
    if INDICES:
        tl.store(indices + target, found, mask=inside)


def max_pool3d(
    input: torch.Tensor,
    kernel_size: pooling.Sizes,
    stride: pooling.Sizes | None = None,
    padding: pooling.Sizes = 0,
    dilation: pooling.Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """The largest elements of the windows, with their int64 indices if asked for; `stride` defaults to the window's size."""
    pooling.check_input(input, "max_pool3d")
    window = pooling.window(kernel_size, stride, padding, dilation, ceil=ceil_mode)
    size = window.output_size(input.shape[-3:])
    out = torch.empty((*input.shape[:-3], *size), dtype=input.dtype, device=input.device)
    indices = torch.empty(out.shape if return_indices else 0, dtype=torch.int64, device=input.device)
    if out.numel():
        total, high, wide, grid = pooling.tiling(out.shape)
        max_pool3d_kernel[grid](
            out,
            indices if return_indices else out,
            pointwise.contiguous(input),
            total,
            *size,
            *input.shape[-3:],
            KERNEL=window.kernel,
            STRIDE=window.stride,
            PADDING=window.padding,
            DILATION=window.dilation,
            INDICES=return_indices,
            ROWS=high,
            COLUMNS=wide,
        )
    return (out, indices) if return_indices else out


def max_pool3d_with_indices(
    input: torch.Tensor,
    kernel_size: pooling.Sizes,
    stride: pooling.Sizes | None = None,
    padding: pooling.Sizes = 0,
    dilation: pooling.Sizes = 1,
    ceil_mode: bool = False,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """Both answers."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)
