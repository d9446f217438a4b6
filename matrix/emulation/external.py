"""Functions of the vendors' device libraries (libdevice, OCML), which kernels call by symbol, in numpy and SciPy.

A symbol is `__nv_erff`, `__nv_erf`, `__ocml_erf_f32`: the name inside is what counts, float32 or float64 is told by the
arguments. A name that is not in the tables is a gap with that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from matrix.emulation.arithmetic import multiply_high
from matrix.emulation.gaps import EmulationGap
from matrix.emulation.narrow_floats import Array

Function = Callable[..., Any]


def call_external(symbol: str, arguments: list[Array]) -> Any:
    """Apply a library function to carrier arrays."""
    return _find(symbol)(*arguments)


@cache
def _find(symbol: str) -> Function:
    name = re.sub(r"^__(nv|ocml|nvvm|imf|xpu|mt|cn|hip)_", "", symbol)
    name = re.sub(r"_(f16|f32|f64|2f16|i32|u32|i64|u64)$", "", name)
    table = _functions()
    for candidate in (name, name.removesuffix("f"), name.removeprefix("fast_").removesuffix("f")):
        if candidate in table:
            return table[candidate]
    raise EmulationGap(f"libdevice:{symbol}", "no numpy or SciPy equivalent is known for it")


@cache
def _functions() -> dict[str, Function]:
    return _UNIVERSAL | _CLASSIFYING | _rounded() | _INTEGER | _special() | _conversions()


_UNIVERSAL: dict[str, Function] = {
    **{
        name: getattr(np, name)
        for name in [
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "exp",
            "exp2",
            "expm1",
            "log",
            "log2",
            "log10",
            "log1p",
            "sqrt",
            "cbrt",
            "floor",
            "ceil",
            "trunc",
            "rint",
            "hypot",
            "fmod",
            "fmax",
            "fmin",
            "copysign",
            "nextafter",
            "ldexp",
        ]
    },
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "fabs": np.abs,
    "abs": np.abs,
    "nearbyint": np.rint,
    "round": lambda x: np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x),
    "exp10": lambda x: np.power(x.dtype.type(10), x),
    "sinpi": lambda x: np.sin(np.pi * x.astype(np.float64)),
    "cospi": lambda x: np.cos(np.pi * x.astype(np.float64)),
    "pow": np.power,
    "powi": lambda x, n: np.power(x, n.astype(x.dtype)),
    "pown": lambda x, n: np.power(x, n.astype(x.dtype)),
    "remainder": lambda x, y: x - y * np.rint(x / y),
    "fdim": lambda x, y: np.where(np.isnan(x) | np.isnan(y), np.nan, np.maximum(x - y, 0)),
    "fma": lambda x, y, z: (x.astype(np.float64) * y + z).astype(z.dtype),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "rcp": lambda x: 1 / x,
    "rcbrt": lambda x: 1 / np.cbrt(x),
    "fdivide": np.divide,
    "saturate": lambda x: np.where(np.isnan(x), 0, np.clip(x, 0, 1)),
    "scalbn": np.ldexp,
    "logb": lambda x: np.where(x == 0, -np.inf, np.floor(np.log2(np.abs(x)))),
    "ilogb": lambda x: np.frexp(x)[1] - 1,
    "norm3d": lambda x, y, z: np.sqrt(x * x + y * y + z * z),
}

_CLASSIFYING: dict[str, Function] = {
    "isnan": np.isnan,
    "isnand": np.isnan,
    "isinf": np.isinf,
    "isinfd": np.isinf,
    "finite": np.isfinite,
    "isfinited": np.isfinite,
    "isfinite": np.isfinite,
    "signbit": np.signbit,
    "signbitd": np.signbit,
}


def _toward(exact: Callable[..., Any], direction: float | None) -> Function:
    """An operation rounded in a direction: toward zero (0), up or down (infinities), or to nearest (None).

    It is computed to nearest and in a wider format; where the narrow result overshot, its neighbour is the answer. A
    float64 quotient, product or root of float32 numbers tells on which side the true value lies.
    """

    def compute(*arguments: Array) -> Any:
        nearest = exact(*arguments)
        if direction is None:
            return nearest
        wide = np.longdouble if nearest.dtype == np.float64 else np.float64
        truth = exact(*(argument.astype(wide) for argument in arguments))
        goal = nearest.dtype.type(direction)
        if direction == 0:
            over = np.abs(nearest.astype(wide)) > np.abs(truth)
        else:
            over = nearest.astype(wide) < truth if direction > 0 else nearest.astype(wide) > truth
        return np.where(over & np.isfinite(truth), np.nextafter(nearest, goal), nearest)

    return compute


def _rounded() -> dict[str, Function]:
    """`div_rz`, `fmul_rd`, `sqrt_rn`, ... with the rounding that their name says."""
    exact: dict[str, Function] = {
        "div": np.divide,
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "sqrt": np.sqrt,
        "rcp": lambda x: 1 / x,
        "rsqrt": lambda x: 1 / np.sqrt(x),
        "fma": lambda x, y, z: x * y + z,
    }
    directions = {"rn": None, "rz": 0.0, "ru": np.inf, "rd": -np.inf}
    table: dict[str, Function] = {}
    for name, function in exact.items():
        for suffix, direction in directions.items():
            for spelling in (f"{name}_{suffix}", f"f{name}_{suffix}", f"d{name}_{suffix}"):
                table[spelling] = _toward(function, direction)
    return table


def _count_leading_zeros(x: Array) -> Array:
    bits = x.dtype.itemsize * 8
    rest = x.view(np.dtype(f"u{x.dtype.itemsize}")).copy()
    length = np.zeros(x.shape, dtype=np.int32)
    while rest.any():
        length += rest != 0
        rest >>= rest.dtype.type(1)
    return (bits - length).astype(np.int32)


def _count_ones(x: Array) -> Array:
    bits = np.unpackbits(np.ascontiguousarray(x)[..., None].view(np.uint8), axis=-1)
    count: Array = bits.sum(axis=-1, dtype=np.int32)
    return count


def _find_first_set(x: Array) -> Array:
    lowest = x & -x
    return np.where(x == 0, 0, x.dtype.itemsize * 8 - _count_leading_zeros(lowest)).astype(np.int32)


def _reverse_bits(x: Array) -> Array:
    data = np.unpackbits(np.ascontiguousarray(x)[..., None].view(np.uint8), axis=-1)
    reversed_: Array = np.packbits(data[..., ::-1], axis=-1).view(x.dtype)[..., 0]
    return reversed_


_INTEGER: dict[str, Function] = {
    "popc": _count_ones,
    "popcll": _count_ones,
    "clz": _count_leading_zeros,
    "clzll": _count_leading_zeros,
    "ffs": _find_first_set,
    "ffsll": _find_first_set,
    "brev": _reverse_bits,
    "brevll": _reverse_bits,
    "umulhi": multiply_high,
    "umul64hi": multiply_high,
    "mulhi": lambda a, b: ((a.astype(np.int64) * b.astype(np.int64)) >> 32).astype(np.int32),
    "mul24": lambda a, b: a * b,
    "umul24": lambda a, b: a * b,
    "llabs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "sad": lambda x, y, z: np.abs(x - y) + z,
    "usad": lambda x, y, z: np.maximum(x, y) - np.minimum(x, y) + z,
    "hadd": lambda a, b: (a >> 1) + (b >> 1) + (a & b & 1),
    "rhadd": lambda a, b: (a >> 1) + (b >> 1) + ((a | b) & 1),
}


def _special() -> dict[str, Function]:
    """Functions that SciPy has. It computes float32 in float32 or better."""
    from scipy import special

    return {
        "erf": special.erf,
        "erfc": special.erfc,
        "erfinv": special.erfinv,
        "erfcinv": special.erfcinv,
        "erfcx": special.erfcx,
        "gelu": lambda x: x * special.ndtr(x),
        "normcdf": special.ndtr,
        "normcdfinv": special.ndtri,
        "ncdf": special.ndtr,
        "ncdfinv": special.ndtri,
        "lgamma": special.gammaln,
        "tgamma": special.gamma,
        "j0": special.j0,
        "j1": special.j1,
        "jn": lambda n, x: special.jv(n, x.astype(np.float64)),
        "y0": special.y0,
        "y1": special.y1,
        "yn": lambda n, x: special.yn(n, x.astype(np.float64)),
        "cyl_bessel_i0": special.i0,
        "cyl_bessel_i1": special.i1,
        "i0": special.i0,
        "i1": special.i1,
    }


def _conversions() -> dict[str, Function]:
    """`float2int_rz`, `int_as_float`, `llrint` and the like."""
    rounding: dict[str, Function] = {"rn": np.rint, "rz": np.trunc, "ru": np.ceil, "rd": np.floor}
    kinds = {"int": np.int32, "uint": np.uint32, "ll": np.int64, "ull": np.uint64}
    table: dict[str, Function] = {
        "llrint": lambda x: np.rint(x).astype(np.int64),
        "llround": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x).astype(np.int64),
        "float_as_int": lambda x: x.view(np.int32),
        "int_as_float": lambda x: x.view(np.float32),
        "float_as_uint": lambda x: x.view(np.uint32),
        "uint_as_float": lambda x: x.view(np.float32),
        "double_as_longlong": lambda x: x.view(np.int64),
        "longlong_as_double": lambda x: x.view(np.float64),
    }
    for suffix, round_ in rounding.items():
        for name, kind in kinds.items():
            for source in ("float", "double"):
                table[f"{source}2{name}_{suffix}"] = lambda x, r=round_, k=kind: r(x).astype(k)
        for name in kinds:
            table[f"{name}2float_{suffix}"] = lambda x: x.astype(np.float32)
            table[f"{name}2double_{suffix}"] = lambda x: x.astype(np.float64)
        table[f"double2float_{suffix}"] = lambda x: x.astype(np.float32)
    return table
