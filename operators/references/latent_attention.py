"""Attention over one latent key per token (DeepSeek's multi-head latent attention), dense in pages or sparse.

The value of a token is the first part of its key, and all query heads share it.
"""

# The signatures are those of the functions held against these references.
# ruff: noqa: FBT001, PLR0913, PLR0917

from __future__ import annotations

import math

import torch

from operators.references.precision import rounded, working_dtype

SEGMENT = 256  # tokens of context in one unit of work of DeepGEMM's paged logits


def flash_mla(
    q: torch.Tensor,
    block_table: torch.Tensor,
    blocked_k: torch.Tensor,
    max_seqlen_pad: int,
    block_size: int,
    b: int,
    s_q: int,
    cache_seqlens: torch.Tensor,
    h_q: int,
    h_kv: int,
    d: int,
    dv: int,
    causal: bool,
) -> torch.Tensor:
    """Decoding over a paged latent cache (FlashMLA's flash_mla_with_kvcache).

    q: (b, s_q, h_q, d); blocked_k: (pages, block_size, 1, d); block_table: (b, pages per sequence); the scores are
    scaled by 1 / sqrt(d); the value is the first dv features. The last of the s_q queries sees all cache_seqlens[n]
    tokens, the one before it one fewer. Returns (b, s_q, h_q, dv).
    """
    if not causal or d <= dv:
        raise ValueError("flash_mla is causal, and keys are wider than values")
    wide = working_dtype(q, blocked_k)
    result = torch.empty(b, s_q, h_q, dv, dtype=wide)
    for index in range(b):
        length = int(cache_seqlens[index])
        keys = blocked_k[block_table[index].long()].reshape(-1, d)[:length].to(wide)
        scores = torch.einsum("shd,kd->shk", q[index].to(wide), keys) / math.sqrt(d)
        future = torch.ones(s_q, length, dtype=torch.bool).triu(length - s_q + 1)
        weights = rounded(torch.softmax(scores.masked_fill(future.unsqueeze(1), -math.inf), dim=-1), q.dtype)
        result[index] = torch.einsum("shk,kd->shd", weights, keys[:, :dv])
    return result.to(q.dtype)


def flash_mla_sparse_fwd(
    q: torch.Tensor,
    kv: torch.Tensor,
    indices: torch.Tensor,
    sm_scale: float,
    d_v: int = 512,
    attn_sink: torch.Tensor | None = None,
    topk_length: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Prefill where each query sees the tokens it names (FlashMLA's flash_mla_sparse_fwd).

    q: (s_q, h_q, d); kv: (s_kv, 1, d); indices: (s_q, 1, k), those below 0 or from s_kv on, and those from
    topk_length on, do not count. Returns the result (s_q, h_q, d_v), scaled by e^lse / (e^lse + e^sink) where a sink is
    given, the largest score and the log-sum-exp (s_q, h_q), -inf and +inf for a query that sees nothing.
    """
    if d_v != 512 or q.shape[-1] not in (512, 576) or q.shape[1] not in (64, 128):
        raise ValueError("FlashMLA has d_v = 512, d = 512 or 576, and 64 or 128 heads")
    wide = working_dtype(q, kv)
    places = indices[:, 0].long()
    seen = (places >= 0) & (places < kv.shape[0])
    if topk_length is not None:
        seen &= torch.arange(places.shape[1]) < topk_length.unsqueeze(1)
    result, maximum, logsumexp = _sparse(q.to(wide), kv[:, 0].to(wide), places, seen, sm_scale, attn_sink, q.dtype)
    return result[..., :d_v].to(q.dtype), maximum, logsumexp.masked_fill(logsumexp == -math.inf, math.inf)


def sparse_attn_triton(
    q: torch.Tensor, kv: torch.Tensor, attn_sink: torch.Tensor, topk_idxs: torch.Tensor, softmax_scale: float
) -> torch.Tensor:
    """Each query sees the tokens it names and a sink that adds e^sink to the denominator (DeepSeek-V4's sparse_attn).

    q: (b, m, h, d); kv: (b, n, d); attn_sink: (h,); topk_idxs: (b, m, k), -1 does not count. Returns (b, m, h, d).
    """
    wide = working_dtype(q, kv)
    results = []
    for index in range(q.shape[0]):
        places = topk_idxs[index].long()
        found = _sparse(q[index].to(wide), kv[index].to(wide), places, places >= 0, softmax_scale, attn_sink, q.dtype)
        results.append(found[0])
    return torch.stack(results).to(q.dtype)


def get_paged_mqa_logits_metadata(context_lens: torch.Tensor, block_size: int, num_sms: int) -> torch.Tensor:
    """Where each multiprocessor begins when the segments of all contexts are dealt out (DeepGEMM's function).

    Every context has ceil(length / 256) segments. All of them, in order, are dealt to num_sms workers in runs as equal
    as can be, the longer ones first. Returns (num_sms + 1, 2): sequence and segment of each worker's first one; the
    last row, and that of a worker without any left, is one past the end. Of (batch, n) lengths the last column counts.
    """
    lengths = context_lens[:, -1] if context_lens.dim() == 2 else context_lens
    order = [(n, s) for n, length in enumerate(lengths.tolist()) for s in range(-(-length // SEGMENT))]
    order.append((len(lengths), 0))
    each, longer = divmod(len(order) - 1, num_sms)
    starts = [worker * each + min(worker, longer) for worker in range(num_sms + 1)]
    return torch.tensor([order[start] for start in starts], dtype=torch.int32)


def _sparse(
    q: torch.Tensor,
    kv: torch.Tensor,
    places: torch.Tensor,
    seen: torch.Tensor,
    scale: float,
    sink: torch.Tensor | None,
    narrow: torch.dtype,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Result (m, h, d), largest score and log-sum-exp (m, h) of q (m, h, d) over kv (n, d) at places (m, k)."""
    gathered = kv[places.clamp(0, kv.shape[0] - 1)]
    scores = torch.einsum("mhd,mkd->mhk", q, gathered) * scale
    scores = scores.masked_fill(~seen.unsqueeze(1), -math.inf)
    logsumexp = torch.logsumexp(scores, dim=-1)
    total = logsumexp if sink is None else torch.logaddexp(logsumexp, sink.to(q.dtype).expand_as(logsumexp))
    weights = rounded(torch.exp(scores - total.unsqueeze(-1)).masked_fill(~seen.unsqueeze(1), 0.0), narrow)
    return torch.einsum("mhk,mkd->mhd", weights, gathered), scores.amax(-1), logsumexp
