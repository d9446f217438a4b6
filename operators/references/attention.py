"""Attention over dense, packed and paged keys: softmax(scale q k^T + bias) v (Vaswani et al. 2017).

Two conventions of causality exist. `scaled_dot_product_attention` (torch) aligns the mask with the top left corner of
the scores, the flash functions (FlashAttention 2.1 and later) with the bottom right one: the last query sees all keys.
A row that sees no key gives zeros.
"""

# The signatures are those of the functions held against these references.
# ruff: noqa: FBT001, FBT002, PLR0913, PLR0917

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from operators.references.precision import rounded, working_dtype

Sizes = Sequence[int] | torch.Tensor


def scaled_dot_product_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """torch.nn.functional.scaled_dot_product_attention of (batch, heads, length, D); no dropout.

    A boolean mask says which keys take part, a floating one is added to the scores. With `enable_gqa` the heads of
    key and value are repeated for the groups of query heads.
    """
    return scaled_dot_product_attention_forward(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)[
        0
    ]


def scaled_dot_product_attention_forward(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same, and the base-2 logarithm of each row's sum of exponentials (batch, heads, query length)."""
    _check_heads(query.shape[1], key.shape[1], grouped=enable_gqa)
    wide = working_dtype(query, key, value)
    scores = _masked(query.to(wide), key.to(wide), scale, attn_mask, is_causal=is_causal)
    result, logsumexp = _weigh(scores, value)
    return result.to(value.dtype), logsumexp / math.log(2)


def scaled_dot_product_attention_backward(
    do: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[torch.Tensor, ...]:
    """The gradients with respect to query, key and value, given that of the result.

    With P the weights and O the result, dV = P^T dO, dS = P * (dO V^T - sum(dO * O)), dQ = scale dS K and
    dK = scale dS^T Q (Dao, "FlashAttention-2", 2023, section 3.1); a shared key head sums over its query heads.
    """
    wide, group = working_dtype(query, key, value), query.shape[1] // key.shape[1]
    scores = _masked(query.to(wide), key.to(wide), scale, attn_mask, is_causal=is_causal)
    weights = torch.softmax(scores, dim=-1)
    values, keys = (x.to(wide).repeat_interleave(group, dim=1) for x in (value, key))
    upstream = do.to(wide)
    slopes = torch.matmul(upstream, values.transpose(-1, -2))
    slopes = rounded(weights * (slopes - (weights * slopes).sum(-1, keepdim=True)), query.dtype)
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    dq = torch.matmul(slopes, keys) * factor
    dk = torch.matmul(slopes.transpose(-1, -2), query.to(wide)) * factor
    dv = torch.matmul(rounded(weights, query.dtype).transpose(-1, -2), upstream)
    shared = (rounded(x, key.dtype).reshape(*key.shape[:2], group, *key.shape[2:]).sum(2) for x in (dk, dv))
    return tuple(found.to(query.dtype) for found in (dq, *shared))


def flash_attention_forward(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    is_causal: bool = False,
    scale: float | None = None,
    softcap: float = 0.0,
    window_size_left: int | None = None,
    window_size_right: int | None = None,
    alibi_slopes: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """FlashAttention of (batch, length, heads, D), and the log-sum-exp (batch, heads, query length)."""
    window = (
        -1 if window_size_left is None else window_size_left,
        -1 if window_size_right is None else window_size_right,
    )
    results = []
    for index in range(query.shape[0]):
        slopes = alibi_slopes[index] if alibi_slopes is not None and alibi_slopes.dim() == 2 else alibi_slopes
        results.append(_flash(query[index], key[index], value[index], scale, softcap, slopes, window, is_causal))
    outputs, logsumexps = zip(*results, strict=True)
    return torch.stack(outputs).to(query.dtype), torch.stack(logsumexps)


def flash_attn_varlen_func(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    max_seqlen_q: int,
    cu_seqlens_q: torch.Tensor,
    max_seqlen_k: int,
    cu_seqlens_k: torch.Tensor | None = None,
    seqused_k: torch.Tensor | None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: Sequence[int] | None = None,
    softcap: float = 0.0,
    alibi_slopes: torch.Tensor | None = None,
    block_table: torch.Tensor | None = None,
    return_softmax_lse: bool = False,
    out: torch.Tensor | None = None,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """FlashAttention of packed sequences (total, heads, D) (vLLM's flash_attn_varlen_func).

    Sequence n has the queries cu_seqlens_q[n] : cu_seqlens_q[n + 1], and as keys those of cu_seqlens_k or, where k and
    v are pages (pages, page size, heads, D), the first seqused_k[n] tokens of the pages in block_table[n]. Query i and
    key j of a sequence are `i + (keys - queries) - j` apart: the window, the mask and the ALiBi bias count that.
    Returns the result, and with `return_softmax_lse` the log-sum-exp (heads, total).
    """
    if (cu_seqlens_k is None) == (seqused_k is None):
        raise ValueError("give one of cu_seqlens_k and seqused_k")
    if block_table is not None and seqused_k is None:
        raise ValueError("pages need seqused_k")
    window = (-1, -1) if window_size is None else (window_size[0], window_size[1])
    outputs, logsumexps = [], []
    for index in range(cu_seqlens_q.numel() - 1):
        queries = q[int(cu_seqlens_q[index]) : int(cu_seqlens_q[index + 1])]
        keys, values = (_sequence(x, index, cu_seqlens_k, seqused_k, block_table) for x in (k, v))
        slopes = alibi_slopes[index] if alibi_slopes is not None and alibi_slopes.dim() == 2 else alibi_slopes
        result, lse = _flash(queries, keys, values, softmax_scale, softcap, slopes, window, causal)
        outputs.append(result)
        logsumexps.append(lse)
    found = torch.cat(outputs).to(q.dtype)
    if out is not None:
        found = out.copy_(found)
    return (found, torch.cat(logsumexps, dim=1)) if return_softmax_lse else found


def _check_heads(queries: int, keys: int, *, grouped: bool) -> None:
    if queries != keys and not (grouped and queries % keys == 0):
        raise ValueError(f"{queries} query heads and {keys} key heads do not go together")


def _scores(query: torch.Tensor, key: torch.Tensor, scale: float | None) -> torch.Tensor:
    """Scaled scores of (..., heads, length, D); the heads of the keys are repeated for the groups of query heads."""
    repeated = key.repeat_interleave(query.shape[-3] // key.shape[-3], dim=-3)
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    return torch.matmul(query, repeated.transpose(-1, -2)) * factor


def _masked(
    query: torch.Tensor, key: torch.Tensor, scale: float | None, mask: torch.Tensor | None, *, is_causal: bool
) -> torch.Tensor:
    scores = _scores(query, key, scale)
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, -math.inf)
    elif mask is not None:
        scores = scores + mask.to(scores.dtype)
    if is_causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -math.inf)
    return scores


def _weigh(scores: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Softmax-weighted values, zeros where no key is seen, and the log-sum-exp."""
    repeated = value.to(scores.dtype).repeat_interleave(scores.shape[-3] // value.shape[-3], dim=-3)
    logsumexp = torch.logsumexp(scores, dim=-1)
    unseen = logsumexp.unsqueeze(-1) == -math.inf
    weights = rounded(torch.softmax(scores, dim=-1).masked_fill(unseen, 0.0), value.dtype)
    return torch.matmul(weights, repeated), logsumexp


def _sequence(
    tokens: torch.Tensor,
    index: int,
    cumulative: torch.Tensor | None,
    used: torch.Tensor | None,
    pages: torch.Tensor | None,
) -> torch.Tensor:
    """The keys or values (length, heads, D) of one sequence."""
    if pages is not None:
        assert used is not None
        return tokens[pages[index].long()].flatten(0, 1)[: int(used[index])]
    if cumulative is None:
        raise ValueError("keys that are not in pages need cu_seqlens_k")
    return tokens[int(cumulative[index]) : int(cumulative[index + 1])]


def _flash(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float | None,
    softcap: float,
    slopes: torch.Tensor | None,
    window: tuple[int, int],
    causal: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One sequence (length, heads, D): its result, and its log-sum-exp (heads, length), +inf where no key is seen."""
    _check_heads(query.shape[1], key.shape[1], grouped=True)
    wide = working_dtype(query, key, value)
    scores = _scores(query.to(wide).transpose(0, 1), key.to(wide).transpose(0, 1), scale)
    if softcap > 0:
        scores = softcap * torch.tanh(scores / softcap)
    distance = torch.arange(query.shape[0]).unsqueeze(1) + key.shape[0] - query.shape[0] - torch.arange(key.shape[0])
    if slopes is not None:
        scores = scores - slopes.to(wide).view(-1, 1, 1) * distance.abs()
    left, right = window[0], 0 if causal else window[1]
    hidden = torch.zeros_like(distance, dtype=torch.bool)
    hidden |= (distance > left) if left >= 0 else False
    hidden |= (distance < -right) if right >= 0 else False
    result, logsumexp = _weigh(scores.masked_fill(hidden, -math.inf), value.transpose(0, 1))
    return result.transpose(0, 1), logsumexp.masked_fill(logsumexp == -math.inf, math.inf)
