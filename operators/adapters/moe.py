"""FlagGems' mixture-of-experts functions with plain arguments, and with the free order of their indices made one."""

# The signatures are those of the references.
# ruff: noqa: FBT001, FBT002, N803, PLR0913, PLR0917

from __future__ import annotations

from typing import Any

import torch

from operators.adapters.values import VALUES

# The smallest tile that every target's matrix unit takes.
TILE = {"BLOCK_SIZE_M": 16, "BLOCK_SIZE_N": 32, "BLOCK_SIZE_K": 32, "GROUP_SIZE_M": 1, "num_warps": 4, "num_stages": 2}


def moe_align_block_size(
    topk_ids: torch.Tensor,
    block_size: int,
    num_experts: int,
    expert_map: torch.Tensor | None = None,
    pad_sorted_ids: bool = False,
) -> Any:
    """With the indices of each expert ascending."""
    import flag_gems

    sorted_ids, expert_ids, count = flag_gems.moe_align_block_size(
        topk_ids, block_size, num_experts, expert_map, pad_sorted_ids
    )
    _ascend(topk_ids, sorted_ids, count)
    return sorted_ids, expert_ids, count


def moe_align_block_size_triton(
    topk_ids: torch.Tensor,
    num_experts: int,
    block_size: int,
    sorted_token_ids: torch.Tensor,
    expert_ids: torch.Tensor,
    num_tokens_post_pad: torch.Tensor,
) -> None:
    """With the indices of each expert ascending."""
    import flag_gems

    flag_gems.moe_align_block_size_triton(
        topk_ids, num_experts, block_size, sorted_token_ids, expert_ids, num_tokens_post_pad
    )
    _ascend(topk_ids, sorted_token_ids, num_tokens_post_pad)


def _ascend(topk_ids: torch.Tensor, sorted_ids: torch.Tensor, padded: torch.Tensor) -> None:
    """Sort each run of indices of one expert in place, padding last; what is out of range stays where it is."""
    if not VALUES.computed:
        return
    count = int(padded)
    experts = topk_ids.flatten().tolist()
    ids = sorted_ids.tolist()
    start = 0
    for place in range(1, count + 1):
        here = experts[ids[start]] if 0 <= ids[start] < len(experts) else None
        if place < count and not 0 <= ids[place] < len(experts):
            continue
        if place == count or experts[ids[place]] != here:
            ids[start:place] = sorted(ids[start:place])
            start = place
    sorted_ids.copy_(torch.tensor(ids, dtype=sorted_ids.dtype))


def invoke_fused_moe_triton_kernel(
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor,
    topk_ids: torch.Tensor,
    topk_weights: torch.Tensor | None = None,
    A_scale: torch.Tensor | None = None,
    B_scale: torch.Tensor | None = None,
    block_shape: list[int] | None = None,
    B_bias: torch.Tensor | None = None,
    repeated: bool = True,
) -> None:
    """The kernel's launcher, given tokens laid out by expert, one tile and the type of the sums."""
    import flag_gems

    layout, options = _layout(C, topk_ids, topk_weights, repeated), (block_shape, B_bias)
    flags = (A_scale is not None, False, False, False, False)
    flag_gems.invoke_fused_moe_triton_kernel(A, B, C, A_scale, B_scale, topk_weights, *layout, *flags, *options)


def dispatch_fused_moe_kernel(
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor,
    topk_ids: torch.Tensor,
    topk_weights: torch.Tensor | None = None,
    A_scale: torch.Tensor | None = None,
    B_scale: torch.Tensor | None = None,
    block_shape: list[int] | None = None,
    B_bias: torch.Tensor | None = None,
    repeated: bool = True,
) -> None:
    """The choice among the launchers, given the same."""
    import flag_gems

    layout, options = _layout(C, topk_ids, topk_weights, repeated), (block_shape, B_bias)
    flags = (A_scale is not None, False, False, False, False)
    flag_gems.dispatch_fused_moe_kernel(A, B, C, A_scale, B_scale, None, topk_weights, *layout, *flags, *options)


def _layout(
    C: torch.Tensor, topk_ids: torch.Tensor, topk_weights: torch.Tensor | None, repeated: bool
) -> tuple[Any, ...]:
    """Sorted ids, experts and count, then: whether to weigh, choices per row of A, the tile, the type of the sums."""
    import triton.language as tl

    from operators.references.moe import moe_align_block_size as align

    experts = int(topk_ids.max()) + 1
    aligned = tuple(tensor.to(C.device) for tensor in align(topk_ids.cpu(), TILE["BLOCK_SIZE_M"], experts))
    compute = {torch.float32: tl.float32, torch.float16: tl.float16, torch.bfloat16: tl.bfloat16}[C.dtype]
    return (*aligned, topk_weights is not None, topk_ids.shape[1] if repeated else 1, dict(TILE), compute)
