"""A block: what a `tl.tensor` holds while kernels are interpreted, and how Triton's types map onto numpy's.

    carrier     what arithmetic is done on (bfloat16 and 8-bit floats: float32; int1: bool)
    storage     what lies in memory (bfloat16: uint16, 8-bit floats: uint8, int1: uint8)

A scalar is a block of shape (1,), as in Triton's own interpreter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matrix.emulation.memory import Region
from matrix.emulation.narrow_floats import FORMATS, Array, decode, encode

_PLAIN = {
    "fp16": np.float16,
    "fp32": np.float32,
    "fp64": np.float64,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
}
CARRIERS: dict[str, np.dtype[Any]] = {name: np.dtype(kind) for name, kind in _PLAIN.items()} | {
    "int1": np.dtype(bool),
    "bf16": np.dtype(np.float32),
    **dict.fromkeys(FORMATS, np.dtype(np.float32)),
}
STORAGE: dict[str, np.dtype[Any]] = CARRIERS | {
    "int1": np.dtype(np.uint8),
    "bf16": np.dtype(np.uint16),
    **dict.fromkeys(FORMATS, np.dtype(np.uint8)),
}
POINTER = np.dtype(np.uint64)


class Block:
    """An array and its Triton element type; for pointers also the region that they point into, as far as it is known."""

    __slots__ = ("data", "dtype", "region")

    def __init__(self, data: Array, dtype: Any, region: Region | None = None) -> None:
        self.data = data
        self.dtype = dtype
        self.region = region

    def clone(self) -> Block:
        return Block(self.data.copy(), self.dtype, self.region)


def carrier(dtype: Any) -> np.dtype[Any]:
    """The numpy type that values of a Triton scalar type are computed in."""
    return CARRIERS.get(dtype.name, POINTER)


def to_storage(data: Array, dtype: Any) -> Array:
    """A carrier array as it lies in memory."""
    name = dtype.name
    if name == "bf16" or name in FORMATS:
        return encode(data, name)
    if name == "int1":
        return data.astype(np.uint8)
    return data


def from_storage(bits: Array, dtype: Any) -> Array:
    """What lies in memory as a carrier array."""
    name = dtype.name
    if name == "bf16" or name in FORMATS:
        return decode(bits, name)
    if name == "int1":
        result: Array = bits != 0
        return result
    return bits


def spread(data: Array, shape: tuple[int, ...]) -> Array:
    """`numpy.broadcast_to`, several times faster for the common cases."""
    if data.size == 1:
        return np.ndarray(shape, data.dtype, data.reshape(1), 0, (0,) * len(shape))
    return np.broadcast_to(data, shape)
