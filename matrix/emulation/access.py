"""The memory half of the builder: loads, stores, atomics, block pointers and tensor descriptors.

Raw memory is read and written through Triton's own compiled gather and scatter, after every active address was checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matrix.emulation.block import STORAGE, Block, from_storage, to_storage
from matrix.emulation.gaps import EmulationGap, KernelFault
from matrix.emulation.memory import MemoryGuard
from matrix.emulation.narrow_floats import NARROW, Array, round_to

Mask = NDArray[np.bool_] | None

# Read-modify-write on arrays, for the types that the compiled atomics do not know and for narrow floats.
_MODIFY: dict[str, Any] = {
    "ADD": np.add,
    "FADD": np.add,
    "MAX": np.maximum,
    "UMAX": np.maximum,
    "MIN": np.minimum,
    "UMIN": np.minimum,
    "AND": np.bitwise_and,
    "OR": np.bitwise_or,
    "XOR": np.bitwise_xor,
    "XCHG": lambda _old, new: new,
}


@dataclass
class BlockPointer:
    """A window into a strided tensor, made by `tl.make_block_ptr` or `tl.make_tensor_descriptor`."""

    base: Block
    shape: list[Block]
    strides: list[Block]
    offsets: list[Block]
    block_shape: list[int]
    padding: Any = None

    def addresses(self, checked: Any) -> tuple[Block, Mask]:
        """The pointers of the window and which of them lie inside along the checked dimensions."""
        element = self.base.dtype.scalar.element_ty
        size = STORAGE[element.name].itemsize
        rank = len(self.block_shape)
        total = np.zeros((1,) * rank, dtype=np.int64)
        mask: Mask = None
        for axis, extent in enumerate(self.block_shape):
            lane = np.arange(extent, dtype=np.int64) + int(self.offsets[axis].data[0])
            lane = lane.reshape([extent if other == axis else 1 for other in range(rank)])
            total = total + lane * int(self.strides[axis].data[0])
            if axis in checked:
                inside = (lane >= 0) & (lane < int(self.shape[axis].data[0]))
                mask = inside if mask is None else mask & inside
        start = self.base.data.reshape(-1)[:1]
        pointers = start + np.broadcast_to((total * size).view(np.uint64), self.block_shape)
        if mask is not None:
            mask = np.broadcast_to(mask, self.block_shape)
        return Block(pointers, self.base.dtype.scalar, self.base.region), mask


class MemoryAccess:
    """Instructions that touch memory."""

    guard: MemoryGuard
    raw: Any  # Triton's compiled gather and scatter

    def create_addptr(self, pointer: Block, offset: Block) -> Block:
        size = STORAGE.get(pointer.dtype.scalar.element_ty.name)
        width = 8 if size is None else size.itemsize
        moved = pointer.data + offset.data.astype(np.int64).view(np.uint64) * np.uint64(width)
        return Block(moved, pointer.dtype, pointer.region)

    # loads and stores
    def create_load(self, pointer: Block, *_hints: Any) -> Block:
        """Hints to the cache are two arguments or, since Triton 3.9, one; here they mean nothing."""
        return self._load(pointer, None, None)

    def create_masked_load(self, pointer: Block, mask: Block, other: Block | None, *_hints: Any) -> Block:
        return self._load(pointer, mask.data, None if other is None else other.data)

    def create_store(self, pointer: Block, value: Block, *_hints: Any) -> None:
        self._store(pointer, value.data, None)

    def create_masked_store(self, pointer: Block, value: Block, mask: Block, *_hints: Any) -> None:
        self._store(pointer, value.data, mask.data)

    def _checked(self, pointer: Block, mask: Mask) -> tuple[Any, np.dtype[Any]]:
        element = pointer.dtype.scalar.element_ty
        storage = STORAGE.get(element.name, np.dtype(np.uint64))
        if pointer.region is not None:
            self.guard.check(pointer.data, mask, storage.itemsize, pointer.region)
        return element, storage

    def _load(self, pointer: Block, mask: Mask, other: Array | None) -> Block:
        element, storage = self._checked(pointer, mask)
        active = np.ones(pointer.data.shape, dtype=bool) if mask is None else mask
        if other is None or element.name in NARROW:
            filler = np.zeros(pointer.data.shape, dtype=storage)
        else:
            filler = to_storage(other, element)
        bits = self.raw.load(pointer.data, active, filler, storage)
        data = from_storage(bits, element)
        if other is not None and element.name in NARROW:
            data = np.where(active, data, other)
        return Block(data, element)

    def _store(self, pointer: Block, data: Array, mask: Mask) -> None:
        if mask is not None and not mask.any():
            return  # programs beyond the end of their data: some grids are mostly those
        element, storage = self._checked(pointer, mask)
        active = np.ones(pointer.data.shape, dtype=bool) if mask is None else mask
        bits = to_storage(data, element)
        self.raw.store(pointer.data, np.ascontiguousarray(bits).astype(storage, copy=False), active)

    # atomics: programs run one after another, so an atomic is an ordinary update, lane by lane
    def create_atomic_rmw(
        self, operation: Any, pointer: Block, value: Block, mask: Block, _semantics: Any, _scope: Any
    ) -> Block:
        name = str(operation).rsplit(".", maxsplit=1)[-1]
        if name not in _MODIFY:
            raise EmulationGap(f"atomic:{name}", "the interpreter has no such atomic")
        old = self._load(pointer, mask.data, None)
        addresses = pointer.data[mask.data]
        if np.unique(addresses).size == addresses.size:
            fresh = self._modify(name, old.data, value)
            self._store(pointer, fresh, mask.data)
            return old
        return self._modify_lanes(name, pointer, value, mask)

    def _modify(self, name: str, old: Array, value: Block) -> Array:
        fresh: Array = _MODIFY[name](old, value.data)
        if value.dtype.name in NARROW:
            return round_to(fresh, value.dtype.name)
        return fresh

    def _modify_lanes(self, name: str, pointer: Block, value: Block, mask: Block) -> Block:
        """Lanes that meet at one address take turns."""
        flat_pointer, flat_value = pointer.data.reshape(-1), value.data.reshape(-1)
        result = np.zeros(flat_value.shape, dtype=flat_value.dtype)
        for lane in np.flatnonzero(mask.data.reshape(-1)):
            here = Block(flat_pointer[lane : lane + 1], pointer.dtype)
            old = self._load(here, None, None)
            result[lane] = old.data[0]
            new = Block(flat_value[lane : lane + 1], value.dtype)
            self._store(here, self._modify(name, old.data, new), None)
        return Block(result.reshape(value.data.shape), value.dtype)

    def create_atomic_load(self, pointer: Block, mask: Block, _semantics: Any, _scope: Any) -> Block:
        return self._load(pointer, mask.data, None)

    def create_atomic_store(self, pointer: Block, value: Block, mask: Block, _semantics: Any, _scope: Any) -> None:
        self._store(pointer, value.data, mask.data)

    def create_atomic_cas(self, pointer: Block, compare: Block, value: Block, _semantics: Any, _scope: Any) -> Block:
        flat_pointer, expected, fresh = (part.data.reshape(-1) for part in (pointer, compare, value))
        self._checked(pointer, None)
        result = np.zeros(fresh.shape, dtype=fresh.dtype)
        for lane in range(flat_pointer.size):
            here = Block(flat_pointer[lane : lane + 1], pointer.dtype)
            result[lane] = self._load(here, None, None).data[0]
            if result[lane] == expected[lane]:
                self._store(here, fresh[lane : lane + 1], None)
        return Block(result.reshape(value.data.shape), value.dtype)

    # block pointers
    def create_make_block_ptr(
        self, base: Block, shape: Any, strides: Any, offsets: Any, block_shape: Any, _order: Any
    ) -> BlockPointer:
        return BlockPointer(base, list(shape), list(strides), list(offsets), list(block_shape))

    def create_advance(self, pointer: BlockPointer, offsets: list[Block]) -> BlockPointer:
        moved = [
            Block(old.data + step.data.astype(old.data.dtype), old.dtype)
            for old, step in zip(pointer.offsets, offsets, strict=True)
        ]
        return BlockPointer(pointer.base, pointer.shape, pointer.strides, moved, pointer.block_shape, pointer.padding)

    def create_tensor_pointer_load(
        self, pointer: BlockPointer, checked: Any, padding: Any, _cache: Any, _eviction: Any, _volatile: Any
    ) -> Block:
        pointers, mask = pointer.addresses(checked or ())
        return self._load(pointers, mask, self._padding(pointers, padding))

    def create_tensor_pointer_store(
        self, pointer: BlockPointer, value: Block, checked: Any, _cache: Any, _eviction: Any
    ) -> None:
        pointers, mask = pointer.addresses(checked or ())
        self._store(pointers, value.data, mask)

    def _padding(self, pointers: Block, padding: Any) -> Array | None:
        if padding is None or "NAN" not in str(padding).upper():
            return None
        element = pointers.dtype.scalar.element_ty
        kind = np.float32 if element.name in NARROW else STORAGE[element.name]
        return np.full(pointers.data.shape, np.nan, dtype=kind)

    # tensor descriptors
    def create_make_tensor_descriptor(
        self, base: Block, shape: Any, strides: Any, block_shape: Any, _signed: Any, padding: Any = None
    ) -> BlockPointer:
        size = STORAGE[base.dtype.scalar.element_ty.name].itemsize
        if int(base.data.reshape(-1)[0]) % 16:
            raise KernelFault("a tensor descriptor's base must be aligned to 16 bytes")
        if any(int(stride.data[0]) * size % 16 for stride in list(strides)[:-1]):
            raise KernelFault("a tensor descriptor's strides must be multiples of 16 bytes")
        return BlockPointer(base, list(shape), list(strides), [], list(block_shape), padding)

    def _window(self, descriptor: BlockPointer, indices: list[Block]) -> tuple[Block, Mask]:
        window = BlockPointer(
            descriptor.base, descriptor.shape, descriptor.strides, indices, descriptor.block_shape, descriptor.padding
        )
        return window.addresses(range(len(descriptor.block_shape)))

    def create_descriptor_load(self, descriptor: BlockPointer, indices: Any, *_hints: Any) -> Block:
        pointers, mask = self._window(descriptor, list(indices))
        return self._load(pointers, mask, self._padding(pointers, descriptor.padding))

    def create_descriptor_store(self, descriptor: BlockPointer, value: Block, indices: Any) -> None:
        pointers, mask = self._window(descriptor, list(indices))
        self._store(pointers, value.data, mask)
