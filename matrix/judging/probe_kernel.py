"""A kernel whose answer is known; a module of its own, because it imports Triton."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit  # type: ignore[untyped-decorator]
def double_plus_one(source, target, count: tl.constexpr):  # type: ignore[no-untyped-def]
    """`target = 2 * source + 1`, elementwise over `count` (a power of two) elements."""
    offsets = tl.arange(0, count)
    tl.store(target + offsets, 2 * tl.load(source + offsets) + 1)
