"""The uncertainty of a share: Wilson's score interval."""

from __future__ import annotations

import math

Z = 1.959963984540054  # 95 %


def wilson(right: int, of: int) -> tuple[float, float]:
    """The bounds between which a share lies with 95 % confidence. Source: E. B. Wilson, JASA 22 (1927), 209-212."""
    if of <= 0:
        raise ValueError("a share of nothing has no interval")
    share, square = right / of, Z * Z
    middle = share + square / (2 * of)
    half = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    scale = 1 + square / of
    low, high = (middle - half) / scale, (middle + half) / scale
    return (0.0 if right == 0 else max(0.0, low)), (1.0 if right == of else min(1.0, high))
