"""The builder that Triton's front end writes to: instead of IR it makes arrays.

`Builder` puts together arithmetic, memory and libraries, and holds what is neither: constants, the program's place in
its grid, shapes, matrix products. An instruction that is in none of them is a gap, named after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matrix.emulation.access import MemoryAccess
from matrix.emulation.arithmetic import Arithmetic, Comparisons
from matrix.emulation.block import Block, carrier, spread
from matrix.emulation.external import call_external
from matrix.emulation.gaps import EmulationGap
from matrix.emulation.memory import MemoryGuard
from matrix.emulation.narrow_floats import NARROW, round_to


@dataclass
class Options:
    """What the front end asks of the compiler's options. Overflow checks and assertions are off, as in a release build."""

    debug: bool = False
    sanitize_overflow: bool = False
    arch: str | None = None
    backend_name: str = "interpreter"
    extern_libs: dict[str, str] | None = None
    supported_fp8_dtypes: tuple[str, ...] = ("fp8e5", "fp8e5b16", "fp8e4nv", "fp8e4b8", "fp8e4b15")
    deprecated_fp8_dot_operand_dtypes: tuple[str, ...] = ()
    default_dot_input_precision: str = "ieee"
    allowed_dot_input_precisions: tuple[str, ...] = ("tf32", "tf32x3", "ieee", "bf16x3", "bf16x6")
    max_num_imprecise_acc_default: int = 0


@dataclass
class Place:
    """Where the running program is in its grid."""

    index: tuple[int, int, int] = (0, 0, 0)
    size: tuple[int, int, int] = (1, 1, 1)
    blocks: dict[int, Block] = field(default_factory=dict)


class Shapes:
    """Instructions that move elements and compute nothing."""

    int32: Any

    def create_reshape(self, value: Block, shape: list[int], _allow_reorder: Any) -> Block:
        return Block(value.data.reshape(tuple(shape)), value.dtype, value.region)

    def create_trans(self, value: Block, order: Any) -> Block:
        return Block(np.transpose(value.data, tuple(order)), value.dtype, value.region)

    def create_expand_dims(self, value: Block, axis: int) -> Block:
        return Block(np.expand_dims(value.data, axis), value.dtype, value.region)

    def create_broadcast(self, value: Block, shape: list[int]) -> Block:
        return Block(spread(value.data, tuple(shape)), value.dtype, value.region)

    def create_splat(self, type_: Any, value: Block) -> Block:
        return Block(spread(value.data, type_.extents), value.dtype, value.region)

    def create_unsplat(self, value: Block) -> Block:
        return Block(value.data.reshape(-1)[:1], value.dtype, value.region)

    def create_cat(self, left: Block, right: Block) -> Block:
        return Block(np.concatenate([left.data, right.data]), left.dtype)

    def create_join(self, left: Block, right: Block) -> Block:
        return Block(np.stack([left.data, right.data], axis=-1), left.dtype)

    def create_split(self, value: Block) -> tuple[Block, Block]:
        return Block(value.data[..., 0], value.dtype), Block(value.data[..., 1], value.dtype)

    def create_gather(self, source: Block, indices: Block, axis: int) -> Block:
        return Block(np.take_along_axis(source.data, indices.data.astype(np.int64), axis=axis), source.dtype)

    def create_make_range(self, _type: Any, start: int, stop: int) -> Block:
        return Block(np.arange(start, stop, dtype=np.int32), self.int32)

    def create_histogram(self, value: Block, bins: int, mask: Block | None) -> Block:
        """Counts per bin; an element outside of the bins counts nowhere."""
        data = value.data if mask is None else value.data[mask.data]
        inside = data[(data >= 0) & (data < bins)]
        return Block(np.bincount(inside.reshape(-1).astype(np.int64), minlength=bins).astype(np.int32), self.int32)


