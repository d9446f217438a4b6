"""The grid of a launch, held against what a chip takes."""

from __future__ import annotations

from typing import Any

from matrix.emulation.gaps import LaunchRefused

# CUDA's grid limits (CUDA C++ programming guide, technical specifications).
_LIMITS = (2**31 - 1, 65535, 65535)


def checked_grid(grid: Any, name: str) -> tuple[int, int, int]:
    """The three sizes of a kernel's grid. Raises LaunchRefused for what the driver or Triton's launcher refuses."""
    sizes = tuple(grid)
    if not sizes:
        raise LaunchRefused(f"{name}: a grid has 1 to 3 dimensions, not none")
    sizes = sizes[:3]  # Triton's launcher takes three and never looks at what else there is
    for size, limit in zip(sizes, _LIMITS, strict=False):
        if isinstance(size, float) or not hasattr(size, "__index__"):
            raise LaunchRefused(f"{name}: grid {sizes} is not made of integers")
        if int(size) > limit:
            raise LaunchRefused(f"{name}: grid {sizes} exceeds the device's limits {_LIMITS}")
    whole = [max(0, int(size)) for size in sizes] + [1, 1]
    return whole[0], whole[1], whole[2]
