"""Mixtures of experts: choosing experts, laying tokens out by expert, the experts' layers and their weighted sum."""

# The signatures are those of the functions held against these references.
# ruff: noqa: A002, FBT001, FBT002, N803, PLR0913, PLR0917

from __future__ import annotations

import math

import torch
from torch.nn import functional

from operators.references.precision import rounded, working_dtype


def topk_softmax(
    topk_weights: torch.Tensor,
    topk_indices: torch.Tensor,
    token_expert_indices: torch.Tensor,
    gating_output: torch.Tensor,
    renormalize: bool = False,
) -> None:
    """The k largest softmax probabilities of each token, written in place (vLLM's topk_softmax).

    gating_output: (tokens, experts); the other three: (tokens, k). token_expert_indices[t, i] is i * tokens + t. With
    `renormalize` the chosen probabilities sum to 1.
    """
    tokens, count = topk_weights.shape
    probabilities = torch.softmax(gating_output.to(working_dtype(gating_output)), dim=-1)
    weights, indices = probabilities.topk(count, dim=-1)
    if renormalize:
        weights = weights / weights.sum(-1, keepdim=True)
    topk_weights.copy_(weights)
    topk_indices.copy_(indices)
    token_expert_indices.copy_(torch.arange(count * tokens).view(count, tokens).t())


