"""tril: the lower triangle of each matrix; everything above the chosen diagonal is zero.

    out[..., i, j] = x[..., i, j] if j <= i + diagonal else 0

Definition: LAPACK's convention of a lower triangle; schema: aten::tril, aten::tril_, aten::tril.out. `x` is (..., M, N) of
any type.

How the work is split: the matrices are stacked to (batch * M, N) rows and cut into tiles. What lies above the diagonal is not
read, so that half of a square matrix is never fetched: this should be faster than a copy.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise, rows
from operators.kernels.outputs import require, require_tensor, require_writable, result


@triton.jit
def tril_kernel(
    out,
    x,
    total_rows,
    height,
    width,
    diagonal,
    out_batch,
    out_row,
    out_column,
    x_batch,
    x_row,
    x_column,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One program does a tile; six strides say where a batch, a row and a column lie."""
    tiles = tl.cdiv(width, COLUMNS)
    row = (tl.program_id(0) // tiles).to(tl.int64) * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    batch, i = row // height, row % height
    inside = (row < total_rows) & (column < width)
    # Sixteen columns are read or left together, so that a thread can read several at a time.
    needed = inside & (column // 16 * 16 <= i + diagonal)
    value = tl.load(x + batch * x_batch + i * x_row + column * x_column, mask=needed, other=0)
    value = tl.where(column <= i + diagonal, value, 0)
    tl.store(out + batch * out_batch + i * out_row + column * out_column, value, mask=inside)


def tril(input: torch.Tensor, diagonal: int = 0, *, out: torch.Tensor | None = None) -> torch.Tensor:
    """The lower triangle, in `out` if it is given."""
    _check(input, diagonal)
    into = result(out, input.shape, input.dtype, input)
    require(into.dtype == input.dtype, f"out is {into.dtype} and the input {input.dtype}; they must be one type")
    return _launch(into, input, diagonal)


def tril_(input: torch.Tensor, diagonal: int = 0) -> torch.Tensor:
    """The lower triangle, in place."""
    _check(input, diagonal)
    require_writable(input)
    return _launch(input, input, diagonal)


def _check(input: torch.Tensor, diagonal: int) -> None:
    require_tensor(input, "input")
    require(isinstance(diagonal, int), f"diagonal is {diagonal!r}, not an integer", TypeError)
    require(input.dim() >= 2, f"input must have at least 2 dimensions, found {input.dim()}")
    require(not input.is_complex(), "tril is not implemented for complex numbers")


def _launch(out: torch.Tensor, input: torch.Tensor, diagonal: int) -> torch.Tensor:
    if out.numel() == 0:
        return out
    written = out if _batch_stride(out) is not None else torch.empty(out.shape, dtype=out.dtype, device=out.device)
    source = input if _batch_stride(input) is not None else pointwise.contiguous(input)
    height, width = input.shape[-2:]
    total = input.numel() // width
    high, wide = rows.tile(total, width)
    strides = [step for tensor in (written, source) for step in (_batch_stride(tensor), *tensor.stride()[-2:])]
    tril_kernel[rows.grid(total, width, high, wide)](
        written, source, total, height, width, diagonal, *strides, ROWS=high, COLUMNS=wide, num_warps=8
    )
    return out if written is out else pointwise.apply(pointwise.identity, out, written, compute=out.dtype)


def _batch_stride(tensor: torch.Tensor) -> int | None:
    """The one stride that leads from matrix to matrix; None where there is no such stride."""
    sizes, strides = pointwise.collapse(tensor.shape[:-2], [tensor.stride()[:-2]], ordered=True)
    if sizes == [1]:
        return 0  # one matrix: any stride is right, and this one leaves its rows where they are aligned
    return strides[0][0] if len(sizes) == 1 else None
