"""conv_transpose2d: the gradient of a convolution with respect to its input, used as a layer that enlarges images.

    out[n, o, y, x] = bias[o] + sum over c, i, j of input[n, c, h, w] weight[c, o, i, j]
                      where  y + padding = h stride + i dilation,  x + padding = w stride + j dilation

    output size = (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1

Definition: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016; schema:
aten::conv_transpose2d.input with (N, C, H, W) or (C, H, W), weight (C, O / groups, KH, KW).

How the work is split: output pixels with the same remainder of y + padding and x + padding by the stride form a phase. Inside a
phase all pixels use the same taps (i, j) of the kernel, and none is multiplied with a zero in between. A program does
`PIXELS` pixels of one phase and `CHANNELS` output channels of one group: for each tap a product of matrices
(pixels, c) x (c, channels), summed up in float32 (float64 for float64).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_dtype, require_same_device, require_tensor

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
Sizes = int | Sequence[int]


@triton.jit
def conv_transpose2d_kernel(
    out,
    x,
    weight,
    bias,
    batch,
    height,
    width,
    out_height,
    out_width,
    in_channels,
    out_channels,
    groups,
    KERNEL: tl.constexpr,
    STRIDE: tl.constexpr,
    PADDING: tl.constexpr,
    DILATION: tl.constexpr,
    HAS_BIAS: tl.constexpr,
    SUM: tl.constexpr,
    PIXELS: tl.constexpr,
    CHANNELS: tl.constexpr,
    DEPTH: tl.constexpr,
):
    """Axis 0: blocks of pixels of a phase; axis 1: blocks of output channels of a group; axis 2: phases."""
    phase_y, phase_x = tl.program_id(2) // STRIDE[1], tl.program_id(2) % STRIDE[1]
    rows = tl.cdiv(out_height - phase_y, STRIDE[0])
    columns = tl.maximum(tl.cdiv(out_width - phase_x, STRIDE[1]), 1)
    a_image = tl.maximum(rows * columns, 1)
    per_group, channels_in = out_channels // groups, in_channels // groups
    blocks = tl.cdiv(per_group, CHANNELS)
    group, o = tl.program_id(1) // blocks, tl.program_id(1) % blocks * CHANNELS + tl.arange(0, CHANNELS)

    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    image, place = pixel // a_image, pixel % a_image
    y, column = place // columns * STRIDE[0] + phase_y, place % columns * STRIDE[1] + phase_x
    there = (pixel < batch * rows * columns) & (column < out_width)
    source = (image * in_channels + group * channels_in) * height * width

    total = tl.zeros([PIXELS, CHANNELS], SUM)
    for i in range(KERNEL[0]):
        for j in range(KERNEL[1]):
            up, left = phase_y + PADDING[0] - i * DILATION[0], phase_x + PADDING[1] - j * DILATION[1]
            if (up % STRIDE[0] == 0) & (left % STRIDE[1] == 0):
                h, w = (y + PADDING[0] - i * DILATION[0]), (column + PADDING[1] - j * DILATION[1])
                inside = there & (h >= 0) & (w >= 0)
                h, w = h // STRIDE[0], w // STRIDE[1]
                inside = inside & (h < height) & (w < width)
                for first in range(0, channels_in, DEPTH):
                    c = first + tl.arange(0, DEPTH)
                    a_at = x + ((source + h * width + w)[:, None] + (c * height * width)[None, :])
                    a = tl.load(a_at, mask=inside[:, None] & (c < channels_in)[None, :], other=0)
                    tap = (i * KERNEL[1] + j) * in_channels + group * channels_in
                    b_mask = (c < channels_in)[:, None] & (o < per_group)[None, :]
                    b = tl.load(weight + (tap + c)[:, None] * per_group + o[None, :], mask=b_mask, other=0)
                    total = tl.dot(a, b, total, input_precision="ieee", out_dtype=SUM)
    if HAS_BIAS:
        total += tl.load(bias + group * per_group + o, mask=o < per_group, other=0).to(SUM)[None, :]
    channel = (image * out_channels + group * per_group)[:, None] + o[None, :]
    target = out + (channel * out_height * out_width + (y * out_width + column)[:, None])
    tl.store(target, total, mask=there[:, None] & (o < per_group)[None, :])


def conv_transpose2d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> torch.Tensor:
    """The transposed convolution of (N, C, H, W) or (C, H, W) with (C, O / groups, KH, KW)."""
    steps, pads = _pair(stride, "stride"), _pair(padding, "padding")
    extra, gaps = _pair(output_padding, "output_padding"), _pair(dilation, "dilation")
    _check(input, weight, bias, groups, steps, pads, extra, gaps)
    x = input if input.dim() == 4 else input.unsqueeze(0)
    kernel = tuple(weight.shape[2:])
    size = tuple(
        (x.shape[2 + axis] - 1) * steps[axis] - 2 * pads[axis] + gaps[axis] * (kernel[axis] - 1) + extra[axis] + 1
        for axis in (0, 1)
    )
    require(min(size) > 0, f"Given input size {list(input.shape)}, the output size {size} is too small")
    out = torch.empty((x.shape[0], weight.shape[1] * groups, *size), dtype=x.dtype, device=x.device)
    largest = max(out.numel(), x.numel())
    require(largest < pointwise.INT32_LIMIT, f"conv_transpose2d takes tensors below 2^31 elements, found {largest}")
    if out.numel():
        taps = pointwise.contiguous(weight.permute(2, 3, 0, 1))  # neighbours in memory are output channels
        _launch(out, pointwise.contiguous(x), taps, bias, groups, (steps, pads, gaps))
    return out if input.dim() == 4 else out.squeeze(0)


def _launch(
    out: torch.Tensor,
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    groups: int,
    geometry: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
) -> None:
    """`weight` is (KH, KW, C, O / groups)."""
    steps, pads, gaps = geometry
    pixels = x.shape[0] * triton.cdiv(out.shape[2], steps[0]) * triton.cdiv(out.shape[3], steps[1])
    high = max(16, min(128 if out.element_size() == 2 else 64, triton.next_power_of_2(pixels)))
    wide = max(16, min(64, triton.next_power_of_2(weight.shape[3])))
    deep = max(16, min(32 if out.element_size() < 8 else 16, triton.next_power_of_2(x.shape[1] // groups)))
    grid = (triton.cdiv(pixels, high), triton.cdiv(weight.shape[3], wide) * groups, steps[0] * steps[1])
    conv_transpose2d_kernel[grid](
        out,
        x,
        weight,
        out if bias is None else pointwise.contiguous(bias),
        x.shape[0],
        *x.shape[2:],
        *out.shape[2:],
        x.shape[1],
        out.shape[1],
        groups,
        KERNEL=tuple(weight.shape[:2]),
        STRIDE=steps,
        PADDING=pads,
        DILATION=gaps,
        HAS_BIAS=bias is not None,
        SUM=pointwise.TRITON_DTYPES[pointwise.compute_dtype(out.dtype)],
        PIXELS=high,
        CHANNELS=wide,
        DEPTH=deep,
        num_warps=8 if high >= 64 else 4,
        num_stages=2,
    )


def _pair(value: Sizes, name: str) -> tuple[int, int]:
    found = (value, value) if isinstance(value, int) else tuple(value)
    found = found * 2 if len(found) == 1 else found
    require(len(found) == 2, f"expected {name} to be a single integer value or a list of 2 values, but got {value!r}")
    return found[0], found[1]


def _check(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    groups: int,
    steps: tuple[int, int],
    pads: tuple[int, int],
    extra: tuple[int, int],
    gaps: tuple[int, int],
) -> None:
    require_tensor(input, "input")
    require_tensor(weight, "weight")
    require_dtype(input, DTYPES, "conv_transpose2d")
    require_same_device(input, weight, bias)
    require(input.dim() in (3, 4), f"Expected 3D or 4D input to conv_transpose2d, but got {list(input.shape)}")
    require(weight.dim() == 4, f"weight should have 4 dimensions, but got {list(weight.shape)}")
    require(weight.dtype == input.dtype, f"input is {input.dtype} and weight {weight.dtype}; they must be one type")
    require(groups > 0, f"groups must be positive, but got {groups}")
    channels = input.shape[-3]
    require(weight.shape[0] == channels, f"weight is for {weight.shape[0]} channels, but the input has {channels}")
    require(channels % groups == 0, f"groups {groups} do not divide the {channels} channels of the input")
    require(0 not in input.shape[-3:], f"only the batch may be empty, but the input is {list(input.shape)}")
    require(min(steps) > 0 and min(gaps) > 0, f"stride {steps} and dilation {gaps} must be greater than zero")
    require(min(pads) >= 0, f"negative padding is not supported, but got {pads}")
    fits = all(0 <= more < max(step, gap) for more, step, gap in zip(extra, steps, gaps, strict=True))
    require(fits, f"output padding {extra} must be smaller than either stride {steps} or dilation {gaps}")
    outputs = weight.shape[1] * groups
    right = bias is None or (tuple(bias.shape) == (outputs,) and bias.dtype == input.dtype)
    require(right, f"bias must be ({outputs},) of {input.dtype}")
