"""The shared part of pointwise operators: one kernel that applies a formula to every element of one or two tensors.

    out[i] = formula(x[i])            out[i] = formula(x[i], y[i])

How the work is split: the elements are numbered 0 .. count-1 and cut into blocks; one program does one block. Dimensions
that lie one behind the other in memory for every tensor are merged first, so that the usual case, contiguous tensors, is
one dimension of stride 1: each thread then loads and stores 16 bytes at a time, and no index is ever divided. What remains
strided, transposed or broadcast (a stride of 0) keeps its dimensions, and the kernel works out where each element lies.

An operator's own file has the formula and its checks; this one has no idea of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl

LARGEST_BLOCK = 4096
INT32_LIMIT = 2**31 - 1
TRITON_DTYPES = {
    torch.float16: tl.float16,
    torch.bfloat16: tl.bfloat16,
    torch.float32: tl.float32,
    torch.float64: tl.float64,
    torch.int8: tl.int8,
    torch.uint8: tl.uint8,
    torch.int16: tl.int16,
    torch.int32: tl.int32,
    torch.int64: tl.int64,
    torch.bool: tl.int1,
}


@triton.jit
def strided_offsets(linear, sizes, strides, RANK: tl.constexpr):
    """Where elements number `linear`, counted row by row over `sizes`, lie in a tensor with these `strides`."""
    if RANK == 1:
        return linear * strides[0]
    offsets = linear * 0
    for step in tl.static_range(RANK - 1):
        offsets += linear % sizes[RANK - 1 - step] * strides[RANK - 1 - step]
        linear = linear // sizes[RANK - 1 - step]
    return offsets + linear * strides[0]


@triton.jit
def pointwise_kernel(
    out,
    x,
    y,
    count,
    sizes,
    out_strides,
    x_strides,
    y_strides,
    FORMULA: tl.constexpr,
    PARAMETER: tl.constexpr,
    COMPUTE: tl.constexpr,
    BINARY: tl.constexpr,
    RANK: tl.constexpr,
    INDEX: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One program does `BLOCK` elements; the formula sees them as `COMPUTE`, and the store rounds to the type of `out`."""
    linear = tl.program_id(0).to(INDEX) * BLOCK + tl.arange(0, BLOCK)
    inside = linear < count
    a = tl.load(x + strided_offsets(linear, sizes, x_strides, RANK), mask=inside, other=1).to(COMPUTE)
    if BINARY:
        b = tl.load(y + strided_offsets(linear, sizes, y_strides, RANK), mask=inside, other=1).to(COMPUTE)
        value = FORMULA(a, b)
    else:
        value = FORMULA(a, PARAMETER)
    tl.store(out + strided_offsets(linear, sizes, out_strides, RANK), value, mask=inside)


@triton.jit
def identity(x, parameter):
    """The formula of a copy."""
    return x


def apply(
    formula: Any,
    out: torch.Tensor,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    *,
    compute: torch.dtype,
    parameter: Any = None,
    largest_block: int = LARGEST_BLOCK,
) -> torch.Tensor:
    """Launch `formula` over `x` (and `y`, broadcast to the shape of `out`), computing in `compute`; returns `out`."""
    count = out.numel()
    if count == 0:
        return out
    tensors = [out, x.expand(out.shape), (x if y is None else y).expand(out.shape)]
    sizes, strides = collapse(out.shape, [tensor.stride() for tensor in tensors])
    reach = max(sum((size - 1) * abs(stride) for size, stride in zip(sizes, own, strict=True)) for own in strides)
    block = min(largest_block, max(128, triton.next_power_of_2(triton.cdiv(count, 512))))
    pointwise_kernel[(triton.cdiv(count, block),)](
        out,
        x,
        x if y is None else y,
        count,
        tuple(sizes),
        *(tuple(own) for own in strides),
        FORMULA=formula,
        PARAMETER=parameter,
        COMPUTE=TRITON_DTYPES[compute],
        BINARY=y is not None,
        RANK=len(sizes),
        INDEX=tl.int32 if max(reach, count + block) < INT32_LIMIT else tl.int64,
        BLOCK=block,
        num_warps=8 if block >= 2048 else 4,
    )
    return out


def contiguous(x: torch.Tensor) -> torch.Tensor:
    """The tensor itself if it is contiguous, otherwise a contiguous copy, made by the kernel above."""
    if x.is_contiguous():
        return x
    return apply(identity, torch.empty(x.shape, dtype=x.dtype, device=x.device), x, compute=x.dtype)


def collapse(
    shape: Sequence[int], strides: Sequence[Sequence[int]], *, ordered: bool = False
) -> tuple[list[int], list[list[int]]]:
    """As few dimensions as describe the same elements: sizes, and for each tensor its strides.

    Dimensions of size 1 vanish, and two neighbours become one where the outer steps over exactly the inner in every tensor.
    Before that the dimensions are put in the order of the first tensor's strides, unless their order matters (`ordered`).
    """
    places = [place for place, size in enumerate(shape) if size != 1]
    if not ordered:
        places.sort(key=lambda place: -strides[0][place])
    sizes: list[int] = []
    merged: list[list[int]] = [[] for _ in strides]
    for place in places:
        size, own = shape[place], [tensor[place] for tensor in strides]
        if sizes and all(kept[-1] == step * size for kept, step in zip(merged, own, strict=True)):
            sizes[-1] *= size
            for kept, step in zip(merged, own, strict=True):
                kept[-1] = step
        else:
            sizes.append(size)
            for kept, step in zip(merged, own, strict=True):
                kept.append(step)
    return (sizes, merged) if sizes else ([1], [[1] for _ in strides])


def compute_dtype(dtype: torch.dtype) -> torch.dtype:
    """What a formula of real numbers is computed in: float64 for float64, float32 for everything else."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def floating_result(dtype: torch.dtype) -> torch.dtype:
    """The type of a real function's result: integers and bool give torch's default floating type."""
    return dtype if dtype.is_floating_point else torch.get_default_dtype()
