"""svd: A = U diag(S) V^T with orthonormal columns in U and V, singular values descending; of batches of matrices.

One-sided Jacobi: A's columns are rotated in pairs, from the right, until all are orthogonal. Then A V = U diag(S): the lengths
of the columns are the singular values, the columns themselves U, and the product of all rotations V. For columns x and y
with x.x = a, y.y = b, x.y = c the rotation that makes them orthogonal is

    z = (b - a) / 2c,  t = sign(z) / (|z| + sqrt(1 + z z)),  cos = 1 / sqrt(1 + t t),  sin = cos t

Definition: Hestenes, "Inversion of matrices by biorthogonalization", 1958; Golub and Van Loan, "Matrix Computations", 4th ed.,
8.6.3. Schema: aten::svd(Tensor self, bool some=True, bool compute_uv=True) -> (U, S, V). Tensors are (..., M, N) of float32
or float64; a wide matrix is transposed first. A column that vanishes says nothing of its direction: U is completed by
Gram-Schmidt, and so is a square U of a tall matrix. What is not finite gives NaN: saying so would take waiting for the device.

How the work is split: in a round of a tournament each column meets another one, and the n / 2 rotations touch different
columns; n - 1 rounds are a sweep, and a dozen sweeps are plenty. A small matrix is one program, with a barrier after each
round; of a large one every round is a launch, and its pairs are spread over programs.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_dtype, require_tensor

DTYPES = (torch.float32, torch.float64)
FUSED = 64  # columns of a matrix that one program does alone
TILE = 2048


@triton.jit
def opponents(turn, pair, players):
    """Who meets whom in a round of a tournament (circle method): one player stays, the others go round."""
    others = players - 1
    first = tl.where(pair == 0, others, (turn + pair) % others)
    return first, (turn - pair + others) % others


@triton.jit
def rotate_rows(at_x, at_y, sine, half, length, live, BLOCK: tl.constexpr):
    """x, y = cos x - sin y, sin x + cos y for rows at these addresses; `half` is tan(angle / 2) = sin / (1 + cos).

    Written as x - sin (y + half x), as Rutishauser did in 1966: what a small angle leaves is not rounded away.
    """
    for start in range(0, length, BLOCK):
        place = start + tl.arange(0, BLOCK)[None, :]
        inside = live & (place < length)
        x = tl.load(at_x + place, mask=inside, other=0)
        y = tl.load(at_y + place, mask=inside, other=0)
        tl.store(at_x + place, x - sine * (y + half * x), mask=inside)
        tl.store(at_y + place, y + sine * (x - half * y), mask=inside)


@triton.jit
def play(matrix, vectors, turn, pair, count, length, EPSILON: tl.constexpr, VECTORS: tl.constexpr, BLOCK: tl.constexpr):
    """One round for some pairs of the columns of a matrix, which lie as rows; returns how many had to be rotated."""
    players = count + count % 2
    first, second = opponents(turn, pair, players)
    live = (pair < players // 2) & (first < count) & (second < count)
    at_x, at_y = matrix + first[:, None] * length, matrix + second[:, None] * length
    a = tl.sum(tl.zeros([pair.shape[0], BLOCK], matrix.dtype.element_ty), axis=1)
    b, c = a, a
    for start in range(0, length, BLOCK):
        place = start + tl.arange(0, BLOCK)[None, :]
        inside = live[:, None] & (place < length)
        x = tl.load(at_x + place, mask=inside, other=0)
        y = tl.load(at_y + place, mask=inside, other=0)
        a += tl.sum(x * x, axis=1)
        b += tl.sum(y * y, axis=1)
        c += tl.sum(x * y, axis=1)
    needed = live & (tl.abs(c) > EPSILON * tl.sqrt(a) * tl.sqrt(b))
    z = (b - a) / tl.where(needed, 2 * c, 1)
    t = tl.where(z < 0, -1.0, 1.0) / (tl.abs(z) + tl.sqrt(1 + z * z))
    t = tl.where(needed, t, 0)
    cosine = 1 / tl.sqrt(1 + t * t)
    sine = (cosine * t)[:, None]
    half = sine / (1 + cosine[:, None])
    moved = needed[:, None]
    rotate_rows(at_x, at_y, sine, half, length, moved, BLOCK)
    if VECTORS:
        own = vectors + first[:, None] * count, vectors + second[:, None] * count
        rotate_rows(own[0], own[1], sine, half, count, moved, BLOCK)
    return tl.sum(needed.to(tl.int32), axis=0)


@triton.jit
def sweep_kernel(
    matrix,
    vectors,
    count,
    length,
    turn,
    ROUNDS: tl.constexpr,
    SWEEPS: tl.constexpr,
    EPSILON: tl.constexpr,
    VECTORS: tl.constexpr,
    PAIRS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Axis 0: blocks of `PAIRS` pairs; axis 1: matrices. Plays `ROUNDS` rounds from `turn` on, `SWEEPS` times or until
    a sweep rotates nothing.
    """
    matrix += tl.program_id(1).to(tl.int64) * count * length
    vectors += tl.program_id(1).to(tl.int64) * count * count
    pair = tl.program_id(0) * PAIRS + tl.arange(0, PAIRS)
    sweep = 0
    rotated = 1
    while (sweep < SWEEPS) & (rotated > 0):
        rotated = 0
        for step in range(ROUNDS):
            rotated += play(matrix, vectors, turn + step, pair, count, length, EPSILON, VECTORS, BLOCK)
            tl.debug_barrier()
        sweep += 1


