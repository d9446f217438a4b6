"""smooth_l1_loss: a squared error near zero and an absolute one beyond `beta`.

    l[i] = 0.5 d d / beta if |d| < beta else |d| - 0.5 beta        d = self[i] - target[i]
    out = l, or the mean or sum of l

Definition: Girshick, "Fast R-CNN", 2015, equation 3 (beta = 1); schema: aten::smooth_l1_loss, with reduction 0 (none), 1
(mean), 2 (sum) or its name. The tensors broadcast against each other; `beta` 0 is the absolute error.

How the work is split: without a reduction as any pointwise operator. With one, `PROGRAMS` programs at most each add up blocks
in strides over the whole tensor, in float32 (float64 for float64), and one program adds what they found: no atomic
operation, so the same sum every time.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_same_device, require_tensor, result

BLOCK = 4096
PROGRAMS = 1024
REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


@triton.jit
def loss(x, y, BETA: tl.constexpr):
    distance = tl.abs(x - y)
    if BETA == 0:
        return distance
    return tl.where(distance < BETA, 0.5 * distance * distance / BETA, distance - 0.5 * BETA)


@triton.jit
def elementwise_kernel(out, x, y, count, BETA: tl.constexpr, COMPUTE: tl.constexpr, BLOCK: tl.constexpr):
    """One program does one block."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(x + place, mask=place < count, other=0).to(COMPUTE)
    b = tl.load(y + place, mask=place < count, other=0).to(COMPUTE)
    tl.store(out + place, loss(a, b, BETA), mask=place < count)


@triton.jit
def partial_kernel(partial, x, y, count, BETA: tl.constexpr, COMPUTE: tl.constexpr, BLOCK: tl.constexpr):
    """Each program adds up every so many blocks, element by element, and then the block."""
    total = tl.zeros([BLOCK], COMPUTE)
    for start in range(tl.program_id(0) * BLOCK, count, tl.num_programs(0) * BLOCK):
        place = start + tl.arange(0, BLOCK)
        a = tl.load(x + place, mask=place < count, other=0).to(COMPUTE)
        b = tl.load(y + place, mask=place < count, other=0).to(COMPUTE)
        total += loss(a, b, BETA)
    tl.store(partial + tl.program_id(0), tl.sum(total))


@triton.jit
def total_kernel(out, partial, count, divisor, BLOCK: tl.constexpr):
    """One program adds what the others found, and divides by the number of elements (0 gives NaN) if that is asked for."""
    place = tl.arange(0, BLOCK)
    total = tl.sum(tl.load(partial + place, mask=place < count, other=0))
    tl.store(out, total / divisor)


def smooth_l1_loss(
    self: torch.Tensor,
    target: torch.Tensor,
    reduction: int | str = "mean",
    beta: float = 1.0,
    *,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """The loss, in `out` if it is given."""
    require_tensor(self, "self")
    require_tensor(target, "target")
    require_same_device(self, target)
    code = REDUCTIONS.get(reduction, -1) if isinstance(reduction, str) else reduction
    names = ", ".join(REDUCTIONS)
    require(
        code in REDUCTIONS.values(), f"{reduction} is not a valid value for reduction; allowed are {names}", ValueError
    )
    require(beta >= 0, f"smooth_l1_loss does not support negative values for beta, found {beta}")
    dtype = torch.result_type(self, target)
    require(dtype.is_floating_point, f"smooth_l1_loss is not implemented for {dtype}; allowed are floating types")
    shape = torch.broadcast_shapes(self.shape, target.shape)
    x, y = (pointwise.contiguous(tensor.expand(shape)) for tensor in (self, target))
    into = result(out, () if code else shape, dtype, self)
    written = into if into.is_contiguous() else torch.empty(into.shape, dtype=dtype, device=into.device)
    constants = {"BETA": float(beta), "COMPUTE": pointwise.TRITON_DTYPES[pointwise.compute_dtype(dtype)]}
    if code:
        _reduce(written, x, y, code, constants)
    elif written.numel():
        block = min(BLOCK, triton.next_power_of_2(x.numel()))
        elementwise_kernel[(triton.cdiv(x.numel(), block),)](written, x, y, x.numel(), **constants, BLOCK=block)
    return into if written is into else pointwise.apply(pointwise.identity, into, written, compute=dtype)


def _reduce(out: torch.Tensor, x: torch.Tensor, y: torch.Tensor, code: int, constants: dict[str, object]) -> None:
    count = x.numel()
    block = min(BLOCK, max(16, triton.next_power_of_2(count)))
    programs = min(PROGRAMS, max(1, triton.cdiv(count, block)))
    partial = torch.empty(programs, dtype=pointwise.compute_dtype(x.dtype), device=x.device)
    partial_kernel[(programs,)](partial, x, y, count, **constants, BLOCK=block, num_warps=8)
    divisor = count if code == REDUCTIONS["mean"] else 1
    total_kernel[(1,)](out, partial, programs, divisor, BLOCK=triton.next_power_of_2(programs))
