"""roll: elements move along dimensions, and what leaves at one end enters at the other.

    out[i] = x[(i - shift) mod size]        along each dimension that is rolled; without `dims` over the flattened tensor

Definition: numpy.roll; schema: aten::roll. `x` has any shape and type.

How the work is split: the last rolled dimension and everything behind it are one long row, because rolling by `shift` there
is rolling the row by `shift * inner`. So inside a row no index is divided: an element's source is `column - shift`, plus the
length where that is negative. The dimensions before it are worked out once a row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise, rows
from operators.kernels.outputs import require, require_tensor


@triton.jit
def roll_kernel(
    out,
    x,
    total_rows,
    length,
    shift,
    sizes,
    shifts,
    OUTER: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One program does a tile of (rows, length); `sizes` and `shifts` are those of the `OUTER` dimensions of the rows."""
    tiles = tl.cdiv(length, COLUMNS)
    row = (tl.program_id(0) // tiles).to(tl.int64) * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    source_row = row * 0
    rest = row
    scale = 1
    for step in tl.static_range(OUTER):
        size = sizes[OUTER - 1 - step]
        from_index = rest % size - shifts[OUTER - 1 - step]
        from_index = tl.where(from_index < 0, from_index + size, from_index)
        source_row += from_index * scale
        scale *= size
        rest = rest // size
    source_column = column - shift
    source_column = tl.where(source_column < 0, source_column + length, source_column)
    inside = (row < total_rows) & (column < length)
    value = tl.load(x + source_row * length + source_column, mask=inside)
    tl.store(out + row * length + column, value, mask=inside)


def roll(input: torch.Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> torch.Tensor:
    """A new tensor with the elements rolled."""
    require_tensor(input, "input")
    require(not input.is_complex(), "roll is not implemented for complex numbers")
    source = pointwise.contiguous(input)
    out = torch.empty(input.shape, dtype=input.dtype, device=input.device)
    shape = list(input.shape)
    moves = _moves(shape, _integers(shifts, "shifts"), _integers(() if dims is None else dims, "dims"))
    if out.numel() == 0:
        return out
    if moves is None:
        shape, moves = [input.numel()], [_integers(shifts, "shifts")[0]]
    last = max((place for place, move in enumerate(moves) if move % shape[place]), default=0)
    inner = math.prod(shape[last + 1 :])
    length = shape[last] * inner if shape else 1
    total = input.numel() // length
    high, wide = rows.tile(total, length)
    outer = shape[:last] or [1]
    roll_kernel[rows.grid(total, length, high, wide)](
        out,
        source,
        total,
        length,
        moves[last] % shape[last] * inner if shape else 0,
        tuple(outer),
        tuple(move % size for move, size in zip(moves, shape[:last], strict=False)) or (0,),
        OUTER=len(outer),
        ROWS=high,
        COLUMNS=wide,
        num_warps=8,
    )
    return out


def _integers(value: int | Sequence[int], name: str) -> list[int]:
    found = [value] if isinstance(value, int) else list(value)
    require(all(isinstance(item, int) for item in found), f"{name} is {value!r}, not integers", TypeError)
    return found


def _moves(shape: list[int], shifts: list[int], dims: list[int]) -> list[int] | None:
    """How far each dimension is rolled; None where the flattened tensor is."""
    require(shifts, "`shifts` required: name at least one")
    if not dims:
        require(len(shifts) == 1, f"shifts and dimensions must align. shifts: {len(shifts)}, dims: 0")
        return None
    require(len(shifts) == len(dims), f"shifts and dimensions must align. shifts: {len(shifts)}, dims: {len(dims)}")
    moves = [0] * len(shape)
    for move, dim in zip(shifts, dims, strict=True):
        rank = max(1, len(shape))
        require(-rank <= dim < rank, f"Dimension out of range (expected [{-rank}, {rank - 1}], got {dim})", IndexError)
        if shape:
            moves[dim % rank] += move
    return moves
