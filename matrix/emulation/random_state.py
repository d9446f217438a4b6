"""The state of the counter-based random numbers (Philox) that kernels draw from: a seed and an offset.

On a chip it lives in torch's generator for the device: 16 bytes, seed then offset, both int64. Host code reads it, adds what a
launch uses up and writes it back. Here the generator is this object; `torch.manual_seed` seeds it too.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any
from weakref import WeakKeyDictionary

_STATE = struct.Struct("<qq")


class PhiloxGenerator:
    """Stands for the device's `torch.Generator`."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._offset = 0

    def manual_seed(self, seed: int) -> PhiloxGenerator:
        """The offset starts again from 0."""
        self._seed = _as_int64(seed)
        self._offset = 0
        return self

    def initial_seed(self) -> int:
        return self._seed

    def seed(self) -> int:
        return self._seed

    def get_state(self) -> Any:
        """A new uint8 tensor of 16 bytes."""
        import torch

        return torch.frombuffer(bytearray(_STATE.pack(self._seed, self._offset)), dtype=torch.uint8)

    def set_state(self, state: Any) -> None:
        self._seed, self._offset = _STATE.unpack(ctypes.string_at(state.data_ptr(), _STATE.size))

    def clone_state(self) -> PhiloxGenerator:
        copy = PhiloxGenerator(self._seed)
        copy._offset = self._offset
        return copy


class Generators:
    """The device's own generator, and one for each CPU generator that a case hands to an operator."""

    def __init__(self) -> None:
        self.default = PhiloxGenerator()
        self._others: WeakKeyDictionary[Any, tuple[int, PhiloxGenerator]] = WeakKeyDictionary()

    def for_generator(self, generator: Any) -> PhiloxGenerator:
        """The counterpart of a generator; reseeding the one starts the other anew."""
        if generator is None:
            return self.default
        if isinstance(generator, PhiloxGenerator):
            return generator
        seed = generator.initial_seed()
        known = self._others.get(generator)
        if known is None or known[0] != seed:
            known = (seed, PhiloxGenerator().manual_seed(seed))
            self._others[generator] = known
        return known[1]


def _as_int64(seed: int) -> int:
    return (seed + 2**63) % 2**64 - 2**63
