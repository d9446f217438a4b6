"""Floats that numpy has not: bfloat16 and the 8-bit ones.

A block of them is carried as float32 whose every value is one that the narrow type can hold: arithmetic is float32
arithmetic followed by one rounding, which is how the chips do it. Only loads, stores and bit casts see the narrow bits.

Rounding is to nearest, ties to even. bfloat16 overflows to infinity. The 8-bit types saturate, as the conversion
instructions of the chips do that have them (`cvt.rn.satfinite`, PTX ISA 8.1; OCP 8-bit floating point, table 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Format:
    """An 8-bit float: widths of its exponent and mantissa, its bias, and which encodings are not numbers.

    finite      the all-ones exponent holds numbers too, and only `nan_bits` are NaN (no infinities)
    unsigned_zero   there is no negative zero: its encoding is the NaN
    """

    exponent: int
    mantissa: int
    bias: int
    finite: bool
    unsigned_zero: bool = False


FORMATS: dict[str, Format] = {
    "fp8e5": Format(5, 2, 15, finite=False),
    "fp8e5b16": Format(5, 2, 16, finite=True, unsigned_zero=True),
    "fp8e4nv": Format(4, 3, 7, finite=True),
    "fp8e4b8": Format(4, 3, 8, finite=True, unsigned_zero=True),
    "fp8e4b15": Format(4, 3, 15, finite=True),
}
NARROW = frozenset({"bf16", *FORMATS})


def decode(bits: Array, name: str) -> NDArray[np.float32]:
    """The values of bit patterns, as float32."""
    if name == "bf16":
        return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    values: NDArray[np.float32] = _values(name)[bits]
    return values


def encode(values: Array, name: str) -> Array:
    """The bit patterns of values that were rounded before."""
    if name == "bf16":
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
        return (bits >> np.uint32(16)).astype(np.uint16)
    return _search(values, name)


def round_to(values: Array, name: str) -> NDArray[np.float32]:
    """Values rounded to what the narrow type holds, as float32."""
    if name == "bf16":
        return _round_bfloat16(values)
    rounded: NDArray[np.float32] = _values(name)[_search(values, name)]
    return rounded


def truncate_to(values: Array, name: str) -> NDArray[np.float32]:
    """Values rounded toward zero to what the narrow type holds, as float32."""
    if name == "bf16":
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
        cut = (bits & np.uint32(0xFFFF0000)).view(np.float32)
        return np.where(np.isnan(values), np.float32(np.nan), cut).astype(np.float32)
    rounded = round_to(values, name)
    over = np.abs(rounded) > np.abs(values)
    code = _search(values, name)
    return np.where(over, _values(name)[np.where(over, code - 1, code).astype(np.uint8)], rounded).astype(np.float32)


def _round_bfloat16(values: Array) -> NDArray[np.float32]:
    single = np.ascontiguousarray(values, dtype=np.float32)
    bits = single.view(np.uint32)
    rounded = (bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))) & np.uint32(0xFFFF0000)
    result = rounded.view(np.float32)
    not_a_number = np.isnan(single)
    if not_a_number.any():
        result = np.where(not_a_number, np.float32(np.nan), result)
    return result


@cache
def _values(name: str) -> NDArray[np.float32]:
    """The value of each of the 256 encodings."""
    form = FORMATS[name]
    bits = np.arange(256)
    exponent = (bits >> form.mantissa) & ((1 << form.exponent) - 1)
    fraction = (bits & ((1 << form.mantissa) - 1)) / (1 << form.mantissa)
    magnitude = np.where(exponent == 0, np.ldexp(fraction, 1 - form.bias), np.ldexp(1 + fraction, exponent - form.bias))
    values = np.where(bits & 0x80, -magnitude, magnitude)
    if form.unsigned_zero:
        values[0x80] = np.nan
    elif form.finite:
        values[[0x7F, 0xFF]] = np.nan
    else:
        top = exponent == (1 << form.exponent) - 1
        values[top] = np.where(fraction[top] == 0, np.copysign(np.inf, values[top]), np.nan)
    return values.astype(np.float32)


@cache
def _middles(name: str) -> NDArray[np.float64]:
    """The midpoints between neighbouring finite magnitudes, ascending: encoding n ends at midpoint n."""
    magnitudes = _values(name)[:128].astype(np.float64)
    finite = magnitudes[np.isfinite(magnitudes)]
    middles: NDArray[np.float64] = (finite[1:] + finite[:-1]) / 2
    return middles


def _search(values: Array, name: str) -> NDArray[np.uint8]:
    """Encodings of values, rounded to nearest with ties to even."""
    wide = np.asarray(values, dtype=np.float64)
    magnitude = np.abs(wide)
    middles = _middles(name)
    code = np.searchsorted(middles, magnitude, side="left")
    nearest = np.minimum(code, len(middles) - 1)
    code = code + ((middles[nearest] == magnitude) & (code % 2 == 1))
    form = FORMATS[name]
    nan_code = 0x80 if form.unsigned_zero else 0x7F
    sign = np.where(np.signbit(wide), 0x80, 0)
    if form.unsigned_zero:
        sign = np.where(code == 0, 0, sign)
    result = np.where(np.isnan(wide), nan_code, code | sign)
    if not form.finite:  # an infinity stays one; only finite values saturate
        result = np.where(np.isinf(wide), 0x7C | sign, result)
    return result.astype(np.uint8)
