"""median: of every line along a dimension the element in the middle, and where it stands.

    values = the element of rank (n - 1) // 2 of the line, counted from 0 (the lower of two in the middle)
    indices = the first place where it stands;  a line with NaN has NaN as its median

Schema: aten::median.dim and aten::median.dim_values. Tensors of any shape, of floating and integer types.

How the work is split: a program does some lines at once. It never sorts: the median is found bit by bit from the highest (a
radix select). Of all keys the program counts those below the value found so far with one more bit set; where they are not more
than the rank, the bit belongs to the median. A short line stays in registers; a longer one is read again for each bit, from
the cache.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.order import key_of
from operators.kernels.outputs import require, require_dtype, require_tensor, result

CHUNK = 4096
DTYPES = (
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float64,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
)


@triton.jit
def load_keys(line, place, size, stride, live, WIDE: tl.constexpr):
    """The keys at `place` of each line; what lies outside gets the largest key and stays behind every rank."""
    inside = live & (place < size)
    value = tl.load(line + place.to(tl.int64) * stride, mask=inside, other=0).to(WIDE)
    key = key_of(value, NAN_IS_LARGEST=True)
    LARGEST: tl.constexpr = 0x7FFFFFFFFFFFFFFF if key.dtype.primitive_bitwidth == 64 else 0x7FFFFFFF
    return tl.where(inside, key, LARGEST), inside


@triton.jit
def median_kernel(
    values,
    indices,
    x,
    lines,
    size,
    inner,
    WIDE: tl.constexpr,
    KEY: tl.constexpr,
    BITS: tl.constexpr,
    LINES: tl.constexpr,
    BLOCK: tl.constexpr,
    WHOLE: tl.constexpr,
):
    """One program does `LINES` lines of a tensor (outer, size, inner); `WHOLE`: a line is one block."""
    number = tl.program_id(0).to(tl.int64) * LINES + tl.arange(0, LINES)[:, None]
    live = number < lines
    line = x + number // inner * size * inner + number % inner
    place = tl.arange(0, BLOCK)[None, :]
    rank = tl.zeros([LINES, 1], tl.int32) + (size - 1) // 2
    if WHOLE:
        keys, inside = load_keys(line, place, size, inner, live, WIDE)
    if WIDE.is_floating():
        nans = tl.zeros([LINES, 1], tl.int32)
        for first in range(0, size, BLOCK):
            value = tl.load(line + (first + place).to(tl.int64) * inner, mask=live & (first + place < size), other=0)
            nans += tl.sum((value != value).to(tl.int32), axis=1, keep_dims=True)
        rank = tl.where(nans > 0, size - 1, rank)

    one = tl.full([LINES, 1], 1, KEY)
    found = -(one << (BITS - 1))
    for step in range(BITS):
        candidate = found + (one << (BITS - 1 - step))
        below = tl.zeros([LINES, 1], tl.int32)
        if WHOLE:
            below += tl.sum((inside & (keys < candidate)).to(tl.int32), axis=1, keep_dims=True)
        else:
            for first in range(0, size, BLOCK):
                keys, inside = load_keys(line, first + place, size, inner, live, WIDE)
                below += tl.sum((inside & (keys < candidate)).to(tl.int32), axis=1, keep_dims=True)
        found = tl.where(below <= rank, candidate, found)

    where = tl.full([LINES, 1], 0x7FFFFFFF, tl.int32)
    for first in range(0, size, BLOCK):
        keys, inside = load_keys(line, first + place, size, inner, live, WIDE)
        hits = tl.where(inside & (keys == found), first + place, 0x7FFFFFFF)
        where = tl.minimum(where, tl.min(hits, axis=1, keep_dims=True))
    tl.store(values + number, tl.load(line + where.to(tl.int64) * inner, mask=live), mask=live)
    tl.store(indices + number, where, mask=live)


def median(
    self: torch.Tensor,
    dim: int,
    keepdim: bool = False,
    *,
    values: torch.Tensor | None = None,
    indices: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The medians along `dim` and their int64 indices, in `values` and `indices` if both are given."""
    require_tensor(self, "self")
    require_dtype(self, DTYPES, "median")
    require(isinstance(dim, int), f"dim is {dim!r}, not an integer", TypeError)
    require((values is None) == (indices is None), "values and indices must both be given, or neither", TypeError)
    rank = max(1, self.dim())
    require(-rank <= dim < rank, f"Dimension out of range (expected [{-rank}, {rank - 1}], got {dim})", IndexError)
    shape = list(self.shape) or [1]
    dim %= rank
    size, inner = shape[dim], math.prod(shape[dim + 1 :])
    require(size > 0, f"median(): Expected reduction dim {dim} to have non-zero size", IndexError)
    kept = (*shape[:dim], *([1] if keepdim else []), *shape[dim + 1 :]) if self.dim() else ()
    found = torch.empty(kept, dtype=self.dtype, device=self.device)
    places = torch.empty(kept, dtype=torch.int64, device=self.device)
    if found.numel():
        _launch(found, places, pointwise.contiguous(self), size, inner)
    if values is None or indices is None:
        return found, places
    for out, answer in ((values, found), (indices, places)):
        pointwise.apply(pointwise.identity, result(out, kept, answer.dtype, self), answer, compute=answer.dtype)
    return values, indices


def _launch(values: torch.Tensor, indices: torch.Tensor, x: torch.Tensor, size: int, inner: int) -> None:
    lines = values.numel()
    block = min(CHUNK, triton.next_power_of_2(size))
    high = min(triton.next_power_of_2(lines), max(1, CHUNK // block // 2))
    wide = x.dtype if x.dtype in (torch.float64, torch.int64) else torch.int32
    if x.is_floating_point():
        wide = pointwise.compute_dtype(x.dtype)
    median_kernel[(triton.cdiv(lines, high),)](
        values,
        indices,
        x,
        lines,
        size,
        inner,
        WIDE=pointwise.TRITON_DTYPES[wide],
        KEY=tl.int64 if x.element_size() == 8 else tl.int32,
        BITS=64 if x.element_size() == 8 else 32,
        LINES=high,
        BLOCK=block,
        WHOLE=size <= block,
        num_warps=8 if block * high >= 2048 else 4,
    )
