"""Indexing into blocks, which some vendors' Triton has and the original refuses: `x[:, 3]`, `x[1:, n]`, `x[0] = y`.

Indices are constants or scalars; a scalar drops its dimension. Assignment gives the variable a new value: a block that was
bound to another name before stays as it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matrix.emulation.block import Block
from matrix.emulation.gaps import KernelFault, NotCompilable


class BlockSlices:
    """Reads and replaces parts of blocks."""

    def __init__(self, semantic: Any) -> None:
        from triton.language import core

        self.core = core
        self.semantic = semantic

    def install(self, language: Any) -> None:
        """Let every tensor be indexed and assigned to, for good."""
        language.replaced = self.replaced
        original = self.core.tensor.__getitem__

        def get(value: Any, index: Any) -> Any:
            items = self._items(index)
            if all(item is None or self._is_whole(item) for item in items):
                return original(value, index)
            return self.part(value, items)

        get.__triton_builtin__ = True  # type: ignore[attr-defined]
        self.core.tensor.__getitem__ = get

    def part(self, value: Any, items: list[Any]) -> Any:
        """The elements that the indices select."""
        data = value.handle.data[self._where(value, items)]
        return self._tensor(np.asarray(data), value.dtype)

    def replaced(self, value: Any, index: Any, new: Any) -> Any:
        """The block with the elements that the indices select set to another value."""
        if not isinstance(value, self.core.tensor):
            raise NotCompilable(f"assignment to an element of {type(value).__name__!r}")
        fresh = self.semantic.cast(self.semantic.to_tensor(new), value.dtype).handle.data
        data = value.handle.data.copy()
        place = self._where(value, self._items(index))
        selected = data[place].shape
        try:
            data[place] = fresh.reshape(()) if fresh.size == 1 else np.broadcast_to(fresh, selected)
        except ValueError:
            raise NotCompilable(f"a block of shape {fresh.shape} assigned to elements of shape {selected}") from None
        return self.core.tensor(Block(data, value.handle.dtype), value.type)

    def _is_whole(self, item: Any) -> bool:
        return _is_slice(item) and all(self._number(bound) is None for bound in (item.start, item.stop, item.step))

    def _items(self, index: Any) -> list[Any]:
        unwrap = self.core._unwrap_if_constexpr  # noqa: SLF001 - the compiler's own notion of a constant
        index = unwrap(index)
        items = index if isinstance(index, tuple | list | self.core.tuple) else [index]
        return [unwrap(item) for item in items]

    def _where(self, value: Any, items: list[Any]) -> tuple[Any, ...]:
        """The indices as numpy takes them. Raises KernelFault where one lies outside of the block."""
        shape = value.handle.data.shape if value.type.is_block() else ()
        place: list[Any] = []
        axis = 0
        for item in items:
            if item is None:
                place.append(None)
                continue
            if axis == len(shape):
                raise NotCompilable(f"{len(items)} indices into a block of shape {shape}")
            place.append(self._slice(item, shape[axis]) if _is_slice(item) else self._scalar(item, shape[axis]))
            axis += 1
        return tuple(place)

    def _slice(self, item: Any, extent: int) -> slice:
        bounds = [self._number(bound) for bound in (item.start, item.stop, item.step)]
        for bound in bounds[:2]:
            if bound is not None and not -extent <= bound <= extent:
                raise KernelFault(f"the slice {bounds[0]}:{bounds[1]} reaches beyond the {extent} elements of a block")
        return slice(*bounds)

    def _scalar(self, item: Any, extent: int) -> int:
        number = self._number(item)
        if number is None or not -extent <= number < extent:
            raise KernelFault(f"element {number} of a block of {extent}")
        return number

    def _number(self, item: Any) -> int | None:
        item = self.core._unwrap_if_constexpr(item)  # noqa: SLF001
        if isinstance(item, self.core.tensor):
            if item.handle.data.size != 1:
                raise NotCompilable(f"a block of shape {item.handle.data.shape} as an index")
            return int(item.handle.data.reshape(-1)[0])
        return None if item is None else int(item)

    def _tensor(self, data: Any, dtype: Any) -> Any:
        if data.ndim == 0:
            return self.core.tensor(Block(data.reshape(1), dtype), dtype)
        return self.core.tensor(Block(data, dtype), self.core.block_type(dtype, list(data.shape)))


def _is_slice(item: Any) -> bool:
    return isinstance(item, slice) or type(item).__name__ == "slice"
