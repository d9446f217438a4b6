"""Memory that a launch may touch. Interpreted kernels use raw addresses; each access is checked before it is made.

A pointer argument remembers the region it was made from, and pointer arithmetic keeps it: an access is held against the
storage of its own argument. A pointer whose origin is lost (loaded from memory, or chosen among several) is held
against all regions of the launch; where it lies in none it may still be right (a table of addresses), and is let pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matrix.emulation.gaps import OutOfBounds


@dataclass(frozen=True)
class Region:
    """The bytes of one argument's storage; `first` is where the argument itself begins."""

    name: str
    start: int
    end: int
    first: int


class MemoryGuard:
    """Checks the accesses of the launch that is running."""

    def __init__(self) -> None:
        self.checking = True
        self.kernel = ""

    def check(self, addresses: NDArray[np.uint64], mask: NDArray[np.bool_] | None, size: int, region: Region) -> None:
        """Raise OutOfBounds if an active address of `size` bytes lies outside of the region."""
        if mask is not None:
            addresses = addresses[mask]
        if not self.checking or addresses.size == 0:
            return
        low, high = int(addresses.min()), int(addresses.max())
        if low >= region.start and high + size <= region.end:
            return
        outside = high if high + size > region.end else low
        raise OutOfBounds(self._describe(outside, size, region))

    def _describe(self, address: int, size: int, region: Region) -> str:
        offset = (address - region.first) // size
        held = (region.end - region.first) // size
        before = (region.first - region.start) // size
        span = f"{-before}..{held - 1}" if held + before else "nothing"
        return (
            f"kernel {self.kernel} accesses element {offset} of argument {region.name}, whose storage holds {span} "
            f"({size} bytes each)"
        )