def grouped_topk(
    scores: torch.Tensor,
    n_group: int,
    topk_group: int,
    topk: int,
    renormalize: bool,
    routed_scaling_factor: float,
    bias: torch.Tensor,
    scoring_func: int = 0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Experts chosen within the best groups (DeepSeek-V3; vLLM's grouped_topk).

    scores: (tokens, experts), of which the sigmoid is taken when scoring_func is 1; bias: (experts,), used to choose
    and not in the weights. A group is as good as the sum of its two best biased scores; the topk best experts of the
    topk_group best groups are chosen. Returns their weights times the factor, divided by their sum when `renormalize`,
    and their indices, best first.
    """
    if scores.dim() != 2 or scores.shape[1] % n_group or scoring_func not in (0, 1) or bias.numel() != scores.shape[1]:
        raise ValueError(f"scores {tuple(scores.shape)}, {n_group} groups and {bias.numel()} biases do not go together")
    values = scores.to(working_dtype(scores))
    values = rounded(values.sigmoid(), scores.dtype) if scoring_func == 1 else values
    biased = values + bias.to(values.dtype).flatten()
    grouped = biased.reshape(scores.shape[0], n_group, scores.shape[1] // n_group)
    merit = grouped.topk(min(2, grouped.shape[2]), dim=-1).values.sum(-1)
    kept = torch.zeros_like(merit, dtype=torch.bool).scatter_(1, merit.topk(topk_group, dim=-1).indices, value=True)
    allowed = grouped.masked_fill(~kept.unsqueeze(-1), -math.inf).flatten(1)
    indices = allowed.topk(topk, dim=-1).indices
    weights = values.gather(1, indices)
    if renormalize:
        weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
    return weights * routed_scaling_factor, indices.to(torch.int32)


def moe_align_block_size(
    topk_ids: torch.Tensor,
    block_size: int,
    num_experts: int,
    expert_map: torch.Tensor | None = None,
    pad_sorted_ids: bool = False,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The (token, choice) pairs sorted by expert, each expert's padded to whole blocks (vLLM's moe_align_block_size).

    Returns the flat indices into topk_ids, filled up with topk_ids.numel(), the expert of each block (0 behind the last
    one, and through expert_map where given), and the number of indices that count. The order of the indices of one
    expert is free; here they increase.
    """
    room = topk_ids.numel() + num_experts * (block_size - 1)
    room = -(-room // block_size) * block_size if pad_sorted_ids else room
    sorted_ids = torch.empty(room, dtype=torch.int32)
    expert_ids = torch.empty(-(-room // block_size), dtype=torch.int32)
    count = torch.empty(1, dtype=torch.int32)
    moe_align_block_size_triton(topk_ids, num_experts, block_size, sorted_ids, expert_ids, count)
    return sorted_ids, expert_ids if expert_map is None else expert_map[expert_ids.long()], count


def moe_align_block_size_triton(
    topk_ids: torch.Tensor,
    num_experts: int,
    block_size: int,
    sorted_token_ids: torch.Tensor,
    expert_ids: torch.Tensor,
    num_tokens_post_pad: torch.Tensor,
) -> None:
    """The same, written into the last three arguments."""
    flat = topk_ids.flatten()
    sorted_token_ids.fill_(flat.numel())
    expert_ids.fill_(0)
    start = 0
    for expert in range(num_experts):
        chosen = (flat == expert).nonzero().flatten()
        blocks = -(-chosen.numel() // block_size)
        sorted_token_ids[start : start + chosen.numel()] = chosen.to(sorted_token_ids.dtype)
        expert_ids[start // block_size : start // block_size + blocks] = expert
        start += blocks * block_size
    num_tokens_post_pad.fill_(start)


def moe_sum(input: torch.Tensor, output: torch.Tensor) -> None:
    """The sum of input (tokens, k, hidden) over k, written into output."""
    output.copy_(input.to(working_dtype(input)).sum(1))


def fused_experts_impl(
    hidden_states: torch.Tensor,
    w1: torch.Tensor,
    w2: torch.Tensor,
    topk_weights: torch.Tensor,
    topk_ids: torch.Tensor,
    inplace: bool = False,
    activation: str = "silu",
    apply_router_weight_on_input: bool = False,
    use_int8_w8a16: bool = False,
    global_num_experts: int = -1,
    expert_map: torch.Tensor | None = None,
    w1_scale: torch.Tensor | None = None,
    w2_scale: torch.Tensor | None = None,
    w1_bias: torch.Tensor | None = None,
    w2_bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """The routed experts' gated layers, weighted and summed (vLLM's fused_experts).

    hidden_states: (tokens, H); w1: (experts, 2I, H), gate above up; w2: (experts, H, I); topk_weights, topk_ids:
    (tokens, k). An expert gives w2 (silu(gate) * up) with its biases; the routing weight multiplies that, or the
    product of w1 when `apply_router_weight_on_input`. int8 weights are scaled per output channel by w1_scale and
    w2_scale. expert_map gives the local expert of a global one, or -1 for none, which adds nothing.
    """
    if activation != "silu" or hidden_states.shape[1] != w1.shape[2] or topk_weights.shape != topk_ids.shape:
        raise ValueError("activation, weights or routing do not fit the hidden states")
    wide = working_dtype(hidden_states)
    first = w1.to(wide) if w1_scale is None else w1.to(wide) * w1_scale.to(wide).unsqueeze(-1)
    second = w2.to(wide) if w2_scale is None else w2.to(wide) * w2_scale.to(wide).unsqueeze(-1)
    result = torch.zeros(hidden_states.shape, dtype=wide)
    for token, choice in torch.cartesian_prod(*(torch.arange(size) for size in topk_ids.shape)).tolist():
        expert = int(topk_ids[token, choice])
        expert = expert if expert_map is None else int(expert_map[expert])
        if expert < 0:
            continue
        weight = topk_weights[token, choice].to(wide)
        both = first[expert] @ hidden_states[token].to(wide)
        both = both if w1_bias is None else both + w1_bias[expert].to(wide)
        both = rounded(both * weight if apply_router_weight_on_input else both, hidden_states.dtype)
        gate, up = both.chunk(2)
        found = second[expert] @ rounded(functional.silu(gate) * up, hidden_states.dtype)
        found = found if w2_bias is None else found + w2_bias[expert].to(wide)
        result[token] += rounded(found if apply_router_weight_on_input else found * weight, hidden_states.dtype)
    found = result.to(hidden_states.dtype)
    return hidden_states.copy_(found) if inplace else found


def inplace_fused_experts(
    hidden_states: torch.Tensor,
    w1: torch.Tensor,
    w2: torch.Tensor,
    topk_weights: torch.Tensor,
    topk_ids: torch.Tensor,
) -> None:
    """fused_experts_impl with its result in hidden_states."""
    fused_experts_impl(hidden_states, w1, w2, topk_weights, topk_ids, inplace=True)


def outplace_fused_experts(
    hidden_states: torch.Tensor,
    w1: torch.Tensor,
    w2: torch.Tensor,
    topk_weights: torch.Tensor,
    topk_ids: torch.Tensor,
) -> torch.Tensor:
    """fused_experts_impl with its result in a new tensor."""
    return fused_experts_impl(hidden_states, w1, w2, topk_weights, topk_ids)


def expert_matmul(
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
    """C[t, i] = B[topk_ids[t, i]] @ A[row] + bias, times topk_weights[t, i] where given (vLLM's fused_moe_kernel).

    A: (tokens, K), or (tokens * k, K) with a row of its own for each choice when not `repeated`; B: (experts, N, K);
    C: (tokens, k, N), written in place. fp8 operands are scaled by A_scale and B_scale: one number and one per expert,
    or with block_shape (n, k) one per row and k columns of A, and one per block of B.
    """
    wide = working_dtype(C)
    rows, weights = A.to(wide), B.to(wide)
    if A_scale is not None and B_scale is not None and block_shape is None:
        rows, weights = rows * A_scale.to(wide), weights * B_scale.to(wide).view(-1, 1, 1)
    elif A_scale is not None and B_scale is not None and block_shape is not None:
        n, k = block_shape
        rows = rows * A_scale.to(wide).repeat_interleave(k, dim=1)[:, : A.shape[1]]
        spread = B_scale.to(wide).repeat_interleave(n, dim=1).repeat_interleave(k, dim=2)
        weights = weights * spread[:, : B.shape[1], : B.shape[2]]
    for token, choice in torch.cartesian_prod(*(torch.arange(size) for size in topk_ids.shape)).tolist():
        expert = int(topk_ids[token, choice])
        row = rows[token] if repeated else rows[token * topk_ids.shape[1] + choice]
        found = weights[expert] @ row
        found = found if B_bias is None else found + B_bias[expert].to(wide)
        C[token, choice] = found if topk_weights is None else found * topk_weights[token, choice].to(wide)
