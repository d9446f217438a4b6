"""pixel_shuffle: channels become pixels, the step by which a network of small images makes a large one.

    out[..., c, h r + i, w r + j] = x[..., (c r + i) r + j, h, w]        x: (..., C r r, H, W), out: (..., C, H r, W r)

Definition: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
Network", 2016; schema: aten::pixel_shuffle. Any type, any number of leading dimensions.

How the work is split: the output is rows of pixels, one for each image, channel and line. A program does a tile of rows x
columns of the input x r neighbours: it reads along w and writes along (w, j), both without gaps, and the exchange between
the two orders happens inside the processor.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise, rows
from operators.kernels.outputs import require, require_tensor

TILE = 2048


@triton.jit
def pixel_shuffle_kernel(
    out,
    x,
    total_rows,
    height,
    width,
    FACTOR: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    PADDED: tl.constexpr,
):
    """One program does `ROWS` lines of the output, `COLUMNS` columns of the input; `PADDED` is FACTOR as a power of two."""
    tiles = tl.cdiv(width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)[:, None, None]
    w = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :, None]
    j = tl.arange(0, PADDED)[None, None, :]
    channel, line = row // (height * FACTOR), row % (height * FACTOR)
    h, i = line // FACTOR, line % FACTOR
    source = ((channel * FACTOR + i) * FACTOR + j).to(tl.int64) * height * width + h * width + w
    inside = (row < total_rows) & (w < width) & (j < FACTOR)
    value = tl.load(x + source, mask=inside)
    tl.store(out + row.to(tl.int64) * width * FACTOR + w * FACTOR + j, value, mask=inside)


def pixel_shuffle(input: torch.Tensor, upscale_factor: int) -> torch.Tensor:
    """(..., C r r, H, W) as (..., C, H r, W r)."""
    require_tensor(input, "input")
    require(isinstance(upscale_factor, int), f"upscale_factor is {upscale_factor!r}, not an integer", TypeError)
    require(input.dim() >= 3, f"pixel_shuffle expects input to have at least 3 dimensions, but got {input.dim()}")
    require(upscale_factor > 0, f"pixel_shuffle expects a positive upscale_factor, but got {upscale_factor}")
    require(not input.is_complex(), "pixel_shuffle is not implemented for complex numbers")
    *leading, channels, height, width = input.shape
    square = upscale_factor * upscale_factor
    require(channels % square == 0, f"pixel_shuffle expects channels divisible by {square}, but got {channels}")
    shape = (*leading, channels // square, height * upscale_factor, width * upscale_factor)
    out = torch.empty(shape, dtype=input.dtype, device=input.device)
    if out.numel():
        total = math.prod(shape[:-1])
        padded = triton.next_power_of_2(upscale_factor)
        high, wide = rows.tile(total, width, max(1, TILE // padded))
        pixel_shuffle_kernel[rows.grid(total, width, high, wide)](
            out,
            pointwise.contiguous(input),
            total,
            height,
            width,
            FACTOR=upscale_factor,
            ROWS=high,
            COLUMNS=wide,
            PADDED=padded,
        )
    return out
