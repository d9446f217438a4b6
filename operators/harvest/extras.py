"""Calls of our own that open the row of an entry, where torch's samples show its work badly or by chance only.

Random floats are never equal and never zero: without these, `eq`, `nonzero` and `logical_and` would be right by answering
one and the same everywhere. They are tried and narrowed like all others.
"""

from __future__ import annotations

_MADE = 'dtype=dtype("T"), device=device'
_SPARSE = "T[3, 5].values(0, 1, 0, 2, 0, 0, 3, 0, 1, 0, 0, 1, 0, 0, 5)"
_OTHER = "T[3, 5].values(1, 1, 0, 0, 0, 0, 3, 2, 0, 0, 4, 1, 1, 0, 5)"
_DENSE = "T[3, 5].values(1, 1, 2, 2, 4, 0, 3, 0, 1, 0, 1, 1, 3, 2, 5)"
_ALIKE = f"{_SPARSE}, {_OTHER}"
_REPEATED = "T[12].values(3, 1, 1, 2, 2, 2, 0, 0, 3, 3, 1, 5)"

EXTRAS: dict[str, tuple[str, ...]] = {
    "_unique2": (_REPEATED, f"{_REPEATED}, return_inverse=True, return_counts=True"),
    "all": (_DENSE, "T[3, 5].fill(1)"),
    "all.dim": (f"{_DENSE}, 0", f"{_DENSE}, 1, keepdim=True"),
    "all.dims": (f"{_DENSE}, dim=[0]", f"{_DENSE}, dim=[0, 1]"),
    "allclose": ("T[3, 4].fill(1), T[3, 4].fill(1)",),
    "any": (_SPARSE, "T[3, 5].fill(0)"),
    "any.dim": (f"{_SPARSE}, 0", f"{_SPARSE}, 1, keepdim=True"),
    "any.dims": (f"{_SPARSE}, dim=[0]", "T[3, 5].fill(0), dim=[0, 1]"),
    "arange": (f"7, {_MADE}", f"129, {_MADE}"),
    "arange.start": (f"2, 9, {_MADE}", f"-3, 30, {_MADE}"),
    "arange.start_step": (f"1, 14, 3, {_MADE}", f"10, -10, -3, {_MADE}"),
    "bernoulli_.float": ("T[32, 32], 0.3",),
    "conv3d": ("T[1, 2, 4, 4, 4], T[3, 2, 2, 2, 2]",),
    "conv3d.padding": ('T[1, 2, 4, 4, 4], T[3, 2, 3, 3, 3], padding="same"',),
    "count_nonzero": (_SPARSE,),
    "eq.Scalar": (f"{_SPARSE}, 1",),
    "eq.Tensor": (_ALIKE,),
    "equal": ("T[3, 4].fill(1), T[3, 4].fill(1)", "T[3, 4].fill(1), T[3, 4]"),
    "exponential_": ("T[32, 32]", "T[32, 32], lambd=2.5"),
    "eye": (f"5, {_MADE}",),
    "eye.m": (f"4, 6, {_MADE}", f"6, 4, {_MADE}"),
    "floor_divide": ("T[5, 7], T[5, 7].between(1, 9)", "T[5, 7], T[5, 7].between(-9, -1)"),
    "full": (f"[4, 5], 6, {_MADE}", f"[4, 5], 2.5, {_MADE}"),
    "full_like": ("T[4, 5], 6", "T[4, 5], 2.5"),
    "ge.Scalar": (f"{_SPARSE}, 1",),
    "ge.Tensor": (_ALIKE,),
    "index.Tensor": ("T[5, 4], [i64[6].values(0, 3, 3, 4, 1, 0)]",),
    "isclose": (_ALIKE,),
    "isin.Scalar_Tensor": (f"3, {_SPARSE}",),
    "isin.Tensor_Scalar": (f"{_SPARSE}, 1",),
    "isin.Tensor_Tensor": (f"{_DENSE}, T[3].values(2, 5, 7)", f"{_DENSE}, T[3].values(2, 5, 7), invert=True"),
    "le.Scalar": (f"{_SPARSE}, 1",),
    "le.Tensor": (_ALIKE,),
    "linspace": (f"-2, 3, 7, {_MADE}", f"0, 10, 5, {_MADE}"),
    "logical_and": (_ALIKE,),
    "logical_and_": (_ALIKE,),
    "logical_not": (_SPARSE,),
    "logical_or": (_ALIKE,),
    "logical_or_": (_ALIKE,),
    "logical_xor": (_ALIKE,),
    "logspace": (f"0, 2, 5, {_MADE}",),
    "multinomial": ("T[3, 10].between(0.25, 9), 3",),
    "native_dropout_backward": ("T[5, 7], b8[5, 7], 2.0",),
    "ne.Scalar": (f"{_SPARSE}, 1",),
    "ne.Tensor": (_ALIKE,),
    "nonzero": (_SPARSE, "T[2, 3].fill(0)", "T[()].fill(1)"),
    "normal.Tensor_Tensor": ("T[32, 32].between(0, 0.1), T[32, 32].between(0.9, 1)",),
    "normal.Tensor_float": ("T[32, 32].between(0, 0.1), 2.5",),
    "normal.float_Tensor": ("0.5, T[32, 32].between(0.9, 1)",),
    "normal_": ("T[32, 32], -1.0, 2.0",),
    "ones": (f"[4, 5], {_MADE}",),
    "pow.Tensor_Scalar": ("T[5, 7], 2", "T[5, 7], 3", "T[5, 7].between(0.1, 4), 0.5"),
    "rand": (f"[32, 32], {_MADE}",),
    "rand_like": ("T[32, 32]",),
    "randn": (f"[32, 32], {_MADE}",),
    "randn_like": ("T[32, 32]",),
    "remainder.Tensor": ("T[5, 7], T[5, 7].between(1, 9)", "T[5, 7], T[5, 7].between(-9, -1)"),
    "repeat": ("T[3, 2], [2, 3]", "T[3, 2], [2, 1, 3]"),
    "sgn_": (_SPARSE,),
    "sort": ("T[4, 7]", "T[3, 6], 0, True"),
    "sort.stable": ("T[2, 6].values(2, 1, 2, 0, 1, 0, 3, 3, 1, 1, 3, 0), stable=True", "T[4, 7], stable=True, dim=0"),
    "uniform_": ("T[32, 32]", "T[32, 32], -3.0, 5.0"),
    "unique_consecutive": (_REPEATED, f"{_REPEATED}, return_inverse=True, return_counts=True"),
    "zeros": (f"[4, 5], {_MADE}",),
}
