"""Integer arithmetic as hardware does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.emulation.arithmetic import (
    divide_integers,
    multiply_high,
    remainder_by_division,
    remainder_integers,
    unsigned,
    whole_numbers,
)

int32 = st.integers(-(2**31), 2**31 - 1)


@given(int32, int32.filter(bool))
def test_division_truncates_and_the_remainder_has_the_dividends_sign(a: int, b: int) -> None:
    if (a, b) == (-(2**31), -1):
        return
    left, right = np.array([a], dtype=np.int32), np.array([b], dtype=np.int32)
    quotient, remainder = int(divide_integers(left, right)[0]), int(remainder_integers(left, right)[0])
    assert quotient == abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    assert quotient * b + remainder == a


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint8])
def test_a_zero_divisor_sets_all_bits_and_keeps_the_dividend(kind: type[np.integer[Any]]) -> None:
    left, right = np.array([7, 9], dtype=kind), np.array([0, 3], dtype=kind)
    assert unsigned(divide_integers(left, right)).tolist() == [2 ** (left.itemsize * 8) - 1, 3]
    assert remainder_integers(left, right).tolist() == [7, 0]


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_the_upper_half_of_a_product(a: int, b: int) -> None:
    for kind, bits in ((np.uint64, 64), (np.uint32, 32), (np.uint16, 16)):
        x, y = a % 2**bits, b % 2**bits
        got = multiply_high(np.array([x], dtype=kind), np.array([y], dtype=kind))
        assert int(got[0]) == x * y >> bits


@pytest.mark.parametrize(
    ("value", "target", "due"),
    [
        (-2.9, "i4", -2),
        (3e9, "i4", 2**31 - 1),
        (-3e9, "i4", -(2**31)),
        (np.nan, "i4", 0),
        (np.nan, "i8", -(2**63)),
        (np.nan, "u8", 2**63),
        (np.inf, "i8", 2**63 - 1),
        (-np.inf, "i8", -(2**63)),
        (-1.2, "u4", 0),
        (1e30, "u8", 2**64 - 1),
        (7e4, "i2", 2**15 - 1),
    ],
)
def test_floats_out_of_range_become_the_integers_that_the_hardware_makes_of_them(
    value: float, target: str, due: int
) -> None:
    assert int(whole_numbers(np.array([value], dtype=np.float32), np.dtype(target))[0]) == due


def test_a_nan_of_64_bits_is_the_topmost_bit_in_every_width() -> None:
    assert int(whole_numbers(np.array([np.nan]), np.dtype("i4"))[0]) == -(2**31)


@pytest.mark.parametrize(("value", "signed", "unsigned_due"), [(300.0, 44, 44), (-2.0, -2, 0), (1e6, -1, 255)])
def test_8_bits_are_the_low_half_of_16(value: float, signed: int, unsigned_due: int) -> None:
    data = np.array([value], dtype=np.float32)
    assert int(whole_numbers(data, np.dtype("i1"))[0]) == signed
    assert int(whole_numbers(data, np.dtype("u1"))[0]) == unsigned_due


def test_the_remainder_by_division_loses_what_the_quotient_cannot_hold() -> None:
    x = np.array([7.5, -7.5, 1e30, 5.0, 6e4], dtype=np.float32)
    y = np.array([2.0, 2.0, 7.0, np.inf, 7.0], dtype=np.float32)
    with np.errstate(invalid="ignore"):
        got = remainder_by_division(x, y)
    assert got[[0, 1, 3, 4]].tolist() == np.fmod(x, y)[[0, 1, 3, 4]].tolist()
    assert abs(got[2]) > 7, "1e30 / 7 has more digits than float32: what is left is no remainder"
