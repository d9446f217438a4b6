"""scatter_reduce: elements of `src` are sent to the places that `index` names, and those that meet are combined.

    out[i][index[i][j][k]][k] = reduce(self there (if include_self), every src[i][j][k] that is sent there)     for `dim` 1 of 3

`reduce` is sum, prod, mean, amax or amin. Schema: aten::scatter_reduce.two, aten::scatter_reduce_.two,
aten::scatter_reduce.two_out. `index` may be smaller than `src` in any dimension, and than `self` in any but `dim`.

How the work is split: one thread for each element of `index`; those that meet are kept apart by atomic operations. Three steps:
fill the accumulators (with self, or with what changes nothing), send, and finish (divide, round, keep self where nothing
came). Half precision is summed in float32. For amax and amin numbers become integers of the same order
(operators/kernels/order.py), which makes NaN win; a product has no atomic operation, so it is tried until nobody was faster
(compare and swap). Sums of 32 and 64 bits need no first and last step beyond a copy.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.order import key_of, value_of
from operators.kernels.outputs import (
    require,
    require_dtype,
    require_same_device,
    require_tensor,
    require_writable,
    result,
)

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
BLOCK = 1024
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


@triton.jit
def encode(value, REDUCE: tl.constexpr, WIDE: tl.constexpr):
    """An element as the accumulator takes it: wide, and as bits or a key where that is what is combined."""
    value = value.to(WIDE)
    if REDUCE == "amax":
        return key_of(value, NAN_IS_LARGEST=True)
    elif REDUCE == "amin":  # noqa: RET505 - a branch that is not taken must not be compiled
        return key_of(value, NAN_IS_LARGEST=False)
    else:
        return value


@triton.jit
def fill_kernel(
    accumulator,
    arrivals,
    x,
    count,
    REDUCE: tl.constexpr,
    WIDE: tl.constexpr,
    BITS: tl.constexpr,
    NEUTRAL: tl.constexpr,
    COUNTED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """The accumulators begin with self, or with `NEUTRAL` if there is one; nothing has arrived."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    if NEUTRAL is None:
        value = encode(tl.load(x + place, mask=inside), REDUCE, WIDE).to(BITS, bitcast=True)
    else:
        value = tl.full([BLOCK], NEUTRAL, BITS)
    tl.store(accumulator + place, value, mask=inside)
    if COUNTED:
        tl.store(arrivals + place, 0, mask=inside)


@triton.jit
def multiply(accumulator, target, value, wanted, BITS: tl.constexpr):
    """Compare and swap until each product has gone in; those that are done swap a number for itself, which changes nothing."""
    seen = tl.load(accumulator + target, mask=wanted, other=0)
    while tl.max(wanted.to(tl.int32)) > 0:
        product = (seen.to(value.dtype, bitcast=True) * value).to(BITS, bitcast=True)
        at = accumulator + tl.where(wanted, target, 0)
        before = tl.atomic_cas(at, seen, tl.where(wanted, product, seen))
        wanted = wanted & (before != seen)
        seen = before


