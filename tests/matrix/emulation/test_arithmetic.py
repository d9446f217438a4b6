"""Integer arithmetic as hardware does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.emulation.arithmetic import divide_integers, multiply_high, remainder_integers, unsigned

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
