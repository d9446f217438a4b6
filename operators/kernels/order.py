"""The shared part of operators that look for an order: floating numbers as integers that sort the same way.

The bits of an IEEE 754 number read as an integer already sort like the number while it is positive; of a negative one all bits
but the sign are turned round. NaN becomes an integer of the caller's choice, so that it is the largest or the smallest. With
keys an order can be found bit by bit, and the processor's atomic maximum of integers serves floating numbers too.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def key_of(value, NAN_IS_LARGEST: tl.constexpr):
    """The key of a float32 (int32) or float64 (int64); integers are their own."""
    if value.dtype.is_floating():
        KEY: tl.constexpr = tl.int64 if value.dtype.primitive_bitwidth == 64 else tl.int32
        LARGEST: tl.constexpr = 0x7FFFFFFFFFFFFFFF if value.dtype.primitive_bitwidth == 64 else 0x7FFFFFFF
        bits = value.to(KEY, bitcast=True)
        key = tl.where(bits < 0, bits ^ LARGEST, bits)
        return tl.where(value != value, LARGEST if NAN_IS_LARGEST else -LARGEST - 1, key)
    else:  # noqa: RET505 - a branch that is not taken must not be compiled
        return value


@triton.jit
def value_of(key, VALUE: tl.constexpr):
    """The number of a key, as `VALUE` (float32 or float64)."""
    LARGEST: tl.constexpr = 0x7FFFFFFFFFFFFFFF if key.dtype.primitive_bitwidth == 64 else 0x7FFFFFFF
    return tl.where(key < 0, key ^ LARGEST, key).to(VALUE, bitcast=True)
