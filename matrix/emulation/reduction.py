"""`tl.reduce` and `tl.associative_scan`, with any combine function, on whole slices at a time.

A reduction is a tree over neighbours: element 2i is combined with 2i+1, so left stays left for a combine function that
does not commute. A scan doubles its reach (Hillis and Steele, 1986). The combine function sees flat blocks where
the compiler gives it scalars; one that branches on its arguments is called element by element instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from matrix.emulation.block import Block, carrier
from matrix.emulation.gaps import NotCompilable
from matrix.emulation.narrow_floats import NARROW, Array, round_to

Columns = list[Array]
Shortcut = Callable[[Columns], Columns | None]


class Reducer:
    """Holds Triton's language, what it wraps arrays in, and shortcuts for its own combine functions."""

    def __init__(self, core: Any, standard: Any) -> None:
        self.core = core
        self.reductions: dict[int, Shortcut] = {
            id(standard._sum_combine): _reduce_with(np.add),  # noqa: SLF001 - Triton's own functions are told by identity
            id(standard._elementwise_max): _reduce_with(np.fmax),  # noqa: SLF001
            id(standard._elementwise_min): _reduce_with(np.fmin),  # noqa: SLF001
            id(standard._or_combine): _reduce_with(np.bitwise_or),  # noqa: SLF001
            id(standard._xor_combine): _reduce_with(np.bitwise_xor),  # noqa: SLF001
            id(standard._argmax_combine_tie_break_left): _locate(np.argmax),  # noqa: SLF001
            id(standard._argmin_combine_tie_break_left): _locate(np.argmin),  # noqa: SLF001
        }
        self.scans: dict[int, Any] = {
            id(standard._sum_combine): np.add,  # noqa: SLF001
            id(standard._prod_combine): np.multiply,  # noqa: SLF001
        }

    def reduce(
        self,
        value: Any,
        axis: Any,
        combine_fn: Any,
        keep_dims: Any = False,  # noqa: FBT002 - Triton's signature
        **_: Any,
    ) -> Any:
        """`tl.reduce`."""
        core = self.core
        if isinstance(value, core.tensor):
            return self.reduce((value,), axis, combine_fn, keep_dims)[0]
        axis, combine, keep_dims = map(core._unwrap_if_constexpr, (axis, combine_fn, keep_dims))  # noqa: SLF001
        tensors = tuple(value)
        shape = [int(size) for size in tensors[0].type.shape] if tensors[0].type.is_block() else []
        place = self._axis(axis, shape)
        columns = [self._leading(tensor, place) for tensor in tensors]
        result = self._reduce_columns(columns, tensors, combine)
        rest = [size for index, size in enumerate(shape) if index != place] if place is not None else []
        if keep_dims:
            rest = [1 if place is None or index == place else size for index, size in enumerate(shape)]
        return tuple(self._wrap(data, tensor.dtype, rest) for data, tensor in zip(result, tensors, strict=True))

    def scan(
        self,
        value: Any,
        axis: Any,
        combine_fn: Any,
        reverse: Any = False,  # noqa: FBT002 - Triton's signature
        **_: Any,
    ) -> Any:
        """`tl.associative_scan`."""
        core = self.core
        if isinstance(value, core.tensor):
            return self.scan((value,), axis, combine_fn, reverse)[0]
        axis, combine, reverse = map(core._unwrap_if_constexpr, (axis, combine_fn, reverse))  # noqa: SLF001
        tensors = tuple(value)
        shape = [int(size) for size in tensors[0].type.shape]
        place = self._axis(axis, shape) or 0
        columns = [np.moveaxis(tensor.handle.data, place, 0) for tensor in tensors]
        columns = [data[::-1] for data in columns] if reverse else columns
        result = self._scan_columns(columns, tensors, combine)
        result = [data[::-1] for data in result] if reverse else result
        moved = [np.moveaxis(data, 0, place) for data in result]
        return tuple(self._wrap(data, tensor.dtype, shape) for data, tensor in zip(moved, tensors, strict=True))

    def _axis(self, axis: int | None, shape: list[int]) -> int | None:
        if axis is None:
            return None
        if not -len(shape) <= axis < len(shape):
            raise NotCompilable(f"axis {axis} of a block of shape {shape}")
        return axis % len(shape)

    def _leading(self, tensor: Any, axis: int | None) -> Array:
        """The reduced axis first."""
        data: Array = tensor.handle.data
        return data.reshape(-1) if axis is None else np.moveaxis(data, axis, 0)

    def _wrap(self, data: Array, dtype: Any, shape: list[int]) -> Any:
        data = np.ascontiguousarray(data).astype(carrier(dtype), copy=False)
        if not shape:
            return self.core.tensor(Block(data.reshape(1), dtype), dtype)
        return self.core.tensor(Block(data.reshape(shape), dtype), self.core.block_type(dtype, shape))

    def _reduce_columns(self, columns: Columns, tensors: Sequence[Any], combine: Any) -> Columns:
        shortcut = self.reductions.get(id(combine))
        quick = shortcut(columns) if shortcut else None
        if quick is not None:
            return [_narrow(data, tensor.dtype) for data, tensor in zip(quick, tensors, strict=True)]
        while len(columns[0]) > 1:
            even = len(columns[0]) // 2 * 2
            left = [data[0:even:2] for data in columns]
            right = [data[1:even:2] for data in columns]
            odd = [data[even:] for data in columns]
            combined = self._combine(left, right, tensors, combine)
            columns = [np.concatenate([data, tail]) for data, tail in zip(combined, odd, strict=True)]
        return [data[0] for data in columns]

    def _scan_columns(self, columns: Columns, tensors: Sequence[Any], combine: Any) -> Columns:
        operation = self.scans.get(id(combine))
        if operation is not None and tensors[0].dtype.name not in NARROW:
            return [operation.accumulate(columns[0], axis=0, dtype=columns[0].dtype)]
        reach, length = 1, len(columns[0])
        while reach < length:
            earlier = [np.concatenate([data[:reach], data[:-reach]]) for data in columns]
            combined = self._combine(earlier, columns, tensors, combine)
            columns = [np.concatenate([old[:reach], new[reach:]]) for old, new in zip(columns, combined, strict=True)]
            reach *= 2
        return columns

    def _combine(self, left: Columns, right: Columns, tensors: Sequence[Any], combine: Any) -> Columns:
        """The combine function on all pairs at once."""
        shape = left[0].shape
        arguments = [
            self._flat(data, tensor.dtype) for side in (left, right) for data, tensor in zip(side, tensors, strict=True)
        ]
        try:
            answer = combine(*arguments)
        except NotCompilable:
            return self._combine_each(left, right, tensors, combine)
        parts = answer if isinstance(answer, tuple | self.core.tuple) else (answer,)
        return [self._data(part, tensor.dtype, shape) for part, tensor in zip(parts, tensors, strict=True)]

    def _combine_each(self, left: Columns, right: Columns, tensors: Sequence[Any], combine: Any) -> Columns:
        """Pair by pair, as scalars: for a combine function that branches."""
        results = [np.empty(data.shape, dtype=data.dtype) for data in left]
        for index in np.ndindex(left[0].shape):
            arguments = [
                self._wrap(np.asarray(data[index]), tensor.dtype, [])
                for side in (left, right)
                for data, tensor in zip(side, tensors, strict=True)
            ]
            answer = combine(*arguments)
            parts = answer if isinstance(answer, tuple | self.core.tuple) else (answer,)
            for result, part, tensor in zip(results, parts, tensors, strict=True):
                result[index] = self._data(part, tensor.dtype, ())
        return results

    def _flat(self, data: Array, dtype: Any) -> Any:
        return self._wrap(data, dtype, [data.size])

    def _data(self, part: Any, dtype: Any, shape: tuple[int, ...]) -> Array:
        if not isinstance(part, self.core.tensor):
            value = self.core._unwrap_if_constexpr(part)  # noqa: SLF001
            return np.full(shape, value, dtype=carrier(dtype))
        if part.dtype != dtype:
            raise NotCompilable(f"the combine function of a reduction over {dtype} returns {part.dtype}")
        data: Array = part.handle.data
        return np.broadcast_to(data, (int(np.prod(shape)),)).reshape(shape)


def _reduce_with(operation: Any) -> Shortcut:
    def reduce(columns: Columns) -> Columns:
        return [operation.reduce(columns[0], axis=0, dtype=columns[0].dtype)]

    return reduce


def _locate(operation: Any) -> Shortcut:
    """Where the extreme value is, left-most first: right while there is no NaN and the indices increase."""

    def locate(columns: Columns) -> Columns | None:
        values, indices = columns
        if len(values) == 0 or (values.dtype.kind == "f" and np.isnan(values).any()):
            return None
        if not (np.diff(indices, axis=0) > 0).all():
            return None
        place = np.expand_dims(operation(values, axis=0), 0)
        return [np.take_along_axis(data, place, axis=0)[0] for data in (values, indices)]

    return locate


def _narrow(data: Array, dtype: Any) -> Array:
    return round_to(data, dtype.name) if dtype.name in NARROW else data