@triton.jit
def send_kernel(
    accumulator,
    arrivals,
    index,
    src,
    count,
    size,
    dim_stride,
    sizes,
    index_strides,
    src_strides,
    out_strides,
    REDUCE: tl.constexpr,
    WIDE: tl.constexpr,
    BITS: tl.constexpr,
    COUNTED: tl.constexpr,
    RANK: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One program sends `BLOCK` elements; an index outside of the dimension sends nothing."""
    linear = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = linear < count
    place = tl.load(index + pointwise.strided_offsets(linear, sizes, index_strides, RANK), mask=inside, other=0)
    inside = inside & (place >= 0) & (place < size)
    value = tl.load(src + pointwise.strided_offsets(linear, sizes, src_strides, RANK), mask=inside, other=0)
    value = encode(value, REDUCE, WIDE)
    target = pointwise.strided_offsets(linear, sizes, out_strides, RANK) + place * dim_stride
    if REDUCE == "amax":
        tl.atomic_max(accumulator + target, value, mask=inside, sem="relaxed")
    elif REDUCE == "amin":
        tl.atomic_min(accumulator + target, value, mask=inside, sem="relaxed")
    elif REDUCE == "prod":
        multiply(accumulator, target, value, inside, BITS)
    else:
        tl.atomic_add(accumulator + target, value, mask=inside, sem="relaxed")
    if COUNTED:
        tl.atomic_add(arrivals + target, 1, mask=inside, sem="relaxed")


@triton.jit
def finish_kernel(
    out,
    accumulator,
    arrivals,
    x,
    count,
    REDUCE: tl.constexpr,
    WIDE: tl.constexpr,
    INCLUDE_SELF: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """From accumulators to the answer."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    value = tl.load(accumulator + place, mask=inside)
    if (REDUCE == "amax" or REDUCE == "amin") and WIDE.is_floating():
        value = value_of(value, WIDE)
    else:
        value = value.to(WIDE, bitcast=True)
    if REDUCE == "mean":
        members = tl.load(arrivals + place, mask=inside, other=1) + (1 if INCLUDE_SELF else 0)
        members = tl.maximum(members, 1)
        if WIDE.is_floating():
            value = value / members
        else:
            members = members.to(WIDE)
            quotient = value // members
            value = tl.where((value < 0) & (quotient * members != value), quotient - 1, quotient)
    value = value.to(x.dtype.element_ty)
    if not INCLUDE_SELF:
        untouched = tl.load(arrivals + place, mask=inside, other=0) == 0
        value = tl.where(untouched, tl.load(x + place, mask=inside), value)
    tl.store(out + place, value, mask=inside)


def scatter_reduce(
    self: torch.Tensor,
    dim: int,
    index: torch.Tensor,
    src: torch.Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """A new tensor, or `out`, shaped as `self`."""
    _check(self, dim, index, src, reduce)
    into = result(out, self.shape, self.dtype, self)
    if into.is_contiguous():
        return _reduce(into, self, dim, index, src, reduce, include_self)
    fresh = torch.empty(self.shape, dtype=self.dtype, device=self.device)
    _reduce(fresh, self, dim, index, src, reduce, include_self)
    return pointwise.apply(pointwise.identity, into, fresh, compute=self.dtype)


def scatter_reduce_(
    self: torch.Tensor, dim: int, index: torch.Tensor, src: torch.Tensor, reduce: str, *, include_self: bool = True
) -> torch.Tensor:
    """In place."""
    _check(self, dim, index, src, reduce)
    require_writable(self)
    return scatter_reduce(self, dim, index, src, reduce, include_self=include_self, out=self)


def _check(self: torch.Tensor, dim: int, index: torch.Tensor, src: torch.Tensor, reduce: str) -> None:
    for name, tensor in (("self", self), ("index", index), ("src", src)):
        require_tensor(tensor, name)
    require_same_device(self, index, src)
    require(reduce in REDUCTIONS, f"reduce argument must be one of {', '.join(REDUCTIONS)}, but got {reduce!r}")
    require_dtype(self, (*FLOATS, *INTEGERS), "scatter_reduce")
    integers = (torch.int64, torch.int32)
    require(index.dtype in integers, f"scatter(): Expected dtype int32 or int64 for index, but got {index.dtype}")
    require(self.dtype == src.dtype, f"scatter(): Expected self.dtype to be equal to src.dtype, got {src.dtype}")
    rank = max(1, self.dim())
    require(-rank <= dim < rank, f"Dimension out of range (expected [{-rank}, {rank - 1}], got {dim})", IndexError)
    if index.numel() == 0:
        return
    shapes = [list(tensor.shape) or [1] for tensor in (self, index, src)]
    require(len({len(shape) for shape in shapes}) == 1, f"self, index and src must have one rank, found {shapes}")
    for place, (own, asked, given) in enumerate(zip(*shapes, strict=True)):
        fits = asked <= given and (asked <= own or place == dim % rank)
        require(
            fits, f"Expected index {shapes[1]} to be no larger than self {shapes[0]} and src {shapes[2]} but in {dim}"
        )


def _reduce(
    out: torch.Tensor,
    self: torch.Tensor,
    dim: int,
    index: torch.Tensor,
    src: torch.Tensor,
    reduce: str,
    include_self: bool,
) -> torch.Tensor:
    """Fill, send, finish; `out` is contiguous and may be `self`."""
    count = out.numel()
    if count == 0:
        return out
    x = pointwise.contiguous(self)
    wide = _wide(self.dtype)
    bits = _bits(wide, reduce)
    constants = {"REDUCE": reduce, "WIDE": pointwise.TRITON_DTYPES[wide]}
    direct = include_self and bits == self.dtype and reduce != "mean"
    blocks = (triton.cdiv(count, BLOCK),)
    counted = not include_self or reduce == "mean"
    arrivals = torch.empty(count if counted else 1, dtype=torch.int32, device=out.device)
    if direct:
        accumulator = (
            out if out.data_ptr() == x.data_ptr() else pointwise.apply(pointwise.identity, out, x, compute=bits)
        )
    else:
        accumulator = torch.empty(count, dtype=bits, device=out.device)
        fill_kernel[blocks](
            accumulator,
            arrivals,
            x,
            count,
            **constants,
            BITS=pointwise.TRITON_DTYPES[bits],
            NEUTRAL=None if include_self else _neutral(reduce, wide, bits),
            COUNTED=counted,
            BLOCK=BLOCK,
        )
    if index.numel():
        _send(accumulator, arrivals, out, dim, index, src, constants, bits, counted)
    if not direct:
        finish_kernel[blocks](out, accumulator, arrivals, x, count, **constants, INCLUDE_SELF=include_self, BLOCK=BLOCK)
    return out


def _send(
    accumulator: torch.Tensor,
    arrivals: torch.Tensor,
    out: torch.Tensor,
    dim: int,
    index: torch.Tensor,
    src: torch.Tensor,
    constants: dict[str, object],
    bits: torch.dtype,
    counted: bool,
) -> None:
    """The dimensions of `index`, as few as they can be; along `dim` it is the index that steps over `out`."""
    place = dim % max(1, out.dim())
    own = [0 if axis == place else stride for axis, stride in enumerate(out.stride())]
    sizes, strides = pointwise.collapse(index.shape, [index.stride(), src.stride(), own])
    send_kernel[(triton.cdiv(index.numel(), BLOCK),)](
        accumulator,
        arrivals,
        index,
        src,
        index.numel(),
        out.shape[place] if out.dim() else 1,
        out.stride()[place] if out.dim() else 1,
        tuple(sizes),
        *(tuple(steps) for steps in strides),
        **constants,
        BITS=pointwise.TRITON_DTYPES[bits],
        COUNTED=counted,
        RANK=len(sizes),
        BLOCK=BLOCK,
    )


def _wide(dtype: torch.dtype) -> torch.dtype:
    """What elements are combined as: the processor's atomic operations take 32 and 64 bits."""
    if dtype.is_floating_point:
        return pointwise.compute_dtype(dtype)
    return torch.int64 if dtype == torch.int64 else torch.int32


def _bits(wide: torch.dtype, reduce: str) -> torch.dtype:
    """The type of an accumulator: integers where floating numbers are compared, or swapped as bits."""
    if wide.is_floating_point and reduce in ("prod", "amax", "amin"):
        return torch.int64 if wide == torch.float64 else torch.int32
    return wide


def _neutral(reduce: str, wide: torch.dtype, bits: torch.dtype) -> int | float:
    """What changes nothing, as an accumulator has it."""
    if reduce == "prod":
        return {torch.float32: 0x3F800000, torch.float64: 0x3FF0000000000000}.get(wide, 1)  # 1.0 in IEEE 754
    if reduce in ("amax", "amin"):
        info = torch.iinfo(bits)
        return info.min if reduce == "amax" else info.max
    return 0
