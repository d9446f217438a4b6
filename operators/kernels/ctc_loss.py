"""ctc_loss: how unlikely a sequence of labels is, given the probabilities of each label at each time, over all alignments.

The labels l are spread with blanks: l' = (blank, l_1, blank, l_2, ..., blank). With a_t(s) the probability of having read
l'_1 .. l'_s at time t,

    a_t(s) = (a_{t-1}(s) + a_{t-1}(s-1) + a_{t-1}(s-2) if l'_s is neither blank nor l'_{s-2}) y_t(l'_s)
    loss = -log(a_T(2 L) + a_T(2 L + 1))

Definition: Graves, Fernandez, Gomez and Schmidhuber, "Connectionist Temporal Classification", 2006, equations 6 to 8; here in
logarithms. Schema: aten::ctc_loss.IntList and aten::ctc_loss.Tensor. log_probs: (T, N, C) or (T, C); targets: (N, S), or those
of all sequences one after the other; reduction 0 (none), 1 (mean of loss / target length), 2 (sum) or its name.

How the work is split: one program for each sequence, one lane for each place of l'. Time goes on step by step, because each
needs the one before; between two steps the lanes exchange their values through two rows of memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_dtype, require_same_device, require_tensor

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}
Lengths = torch.Tensor | Sequence[int]


@triton.jit
def log_sum(a, b, c):
    """log(exp(a) + exp(b) + exp(c)); three times -inf gives -inf."""
    largest = tl.maximum(tl.maximum(a, b), c)
    base = tl.where(largest == float("-inf"), 0.0, largest)
    return base + tl.log(tl.exp(a - base) + tl.exp(b - base) + tl.exp(c - base))


@triton.jit
def alignment_kernel(
    losses,
    rows,
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    target_starts,
    batch,
    classes,
    blank,
    WIDE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One program does one sequence; `rows` holds two rows of `BLOCK` values for each."""
    n = tl.program_id(0)
    times, labels = tl.load(input_lengths + n), tl.load(target_lengths + n)
    s = tl.arange(0, BLOCK)
    live = s < 2 * labels + 1
    is_label = live & (s % 2 == 1)
    own = targets + tl.load(target_starts + n) + s // 2
    label = tl.load(own, mask=is_label, other=0).to(tl.int64)
    before = tl.load(own - 1, mask=is_label & (s > 2), other=0).to(tl.int64)
    skips = is_label & (s > 2) & (label != before)
    label = tl.where(is_label, label, blank)
    readable = live & (label >= 0) & (label < classes)

    MISSING = float("-inf")
    start = tl.where(s == 0, 0.0, MISSING).to(WIDE)  # nothing was read before the first time
    rows += n * 2 * BLOCK
    alpha = start
    for t in range(times):
        here = rows + t % 2 * BLOCK
        tl.store(here + s, alpha)
        tl.debug_barrier()
        one = tl.load(here + s - 1, mask=s > 0, other=MISSING)
        two = tl.load(here + s - 2, mask=skips & (t > 0), other=MISSING)
        read = tl.load(log_probs + (t * batch + n) * classes + label, mask=readable, other=MISSING)
        alpha = tl.where(live, log_sum(alpha, one, two) + read.to(WIDE), MISSING)
    last = tl.where((s == 2 * labels) | (s == 2 * labels - 1), alpha, MISSING)
    largest = tl.max(last, axis=0)
    base = tl.where(largest == MISSING, 0.0, largest)
    tl.store(losses + n, -(base + tl.log(tl.sum(tl.exp(last - base), axis=0))))