@triton.jit
def prepare_kernel(matrix, vectors, x, rows, columns, ROW_STEP: tl.constexpr, BLOCK: tl.constexpr):
    """Copies A, or its transpose, so that the `columns` vectors of `rows` numbers lie as rows; vectors become I."""
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    matrix += tl.program_id(1).to(tl.int64) * rows * columns
    x += tl.program_id(1).to(tl.int64) * rows * columns
    inside = place < rows * columns
    column, row = place // rows, place % rows
    source = row * columns + column if ROW_STEP else place
    tl.store(matrix + place, tl.load(x + source, mask=inside), mask=inside)
    one = tl.where(place // columns == place % columns, 1.0, 0.0)
    tl.store(vectors + tl.program_id(1).to(tl.int64) * columns * columns + place, one, mask=place < columns * columns)


@triton.jit
def norm_kernel(norms, matrix, count, length, BLOCK: tl.constexpr):
    """One program finds the length of one column."""
    at = matrix + tl.program_id(0).to(tl.int64) * length
    total = tl.zeros([BLOCK], matrix.dtype.element_ty)
    for start in range(0, length, BLOCK):
        place = start + tl.arange(0, BLOCK)
        value = tl.load(at + place, mask=place < length, other=0)
        total += value * value
    tl.store(norms + tl.program_id(0), tl.sqrt(tl.sum(total, axis=0)))


@triton.jit
def place_kernel(
    singular,
    left,
    right,
    norms,
    matrix,
    vectors,
    count,
    length,
    left_columns,
    right_columns,
    VECTORS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Axis 0: columns; axis 1: matrices. A column goes to its rank: how many are longer (or as long and before it)."""
    column, batch = tl.program_id(0), tl.program_id(1).to(tl.int64)
    norms += batch * count
    own = tl.load(norms + column)
    rank = 0
    for start in range(0, count, BLOCK):
        place = start + tl.arange(0, BLOCK)
        other = tl.load(norms + place, mask=place < count, other=-1)
        rank += tl.sum(((other > own) | ((other == own) & (place < column))).to(tl.int32), axis=0)
    tl.store(singular + batch * count + rank, own)
    if VECTORS:
        for start in range(0, length, BLOCK):
            place = start + tl.arange(0, BLOCK)
            value = tl.load(matrix + (batch * count + column) * length + place, mask=place < length, other=0)
            target = left + batch * length * left_columns + place.to(tl.int64) * left_columns + rank
            tl.store(target, value / tl.where(own == 0, 1, own), mask=place < length)
        for start in range(0, count, BLOCK):
            place = start + tl.arange(0, BLOCK)
            value = tl.load(vectors + (batch * count + column) * count + place, mask=place < count, other=0)
            target = right + batch * count * right_columns + place.to(tl.int64) * right_columns + rank
            tl.store(target, value, mask=place < count)


@triton.jit
def complete_kernel(
    left,
    singular,
    count,
    length,
    columns,
    tolerance,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One program replaces the columns of U that have no direction, and adds those that are not there yet.

    The axis that the columns so far know least of, less its projection on them, twice (Kahan: twice is enough).
    """
    left += tl.program_id(0).to(tl.int64) * length * columns
    singular += tl.program_id(0).to(tl.int64) * count
    largest = tl.load(singular)
    good = 0
    for number in range(count):
        value = tl.load(singular + number)
        good += ((value > tolerance * largest) | (value != value)).to(tl.int32)
    row = tl.arange(0, ROWS)[:, None]
    for column in range(good, columns):
        known = tl.sum(tl.zeros([ROWS, COLUMNS], left.dtype.element_ty), axis=1)
        for start in range(0, column, COLUMNS):
            place = start + tl.arange(0, COLUMNS)[None, :]
            tile = tl.load(left + row * columns + place, mask=(row < length) & (place < column), other=0)
            known += tl.sum(tile * tile, axis=1)
        known = tl.where(tl.arange(0, ROWS) < length, known, 2.0)
        axis = tl.argmin(known, axis=0)
        vector = tl.where(tl.arange(0, ROWS) == axis, 1.0, known * 0)
        for _ in range(3):
            projection = vector * 0
            for start in range(0, column, COLUMNS):
                place = start + tl.arange(0, COLUMNS)[None, :]
                tile = tl.load(left + row * columns + place, mask=(row < length) & (place < column), other=0)
                share = tl.sum(tile * vector[:, None], axis=0)
                projection += tl.sum(tile * share[None, :], axis=1)
            vector -= projection
            vector = vector / tl.sqrt(tl.sum(vector * vector, axis=0))
        own = tl.arange(0, ROWS)
        tl.store(left + own * columns + column, vector, mask=own < length)
        tl.debug_barrier()


def svd(
    self: torch.Tensor, some: bool = True, compute_uv: bool = True
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(U, S, V). `some`: as many columns as there are singular values, otherwise square; without `compute_uv` zeros."""
    require_tensor(self, "self")
    require_dtype(self, DTYPES, "svd")
    require(self.dim() >= 2, f"svd: the input must have at least 2 dimensions, found {self.dim()}")
    *batch, height, width = self.shape
    count, length = min(height, width), max(height, width)
    square = not some or not compute_uv
    singular = torch.empty((*batch, count), dtype=self.dtype, device=self.device)
    left = torch.empty((*batch, length, length if square else count), dtype=self.dtype, device=self.device)
    right = torch.empty((*batch, count, count), dtype=self.dtype, device=self.device)
    matrices = math.prod(batch)
    if matrices and count:
        norms, matrix, vectors = _orthogonalize(self, matrices, count, length, compute_uv)
        sizes = (count, length, left.shape[-1], count)
        place_kernel[count, matrices](
            singular, left, right, norms, matrix, vectors, *sizes, VECTORS=compute_uv, BLOCK=_block(length)
        )
    if not compute_uv:
        left.zero_()
        right.zero_()
    elif matrices and left.numel():
        _complete(left, singular, matrices, count, length)
    return (left, singular, right) if height >= width else (right, singular, left)


def _orthogonalize(
    self: torch.Tensor, matrices: int, count: int, length: int, compute_uv: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Lengths of the columns, the columns as rows (matrices, count, length), and V^T (matrices, count, count)."""
    matrix = torch.empty((matrices, count, length), dtype=self.dtype, device=self.device)
    vectors = torch.empty((matrices, count, count), dtype=self.dtype, device=self.device)
    norms = torch.empty((matrices, count), dtype=self.dtype, device=self.device)
    block = _block(count * length)
    tall = self.shape[-2] >= self.shape[-1]
    grid = (triton.cdiv(count * length, block), matrices)
    prepare_kernel[grid](matrix, vectors, pointwise.contiguous(self), length, count, ROW_STEP=tall, BLOCK=block)
    players = count + count % 2
    fused = count <= FUSED
    block = min(64 if fused else 512, triton.next_power_of_2(length))
    pairs = min(triton.next_power_of_2(players // 2), TILE // block)
    sweeps = 6 + math.ceil(math.log2(players)) + (2 if self.dtype == torch.float64 else 0)
    epsilon = math.sqrt(length) * torch.finfo(self.dtype).eps  # what the sum of a product of columns rounds by
    turns = [0] if fused else [turn for _ in range(sweeps) for turn in range(players - 1)]
    for turn in turns if count > 1 else ():
        sweep_kernel[triton.cdiv(players // 2, pairs), matrices](
            matrix,
            vectors,
            count,
            length,
            turn,
            ROUNDS=players - 1 if fused else 1,
            SWEEPS=sweeps if fused else 1,
            EPSILON=epsilon,
            VECTORS=compute_uv,
            PAIRS=pairs,
            BLOCK=block,
        )
    norm_kernel[(matrices * count,)](norms, matrix, count, length, BLOCK=_block(length))
    return norms, matrix, vectors


def _complete(left: torch.Tensor, singular: torch.Tensor, matrices: int, count: int, length: int) -> None:
    rows = triton.next_power_of_2(length)
    complete_kernel[(matrices,)](
        left,
        singular if count else left,
        count,
        length,
        left.shape[-1],
        length * torch.finfo(left.dtype).eps,
        ROWS=rows,
        COLUMNS=min(triton.next_power_of_2(left.shape[-1]), max(1, TILE // rows)),
    )


def _block(count: int) -> int:
    return min(1024, int(triton.next_power_of_2(count)))
