"""The shared part of operators that move elements about: how rows and columns are cut into tiles.

A tensor seen as `rows` x `columns` is done by programs of `ROWS` x `COLUMNS` elements: what differs from row to row is worked
out once a row, and neighbouring threads stay on neighbouring elements.
"""

from __future__ import annotations

import triton

TILE = 4096
LONGEST = 1024


def tile(rows: int, columns: int, elements: int = TILE) -> tuple[int, int]:
    """Rows and columns of a program: powers of two, `elements` together at most, wide before they are high."""
    wide = min(triton.next_power_of_2(max(1, columns)), LONGEST, elements)
    high = min(triton.next_power_of_2(max(1, rows)), max(1, elements // wide))
    return high, wide


def grid(rows: int, columns: int, high: int, wide: int) -> tuple[int]:
    """One axis of programs, row tiles outermost: the second axis of a grid ends at 65535 on some chips."""
    return (triton.cdiv(rows, high) * triton.cdiv(columns, wide),)
