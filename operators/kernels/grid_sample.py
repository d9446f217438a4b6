"""grid_sample: an image (or a volume) read at the places that a grid names, between its pixels.

    out[n, c, p] = sum over pixels q of weight(place(grid[n, p]) - q) input[n, c, q]

A coordinate from -1 to 1 spans the image: to the middles of the outermost pixels with `align_corners`, otherwise to their
edges: place = (g + 1) / 2 (size - 1), or ((g + 1) size - 1) / 2. Outside, `padding_mode` is zeros, border (the nearest pixel)
or reflection (at the middles, or the edges). `mode` is bilinear (in a volume: trilinear), nearest (ties to even) or bicubic
(images only; Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.75).

Definition: Jaderberg et al., "Spatial Transformer Networks", 2015; torch.nn.functional.grid_sample, aten::grid_sampler_2d and
aten::grid_sampler_3d. input: (N, C, H, W) with grid (N, H', W', 2), or (N, C, D, H, W) with (N, D', H', W', 3); x comes first.

How the work is split: a program does a block of places of one image, and `CHANNELS` channels one after another: where a place
lies is worked out once, and read from every channel. An image is a volume of depth 1.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_dtype, require_same_device, require_tensor

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")
CHANNELS = 16
BLOCK = 256
CUBIC = tl.constexpr(-0.75)
FAR = tl.constexpr(-100.0)  # no pixel: where a coordinate is no number, or too large for one


@triton.jit
def place_of(coordinate, size, ALIGN: tl.constexpr):
    """From -1 .. 1 to pixels."""
    if ALIGN:
        return (coordinate + 1) / 2 * (size - 1)
    return ((coordinate + 1) * size - 1) / 2


@triton.jit
def reflect(place, low, span):
    """Back and forth between `low` and `low + span`."""
    distance = tl.abs(place - low)
    span_or_one = tl.where(span == 0, 1, span)
    turns = tl.floor(distance / span_or_one)
    rest = distance - turns * span_or_one
    even = turns - 2 * tl.floor(turns / 2) == 0
    return tl.where(span == 0, 0.0, tl.where(even, rest + low, span - rest + low))


@triton.jit
def bring_inside(place, size, PADDING: tl.constexpr, ALIGN: tl.constexpr):
    """A place as the padding sees it; one that is no number stays outside of zeros and is 0 for the others."""
    if PADDING == "reflection":
        place = reflect(place, 0.0, size - 1.0) if ALIGN else reflect(place, -0.5, size * 1.0)
    if PADDING != "zeros":
        place = tl.minimum(tl.maximum(tl.where(place == place, place, 0.0), 0.0), size - 1.0)
    return tl.where((tl.abs(place) < 2147483000.0), place, FAR)


@triton.jit
def nearest(place):
    """The nearest whole number, the even one of two."""
    up = tl.floor(place + 0.5)
    tie_to_odd = (up - place == 0.5) & (up - 2 * tl.floor(up / 2) == 1)
    return tl.where(tie_to_odd, up - 1, up)


@triton.jit
def cubic_weight(distance):
    """Keys' kernel of a distance from 0 to 2."""
    near = ((CUBIC + 2) * distance - (CUBIC + 3)) * distance * distance + 1
    far = ((CUBIC * distance - 5 * CUBIC) * distance + 8 * CUBIC) * distance - 4 * CUBIC
    return tl.where(distance <= 1, near, far)


@triton.jit
def tap_of(place, tap, size, MODE: tl.constexpr, PADDING: tl.constexpr, ALIGN: tl.constexpr, FLAT: tl.constexpr):
    """Pixel, weight, and whether there is such a pixel, of the tap number `tap` along one dimension."""
    if FLAT:
        pixel = tl.zeros_like(place)
        weight = pixel + 1
    elif MODE == "nearest":
        pixel = nearest(bring_inside(place, size, PADDING, ALIGN))
        weight = tl.zeros_like(place) + 1
    elif MODE == "bilinear":
        place = bring_inside(place, size, PADDING, ALIGN)
        pixel = tl.floor(place) + tap
        weight = 1 - tl.abs(place - pixel)
    else:
        whole = tl.floor(place)
        weight = cubic_weight(tl.abs(place - (whole + tap - 1)))
        pixel = bring_inside(whole + tap - 1, size, PADDING, ALIGN)
    there = (pixel >= 0) & (pixel < size)
    return tl.where(there, pixel, 0).to(tl.int32), weight, there