@triton.jit
def finish_kernel(
    out,
    losses,
    target_lengths,
    batch,
    REDUCTION: tl.constexpr,
    ZERO_INFINITY: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """One program rounds the losses, or adds them up."""
    total = tl.zeros([BLOCK], losses.dtype.element_ty)
    for first in range(0, batch, BLOCK):
        n = first + tl.arange(0, BLOCK)
        loss = tl.load(losses + n, mask=n < batch, other=0)
        if ZERO_INFINITY:
            loss = tl.where(loss == float("inf"), 0.0, loss)
        if REDUCTION == 1:
            loss = loss / tl.maximum(tl.load(target_lengths + n, mask=n < batch, other=1), 1)
        if REDUCTION == 0:
            tl.store(out + n, loss, mask=n < batch)
        total += loss
    if REDUCTION == 1:
        tl.store(out, tl.sum(total, axis=0) / batch)
    if REDUCTION == 2:
        tl.store(out, tl.sum(total, axis=0))


def ctc_loss(
    log_probs: torch.Tensor,
    targets: torch.Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: int | str = "mean",
    zero_infinity: bool = False,
) -> torch.Tensor:
    """The negative log likelihood of each sequence (`none`), or their mean or sum. The host reads the lengths."""
    code = REDUCTIONS.get(reduction, -1) if isinstance(reduction, str) else reduction
    names = ", ".join(REDUCTIONS)
    require(
        code in REDUCTIONS.values(), f"{reduction} is not a valid value for reduction; allowed are {names}", ValueError
    )
    require_tensor(log_probs, "log_probs")
    require_tensor(targets, "targets")
    require_dtype(log_probs, DTYPES, "ctc_loss")
    require_dtype(targets, (torch.int64, torch.int32), "ctc_loss: targets")
    require_same_device(log_probs, targets)
    require(log_probs.dim() in (2, 3), f"log_probs must be (T, N, C) or (T, C), found {list(log_probs.shape)}")
    require(log_probs.numel() > 0, f"log_probs must not be empty, found {list(log_probs.shape)}")
    single = log_probs.dim() == 2
    probs = pointwise.contiguous(log_probs).unsqueeze(1) if single else pointwise.contiguous(log_probs)
    inputs, labels = _integers(input_lengths), _integers(target_lengths)
    starts, most = _checked(probs, targets, inputs, labels, blank)

    compute = pointwise.compute_dtype(probs.dtype)
    batch = probs.shape[1]
    block = max(16, triton.next_power_of_2(2 * most + 1))
    losses = torch.empty(batch, dtype=compute, device=probs.device)
    rows = torch.empty((batch, 2, block), dtype=compute, device=probs.device)
    numbers = torch.tensor([inputs, labels, starts], dtype=torch.int64, device=probs.device)
    shape = () if code or single else (batch,)
    out = torch.empty(shape, dtype=probs.dtype, device=probs.device)
    wide = pointwise.TRITON_DTYPES[compute]
    sizes = (batch, probs.shape[2], blank)
    marks = (numbers[0], numbers[1], numbers[2])
    labels_in_order = pointwise.contiguous(targets)
    alignment_kernel[(batch,)](losses, rows, probs, labels_in_order, *marks, *sizes, WIDE=wide, BLOCK=block)
    finish_kernel[(1,)](out, losses, numbers[1], batch, REDUCTION=code, ZERO_INFINITY=zero_infinity, BLOCK=256)
    return out


def _integers(lengths: Lengths) -> list[int]:
    if isinstance(lengths, torch.Tensor):
        require(not lengths.is_floating_point(), "lengths must be integers")
        return [int(length) for length in lengths.reshape(-1).tolist()]
    return [int(length) for length in lengths]


def _checked(
    probs: torch.Tensor, targets: torch.Tensor, inputs: list[int], labels: list[int], blank: int
) -> tuple[list[int], int]:
    """Where each sequence's labels begin, and how many the longest has."""
    times, batch, classes = probs.shape
    require(0 <= blank < classes, f"blank must be in label range: found {blank}, there are {classes} labels")
    require(len(inputs) == batch, f"input_lengths must be of size {batch}, but got {len(inputs)}")
    require(len(labels) == batch, f"target_lengths must be of size {batch}, but got {len(labels)}")
    require(all(0 <= size <= times for size in inputs), f"input_lengths must be from 0 to {times}, but got {inputs}")
    require(all(size >= 0 for size in labels), f"target_lengths must not be negative, but got {labels}")
    most = max(labels, default=0)
    if targets.dim() == 2:
        fits = targets.shape[0] == batch and targets.shape[1] >= most
        require(fits, f"targets must be ({batch}, at least {most}), but got {list(targets.shape)}")
        return [row * targets.shape[1] for row in range(batch)], most
    require(targets.dim() == 1, f"targets must have 1 or 2 dimensions, but got {list(targets.shape)}")
    ends = list(accumulate(labels, initial=0))
    require(targets.numel() >= ends[-1], f"targets must have {ends[-1]} labels, but got {targets.numel()}")
    return ends[:-1], most