class Builder(Arithmetic, Comparisons, Shapes, MemoryAccess):
    """One per process; `place` and `guard` are set by the launch that runs."""

    def __init__(self, types: dict[str, Any], *, remainder_by_division: bool = True) -> None:
        """`types` maps names of Triton's scalar types to them."""
        from triton._C.libtriton import interpreter

        self.types = types
        self.remainder_by_division = remainder_by_division
        self.int1 = types["int1"]
        self.int32 = types["int32"]
        self.options = Options()
        self.place = Place()
        self.guard = MemoryGuard()
        self.module_map: dict[str, Any] = {}
        self.codegen_fns = {
            "min_dot_size": lambda _left, _right: (1, 1, 1),
            "convert_custom_types": self._convert_custom_types,
        }
        self.make_tensor: Any = None
        self.raw = interpreter

    def __getattr__(self, name: str) -> Any:
        if name.startswith("get_"):
            return self._constant_maker(name)
        raise EmulationGap(f"instruction:{name}", "the interpreter has no such instruction")

    def _constant_maker(self, name: str) -> Any:
        """`get_int32(5)` makes a constant, `get_int32_ty()` names a type."""
        kind = name.removeprefix("get_")
        if kind in self.types:
            scalar = self.types[kind]
            dtype = carrier(scalar)
            maker: Any = lambda value: Block(_constant(value, dtype, scalar.name), scalar)  # noqa: E731
        elif kind.removesuffix("_ty") in self.types:
            named = self.types[kind.removesuffix("_ty")]
            maker = lambda: named  # noqa: E731
        else:
            raise EmulationGap(f"instruction:{name}", "the interpreter has no such constant or type")
        setattr(self, name, maker)
        return maker

    def _convert_custom_types(self, value: Any, type_: Any, rounding: Any, _semantic: Any = None) -> Any:
        return self.make_tensor(self.create_fp_to_fp(value.handle, type_, rounding), type_)

    def get_cache_policy(self, _modifier: str, _eviction: str) -> None:
        """A hint to the cache."""

    def get_null_value(self, type_: Any) -> Block:
        return Block(np.zeros(1, dtype=carrier(type_.scalar)), type_.scalar)

    def get_all_ones_value(self, type_: Any) -> Block:
        dtype = carrier(type_.scalar)
        data = ~np.zeros(1, dtype=dtype)
        return Block(data, type_.scalar)

    # the program and its grid
    def create_get_program_id(self, axis: int) -> Block:
        return Block(np.array([self.place.index[axis]], dtype=np.int32), self.int32)

    def create_get_num_programs(self, axis: int) -> Block:
        return Block(np.array([self.place.size[axis]], dtype=np.int32), self.int32)

    def create_barrier(self) -> None:
        """One program is one thread here."""

    def create_grid_dependency_wait(self) -> None:
        """Launches run one after another."""

    def create_grid_dependency_launch_dependents(self) -> None:
        """Launches run one after another."""

    def create_assume(self, _condition: Block) -> None:
        """A hint to the compiler."""

    def create_assert(self, _condition: Block, _message: str) -> None:
        """Device assertions are compiled out of a release build."""

    def create_print(self, _prefix: str, _hex: Any, _values: Any, _signed: Any) -> None:
        """Kernels print to the device's own stream; nothing reads it."""

    def create_dot(self, left: Block, right: Block, start: Block, _precision: Any, _imprecise: Any) -> Block:
        """Products in the accumulator's precision: float32 for narrow floats, with no TF32 truncation."""
        kind = start.data.dtype
        wide = np.dtype(np.float32) if kind == np.float16 else kind
        product = np.matmul(left.data.astype(wide), right.data.astype(wide))
        total = product + start.data.astype(wide)
        if start.dtype.name in NARROW:
            return Block(round_to(total, start.dtype.name), start.dtype)
        return Block(total.astype(kind, copy=False), start.dtype)

    def create_extern_elementwise(
        self, _library: str, _path: str, symbol: str, arguments: list[Block], type_: Any, _pure: Any
    ) -> Block:
        dtype = carrier(type_.scalar)
        result = call_external(symbol, [argument.data for argument in arguments])
        if type_.scalar.name in NARROW:
            result = round_to(np.asarray(result, dtype=dtype), type_.scalar.name)
        return Block(np.asarray(result).astype(dtype, copy=False), type_.scalar)

    def create_inline_asm(self, assembly: str, *_arguments: Any) -> Any:
        raise EmulationGap("inline-asm", assembly.strip().splitlines()[0] if assembly.strip() else "(empty)")


def _constant(value: Any, dtype: np.dtype[Any], name: str) -> np.ndarray[Any, np.dtype[Any]]:
    """A one-element array; integers wrap, narrow floats round."""
    if dtype.kind in "iu":
        bits = dtype.itemsize * 8
        value = int(value) & ((1 << bits) - 1)
        return np.array([value], dtype=f"u{dtype.itemsize}").view(dtype)
    array = np.array([value], dtype=dtype)
    return round_to(array, name) if name in NARROW else array
