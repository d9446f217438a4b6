"""The device library's functions, by the symbols that kernels call."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from matrix.emulation.external import call_external
from matrix.emulation.gaps import EmulationGap


@pytest.mark.parametrize(
    ("symbol", "arguments", "expected"),
    [
        ("__nv_erff", [0.5], math.erf(0.5)),
        ("__nv_erf", [0.5], math.erf(0.5)),
        ("__ocml_erf_f32", [0.5], math.erf(0.5)),
        ("__nv_powf", [2.0, 0.5], math.sqrt(2)),
        ("__nv_fmodf", [-7.5, 2.0], -1.5),
        ("__nv_fast_expf", [1.0], math.e),
        ("__nv_lgammaf", [4.5], math.lgamma(4.5)),
        ("__nv_rintf", [2.5], 2.0),
        ("__nv_truncf", [-2.7], -2.0),
        ("__nv_roundf", [-2.5], -3.0),
        ("__nv_cyl_bessel_i0f", [0.0], 1.0),
        ("__nv_exp10f", [2.0], 100.0),
        ("__nv_finitef", [math.inf], 0),
        ("__nv_isnanf", [math.nan], 1),
        ("__nv_copysignf", [1.0, -0.0], -1.0),
    ],
)
def test_functions(symbol: str, arguments: list[float], expected: float) -> None:
    for kind in (np.float32, np.float64):
        got = call_external(symbol, [np.array([value], dtype=kind) for value in arguments])
        assert got[0] == pytest.approx(expected, rel=1e-6), kind


def test_float32_stays_float32() -> None:
    for symbol in ("__nv_tanhf", "__nv_erff", "__nv_fdiv_rz", "__nv_rsqrtf"):
        one = np.array([0.5], dtype=np.float32)
        arguments = [one, one] if "div" in symbol else [one]
        assert call_external(symbol, arguments).dtype == np.float32, symbol


@pytest.mark.parametrize("symbol", ["__nv_fdiv_rz", "__nv_fdiv_ru", "__nv_fdiv_rd", "__nv_fdiv_rn"])
def test_directed_rounding_is_exact(symbol: str) -> None:
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(2, 300)).astype(np.float32)
    got = call_external(symbol, [x, y])
    for a, b, quotient in zip(x, y, got, strict=True):
        truth, found = Fraction(float(a)) / Fraction(float(b)), Fraction(float(quotient))
        step = Fraction(float(np.spacing(np.abs(quotient))))
        assert abs(truth - found) <= step
        if symbol.endswith("rz"):
            assert abs(found) <= abs(truth)
        if symbol.endswith("ru"):
            assert found >= truth
        if symbol.endswith("rd"):
            assert found <= truth


@pytest.mark.parametrize(
    ("symbol", "value", "expected"),
    [("popc", 0b1011, 3), ("clz", 1, 31), ("clz", 0, 32), ("ffs", 8, 4), ("ffs", 0, 0), ("brev", 1, -(2**31))],
)
def test_integer_functions(symbol: str, value: int, expected: int) -> None:
    assert call_external(f"__nv_{symbol}", [np.array([value], dtype=np.int32)])[0] == expected


def test_an_unknown_function_is_a_gap_with_its_name() -> None:
    with pytest.raises(EmulationGap) as caught:
        call_external("__nv_no_such_thing", [])
    assert caught.value.name == "libdevice:__nv_no_such_thing"
