"""bfloat16 and 8-bit floats: held against torch's own conversions, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from matrix.emulation.narrow_floats import FORMATS, decode, encode, round_to, truncate_to

TORCH = {
    "fp8e5": torch.float8_e5m2,
    "fp8e4nv": torch.float8_e4m3fn,
    "fp8e5b16": torch.float8_e5m2fnuz,
    "fp8e4b8": torch.float8_e4m3fnuz,
}
LARGEST = {"fp8e5": 57344.0, "fp8e4nv": 448.0, "fp8e5b16": 57344.0, "fp8e4b8": 240.0}


def test_every_8_bit_pattern_has_the_value_that_torch_gives_it() -> None:
    bits = np.arange(256, dtype=np.uint8)
    for name, dtype in TORCH.items():
        expected = torch.arange(256, dtype=torch.uint8).view(dtype).to(torch.float32).numpy()
        np.testing.assert_array_equal(decode(bits, name), expected, err_msg=name)


@pytest.mark.parametrize("name", sorted(TORCH))
def test_rounding_to_8_bits_is_to_nearest_even(name: str) -> None:
    limit = LARGEST[name]
    generator = np.random.default_rng(1)
    grid = decode(np.arange(128, dtype=np.uint8), name)
    grid = np.unique(grid[np.isfinite(grid)])
    middles = ((grid[1:] + grid[:-1]) / 2).astype(np.float32)
    values = np.concatenate([middles, -middles, generator.uniform(-limit, limit, 2000)]).astype(np.float32)
    expected = torch.from_numpy(values).to(TORCH[name]).to(torch.float32).numpy()
    np.testing.assert_array_equal(round_to(values, name), expected)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_encoding_of_a_rounded_value_decodes_to_it(name: str) -> None:
    values = decode(np.arange(256, dtype=np.uint8), name)
    finite = values[np.isfinite(values)]
    np.testing.assert_array_equal(decode(encode(finite, name), name), finite)


@pytest.mark.parametrize("name", sorted(LARGEST))
def test_a_finite_value_out_of_range_saturates(name: str) -> None:
    rounded = round_to(np.array([1e9, -1e9], dtype=np.float32), name)
    assert rounded.tolist() == [LARGEST[name], -LARGEST[name]]


def test_nan_stays_nan_in_every_format() -> None:
    for name in (*FORMATS, "bf16"):
        assert np.isnan(decode(encode(np.array([np.nan], dtype=np.float32), name), name)).all(), name


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
def test_bfloat16_rounds_as_torch_does(numbers: list[float]) -> None:
    values = np.array(numbers, dtype=np.float32)
    expected = torch.from_numpy(values).to(torch.bfloat16)
    np.testing.assert_array_equal(round_to(values, "bf16"), expected.to(torch.float32).numpy())
    finite = ~np.isnan(values)
    bits = expected.view(torch.int16).numpy().view(np.uint16)
    np.testing.assert_array_equal(encode(round_to(values, "bf16"), "bf16")[finite], bits[finite])


def test_bfloat16_overflows_to_infinity_and_not_to_nan() -> None:
    values = np.array([3.4e38, -3.4e38, 3.38e38], dtype=np.float32)
    assert round_to(values, "bf16").tolist()[:2] == [np.inf, -np.inf]
    assert np.isfinite(round_to(values, "bf16")[2])


@pytest.mark.parametrize("name", ["bf16", "fp8e4nv", "fp8e5"])
def test_truncation_never_grows_a_magnitude(name: str) -> None:
    values = np.random.default_rng(2).uniform(-300, 300, 500).astype(np.float32)
    cut = truncate_to(values, name)
    assert (np.abs(cut) <= np.abs(values)).all()
    assert (np.abs(round_to(values, name)) >= np.abs(cut)).all()
