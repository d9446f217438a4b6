"""The arithmetic half of the builder: what each elementwise instruction of Triton's IR does to blocks.

Triton's front end (its type rules included) stays as it is and calls a builder; this one computes instead of writing
IR. Where numpy and the chips disagree the chips win: integer division truncates and survives a zero divisor, `maxnum`
ignores NaN, narrow floats round once per operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from matrix.emulation.block import POINTER, STORAGE, Block, carrier, from_storage, to_storage
from matrix.emulation.narrow_floats import FORMATS, NARROW, Array, round_to, truncate_to

Binary = Callable[[Any, Block, Block], Block]
Unary = Callable[[Any, Block], Block]


def _settle(data: Array, dtype: Any) -> Block:
    """An arithmetic result in its type: rounded if the type is narrow."""
    if dtype.name in NARROW:
        data = round_to(data, dtype.name)
    return Block(data, dtype)


def _binary(operation: Callable[[Array, Array], Array]) -> Binary:
    def compute(_: Any, left: Block, right: Block) -> Block:
        return _settle(operation(left.data, right.data), left.dtype)

    return compute


def _exact(operation: Callable[[Array, Array], Array]) -> Binary:
    """An operation whose result needs no rounding."""

    def compute(_: Any, left: Block, right: Block) -> Block:
        return Block(operation(left.data, right.data), left.dtype)

    return compute


def _unary(operation: Callable[[Array], Array]) -> Unary:
    def compute(_: Any, value: Block) -> Block:
        return _settle(operation(value.data), value.dtype)

    return compute


def _integer(plain: Callable[[Array, Array], Array], on_bits: Callable[[Array, Array], Array]) -> Binary:
    """Wrap-around integer arithmetic; one-bit integers are modulo two."""

    def compute(_: Any, left: Block, right: Block) -> Block:
        operation = on_bits if left.data.dtype == bool else plain
        return Block(operation(left.data, right.data), left.dtype)

    return compute


def unsigned(data: Array) -> Array:
    """The same bits as unsigned integers."""
    if data.dtype.kind == "i":
        return data.view(np.dtype(f"u{data.dtype.itemsize}"))
    return data


def signed(data: Array) -> Array:
    """The same bits as signed integers."""
    if data.dtype.kind == "u":
        return data.view(np.dtype(f"i{data.dtype.itemsize}"))
    return data


def divide_integers(left: Array, right: Array) -> Array:
    """Truncating division. By zero all bits of the quotient are set, as hardware answers."""
    zero = right == 0
    safe = np.where(zero, np.ones_like(right), right) if zero.any() else right
    quotient = (left - np.fmod(left, safe)) // safe
    return np.where(zero, ~np.zeros_like(quotient), quotient) if safe is not right else quotient


def remainder_integers(left: Array, right: Array) -> Array:
    """The remainder of truncating division; by zero it is the dividend, as on hardware."""
    zero = right == 0
    if not zero.any():
        return np.fmod(left, right)
    return np.where(zero, left, np.fmod(left, np.where(zero, np.ones_like(right), right)))


def multiply_high(left: Array, right: Array) -> Array:
    """The upper half of the product of two unsigned integers of the same width."""
    a, b = unsigned(left), unsigned(right)
    if a.dtype.itemsize < 8:
        wide = np.dtype(f"u{a.dtype.itemsize * 2}")
        upper: Array = (a.astype(wide) * b.astype(wide)) >> wide.type(a.dtype.itemsize * 8)
        return upper.astype(a.dtype).view(left.dtype)
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    a_low, a_high, b_low, b_high = a & low, a >> half, b & low, b >> half
    cross = a_high * b_low + ((a_low * b_low) >> half)
    carry = (cross & low) + a_low * b_high
    product = a_high * b_high + (cross >> half) + (carry >> half)
    high: Array = product.view(left.dtype)
    return high


def whole_numbers(data: Array, target: np.dtype[Any]) -> Array:
    """Floats as integers, as `cvt.rzi` of the PTX ISA has them: out of range they saturate, and NaN is 0, but the topmost
    bit alone where source or target has 64 bits. There is no conversion to 8 bits: the low half of one to 16 is taken.
    """
    if target.itemsize == 1:
        low: Array = whole_numbers(data, np.dtype(f"{target.kind}2")).astype(target)
        return low
    limits = np.iinfo(target)
    whole = np.trunc(data.astype(np.float64))
    over, under, unknown = whole >= float(limits.max), whole <= float(limits.min), np.isnan(whole)
    filled = np.where(over | under | unknown, 0.0, whole).astype(target)
    filled[over], filled[under] = limits.max, limits.min
    if target.itemsize == 8 or data.dtype == np.float64:
        filled[unknown] = limits.min if target.kind == "i" else 1 << (target.itemsize * 8 - 1)
    return filled


def remainder_by_division(left: Array, right: Array) -> Array:
    """`x - trunc(x / y) * y`, the product not rounded: not exact where the quotient is not, and x where y is infinite."""
    if left.dtype == np.float64:
        return np.fmod(left, right)  # numpy has no wider type to keep the product in
    x, y = left.astype(np.float32), right.astype(np.float32)
    quotient = np.trunc(x / y).astype(np.float64)
    rest = (x - quotient * y).astype(np.float32)
    return np.where(np.isinf(y), x, rest).astype(left.dtype)


class Arithmetic:
    """Elementwise instructions. Method names are those of Triton's IR builder.

    remainder_by_division   how the target's compiler finds the remainder of floats: with a division, or exactly
    """

    remainder_by_division: bool

    create_fadd = _binary(np.add)
    create_fsub = _binary(np.subtract)
    create_fmul = _binary(np.multiply)
    create_fdiv = _binary(np.divide)
    create_precise_divf = _binary(np.divide)
    create_approx_divf = _binary(np.divide)
    create_add = _integer(np.add, np.logical_xor)
    create_sub = _integer(np.subtract, np.logical_xor)
    create_mul = _integer(np.multiply, np.logical_and)
    create_sdiv = _integer(divide_integers, lambda left, _: left)
    create_udiv = _integer(divide_integers, lambda left, _: left)
    create_srem = _integer(remainder_integers, lambda left, _: np.zeros_like(left))
    create_urem = _integer(remainder_integers, lambda left, _: np.zeros_like(left))
    create_and = _exact(np.bitwise_and)
    create_or = _exact(np.bitwise_or)
    create_xor = _exact(np.bitwise_xor)
    create_umulhi = _exact(multiply_high)
    create_minsi = create_minui = _exact(np.minimum)
    create_maxsi = create_maxui = _exact(np.maximum)
    create_minimumf = _exact(np.minimum)
    create_maximumf = _exact(np.maximum)
    create_minnumf = _exact(np.fmin)
    create_maxnumf = _exact(np.fmax)

    create_fneg = _unary(np.negative)
    create_cos = _unary(np.cos)
    create_sin = _unary(np.sin)
    create_exp = _unary(np.exp)
    create_exp2 = _unary(np.exp2)
    create_log = _unary(np.log)
    create_log2 = _unary(np.log2)
    create_sqrt = _unary(np.sqrt)
    create_precise_sqrt = _unary(np.sqrt)
    create_floor = _unary(np.floor)
    create_ceil = _unary(np.ceil)
    create_iabs = _unary(np.abs)
    create_fabs = _unary(np.abs)
    create_rsqrt = _unary(lambda data: (1 / np.sqrt(data)).astype(data.dtype))

    def create_erf(self, value: Block) -> Block:
        from scipy import special

        return _settle(special.erf(value.data).astype(value.data.dtype), value.dtype)

    def create_fma(self, x: Block, y: Block, z: Block) -> Block:
        """One rounding: the product of two float32 is exact in float64."""
        if z.data.dtype == np.float32:
            total = x.data.astype(np.float64) * y.data + z.data
            return _settle(total.astype(np.float32), z.dtype)
        return _settle(x.data * y.data + z.data, z.dtype)

    def create_clampf(self, value: Block, low: Block, high: Block, propagate_nan: Any) -> Block:
        clamped = np.fmin(np.fmax(value.data, low.data), high.data)
        if "ALL" in str(propagate_nan):
            clamped = np.where(np.isnan(value.data), value.data, clamped)
        return Block(clamped, value.dtype)

    def create_frem(self, left: Block, right: Block) -> Block:
        remainder = remainder_by_division if self.remainder_by_division else np.fmod
        return _settle(remainder(left.data, right.data), left.dtype)

    def create_select(self, condition: Block, left: Block, right: Block) -> Block:
        region = left.region if left.region is right.region else None
        return Block(np.where(condition.data, left.data, right.data), left.dtype, region)

    # shifts: a count of the width or more shifts everything out, as PTX and numpy agree
    def create_shl(self, left: Block, right: Block) -> Block:
        return Block(np.left_shift(left.data, right.data), left.dtype)

    def create_lshr(self, left: Block, right: Block) -> Block:
        shifted = np.right_shift(unsigned(left.data), unsigned(right.data))
        return Block(shifted.view(left.data.dtype), left.dtype)

    def create_ashr(self, left: Block, right: Block) -> Block:
        shifted = np.right_shift(signed(left.data), signed(right.data))
        return Block(shifted.view(left.data.dtype), left.dtype)

    # casts
    def _cast(self, value: Block, type_: Any) -> Block:
        scalar = type_.scalar
        data = value.data.astype(carrier(scalar))
        return _settle(data, scalar)

    create_si_to_fp = create_ui_to_fp = create_fp_ext = create_fp_trunc = _cast

    def create_int_cast(self, value: Block, type_: Any, _is_signed: bool) -> Block:  # noqa: FBT001 - Triton's call
        scalar = type_.scalar
        if scalar.name == "int1" and value.data.dtype != bool:
            return Block((value.data & 1).astype(bool), scalar)
        return Block(value.data.astype(carrier(scalar)), scalar)

    def create_fp_to_si(self, value: Block, type_: Any) -> Block:
        """Toward zero. Out of range, where compilers promise nothing, it does what `cvt.rzi` does."""
        target = carrier(type_.scalar)
        if target.kind == "b":
            return Block(value.data != 0, type_.scalar)
        return Block(whole_numbers(value.data, target), type_.scalar)

    create_fp_to_ui = create_fp_to_si

    def create_fp_to_fp(self, value: Block, type_: Any, rounding: Any) -> Block:
        scalar = type_.scalar
        if scalar.name in NARROW and rounding is not None and "RTZ" in str(rounding):
            return Block(truncate_to(value.data, scalar.name), scalar)
        if scalar.name == "fp16" and rounding is not None and "RTZ" in str(rounding):
            return Block(_truncate_half(value.data), scalar)
        return self._cast(value, type_)

    def create_bitcast(self, value: Block, type_: Any) -> Block:
        scalar = type_.scalar
        if carrier(scalar) is POINTER and scalar.name not in STORAGE:
            return Block(value.data.astype(np.uint64, copy=False), scalar, value.region)
        bits = np.ascontiguousarray(to_storage(value.data, value.dtype)).view(STORAGE[scalar.name])
        return Block(from_storage(bits, scalar), scalar)

    def create_int_to_ptr(self, value: Block, type_: Any) -> Block:
        return Block(value.data.astype(np.uint64), type_.scalar)

    def create_ptr_to_int(self, value: Block, type_: Any) -> Block:
        return Block(value.data.astype(carrier(type_.scalar)), type_.scalar)


def _truncate_half(data: Array) -> Array:
    """To float16 toward zero."""
    half = data.astype(np.float16)
    return np.where(np.abs(half.astype(data.dtype)) > np.abs(data), np.nextafter(half, np.float16(0)), half)


def _comparison(operation: Callable[[Array, Array], Array]) -> Binary:
    def compute(self: Any, left: Block, right: Block) -> Block:
        return Block(operation(left.data, right.data), self.int1)

    return compute


def _unordered(operation: Callable[[Array, Array], Array]) -> Binary:
    """True when the opposite ordered comparison is false: also with NaN."""

    def compute(self: Any, left: Block, right: Block) -> Block:
        return Block(~operation(left.data, right.data), self.int1)

    return compute


class Comparisons:
    """Comparisons: signedness is in the arrays' own types."""

    int1: Any

    create_icmpEQ = create_fcmpOEQ = _comparison(np.equal)  # noqa: N815 - Triton's names
    create_icmpNE = create_fcmpUNE = _comparison(np.not_equal)  # noqa: N815
    create_icmpSLT = create_icmpULT = create_fcmpOLT = _comparison(np.less)  # noqa: N815
    create_icmpSLE = create_icmpULE = create_fcmpOLE = _comparison(np.less_equal)  # noqa: N815
    create_icmpSGT = create_icmpUGT = create_fcmpOGT = _comparison(np.greater)  # noqa: N815
    create_icmpSGE = create_icmpUGE = create_fcmpOGE = _comparison(np.greater_equal)  # noqa: N815
    create_fcmpONE = _comparison(lambda left, right: (left < right) | (left > right))  # noqa: N815
    create_fcmpUEQ = _unordered(lambda left, right: (left < right) | (left > right))  # noqa: N815
    create_fcmpULT = _unordered(np.greater_equal)  # noqa: N815
    create_fcmpULE = _unordered(np.greater)  # noqa: N815
    create_fcmpUGT = _unordered(np.less_equal)  # noqa: N815
    create_fcmpUGE = _unordered(np.less)  # noqa: N815


assert set(FORMATS) < NARROW