@triton.jit
def grid_sample_kernel(
    out,
    x,
    grid,
    places,
    channels,
    depth,
    height,
    width,
    MODE: tl.constexpr,
    PADDING: tl.constexpr,
    ALIGN: tl.constexpr,
    AXES: tl.constexpr,
    SUM: tl.constexpr,
    CHANNELS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Axis 0: blocks of places; axis 1: groups of channels; axis 2: images."""
    n = tl.program_id(2).to(tl.int64)
    p = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = p < places
    at = grid + (n * places + p) * AXES
    place_x = place_of(tl.load(at, mask=inside, other=0).to(SUM), width, ALIGN)
    place_y = place_of(tl.load(at + 1, mask=inside, other=0).to(SUM), height, ALIGN)
    place_z = tl.zeros_like(place_x)
    if AXES == 3:
        place_z = place_of(tl.load(at + 2, mask=inside, other=0).to(SUM), depth, ALIGN)
    TAPS: tl.constexpr = 1 if MODE == "nearest" else (2 if MODE == "bilinear" else 4)
    DEEP: tl.constexpr = TAPS if AXES == 3 else 1
    first = tl.program_id(1) * CHANNELS
    for c in range(first, tl.minimum(first + CHANNELS, channels)):
        image = x + (n * channels + c) * depth * height * width
        total = tl.zeros([BLOCK], SUM)
        for i in tl.static_range(DEEP):
            z, weight_z, there_z = tap_of(place_z, i, depth, MODE, PADDING, ALIGN, AXES == 2)
            for j in tl.static_range(TAPS):
                y, weight_y, there_y = tap_of(place_y, j, height, MODE, PADDING, ALIGN, False)
                for k in tl.static_range(TAPS):
                    column, weight_x, there_x = tap_of(place_x, k, width, MODE, PADDING, ALIGN, False)
                    there = inside & there_z & there_y & there_x
                    pixel = tl.load(image + (z * height + y) * width + column, mask=there, other=0).to(SUM)
                    total += tl.where(there, pixel * weight_z * weight_y * weight_x, 0.0)
        tl.store(out + (n * channels + c) * places + p, total, mask=inside)


def grid_sample(
    input: torch.Tensor,
    grid: torch.Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> torch.Tensor:
    """(N, C, H', W') or (N, C, D', H', W'); `align_corners` defaults to False."""
    _check(input, grid, mode, padding_mode)
    axes = input.dim() - 2
    out = torch.empty((*input.shape[:2], *grid.shape[1:-1]), dtype=input.dtype, device=input.device)
    if out.numel() == 0:
        return out
    channels = input.shape[1]
    places = out.numel() // (out.shape[0] * channels)
    block = min(BLOCK, triton.next_power_of_2(places))
    blocks = (triton.cdiv(places, block), triton.cdiv(channels, CHANNELS), out.shape[0])
    grid_sample_kernel[blocks](
        out,
        pointwise.contiguous(input),
        pointwise.contiguous(grid),
        places,
        channels,
        input.shape[2] if axes == 3 else 1,
        *input.shape[-2:],
        MODE=mode,
        PADDING=padding_mode,
        ALIGN=bool(align_corners),
        AXES=axes,
        SUM=pointwise.TRITON_DTYPES[pointwise.compute_dtype(input.dtype)],
        CHANNELS=CHANNELS,
        BLOCK=block,
    )
    return out


def _check(input: torch.Tensor, grid: torch.Tensor, mode: str, padding_mode: str) -> None:
    require_tensor(input, "input")
    require_tensor(grid, "grid")
    require(mode in MODES, f"mode is {mode!r}; allowed are {', '.join(MODES)}", ValueError)
    require(
        padding_mode in PADDINGS, f"padding_mode is {padding_mode!r}; allowed are {', '.join(PADDINGS)}", ValueError
    )
    require_dtype(input, DTYPES, "grid_sample")
    require_same_device(input, grid)
    require(input.dtype == grid.dtype, f"input is {input.dtype} and grid {grid.dtype}; they must be one type")
    shapes = f"found input {list(input.shape)} and grid {list(grid.shape)}"
    require(input.dim() in (4, 5) and grid.dim() == input.dim(), f"input and grid must both be 4D or 5D, {shapes}")
    require(grid.shape[0] == input.shape[0], f"input and grid must have the same batch size, {shapes}")
    require(grid.shape[-1] == input.dim() - 2, f"grid must have size {input.dim() - 2} in its last dimension, {shapes}")
    require(0 not in input.shape[2:], f"input must have non-empty spatial dimensions, {shapes}")
    require(mode != "bicubic" or input.dim() == 4, f"bicubic interpolation only supports 4D input, {shapes}")
