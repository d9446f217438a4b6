"""The gated delta rule (Yang, Kautz and Hatamizadeh, "Gated Delta Networks", 2024).

For each head, with keys and queries of size K, values of size V and the state S of (K, V):

    S = exp(g) S;   u = beta (v - S^T k);   S = S + k u^T;   o = scale S^T q

Value heads may outnumber key heads; each group of value heads shares a key head.
"""

# The signatures are those of the functions held against these references.
# ruff: noqa: FBT001, FBT002, PLR0913, PLR0917

from __future__ import annotations

from itertools import pairwise

import torch

from operators.references.precision import rounded, working_dtype

CHUNK = 64


def fused_recurrent_gated_delta_rule_fwd(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    g: torch.Tensor,
    beta: torch.Tensor,
    scale: float,
    initial_state: torch.Tensor,
    inplace_final_state: bool = True,
    cu_seqlens: torch.Tensor | None = None,
    ssm_state_indices: torch.Tensor | None = None,
    num_accepted_tokens: torch.Tensor | None = None,
    use_qk_l2norm_in_kernel: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The rule token by token (vLLM's fused_recurrent_gated_delta_rule).

    q, k: (B, T, H, K); v: (B, T, HV, V); g, beta: (B, T, HV), beta also (B, T, HV, V). With cu_seqlens B is 1 and the
    sequences lie one after the other. Without ssm_state_indices sequence n starts from initial_state[n]; with them,
    (N,) or (N, tokens), from the state they name first (or last accepted), and the state after token t of sequence n
    goes to the one they name for it when `inplace_final_state`. Otherwise the states after every token are returned,
    (T, HV, K, V). `use_qk_l2norm_in_kernel` normalizes q and k. Returns the outputs like v, and the states.
    """
    wide = working_dtype(q, k, v)
    result = torch.zeros(v.shape, dtype=wide)
    states = initial_state if inplace_final_state else initial_state.new_empty(v.shape[1], *initial_state.shape[1:])
    for n, (batch, first, last) in enumerate(_sequences(k, cu_seqlens)):
        names = None if ssm_state_indices is None else ssm_state_indices[n].reshape(-1)
        begin = 0 if num_accepted_tokens is None else int(num_accepted_tokens[n]) - 1
        state = initial_state[n if names is None else int(names[begin])].to(wide)
        for token in range(first, last):
            at = (batch, token)
            pair = _keys(q[at], wide, use_qk_l2norm_in_kernel), _keys(k[at], wide, use_qk_l2norm_in_kernel)
            state, result[at] = _step(state, *pair, v[at].to(wide), g[at].to(wide), beta[at].to(wide), scale, wide)
            if not inplace_final_state:
                states[token] = state
            elif names is not None:
                states[int(names[min(token - first, names.numel() - 1)])] = state
    return result.to(v.dtype), states


def chunk_gated_delta_rule_fwd(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    g: torch.Tensor,
    beta: torch.Tensor,
    scale: float,
    initial_state: torch.Tensor | None,
    output_final_state: bool,
    cu_seqlens: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None, None, None, None]:
    """The rule by chunks of 64 tokens (flash-linear-attention's chunk_gated_delta_rule_fwd).

    Shapes as above; initial_state: (N, HV, K, V). Returns the sums of g within each chunk, the outputs like v, the
    inverse of I + tril(beta_i exp(g_i - g_j) k_i . k_j, -1) of each chunk (B, T, HV, 64), its rows by token, and the
    last states (N, HV, K, V) if asked for; then three times None.
    """
    wide = working_dtype(q, k, v)
    result, sums = torch.zeros(v.shape, dtype=wide), torch.zeros(g.shape, dtype=wide)
    inverse = torch.zeros(*g.shape, CHUNK, dtype=wide)
    finals = []
    for n, (batch, first, last) in enumerate(_sequences(k, cu_seqlens)):
        shape = (v.shape[2], k.shape[3], v.shape[3])
        state = torch.zeros(shape, dtype=wide) if initial_state is None else initial_state[n].to(wide)
        for token in range(first, last):
            at = (batch, token)
            pair = q[at].to(wide), k[at].to(wide)
            state, result[at] = _step(state, *pair, v[at].to(wide), g[at].to(wide), beta[at].to(wide), scale, k.dtype)
        finals.append(state)
        for start in range(first, last, CHUNK):
            rows = slice(start, min(start + CHUNK, last))
            sums[batch, rows] = g[batch, rows].to(wide).cumsum(0)
            inverse[batch, rows, :, : rows.stop - start] = _inverse(
                k[batch, rows].to(wide), beta[batch, rows].to(wide), sums[batch, rows], k.dtype
            )
    final = torch.stack(finals) if output_final_state else None
    return sums.to(g.dtype), result.to(v.dtype), inverse.to(k.dtype), final, None, None, None


def _sequences(k: torch.Tensor, cu_seqlens: torch.Tensor | None) -> list[tuple[int, int, int]]:
    """Batch, first token and end of each sequence."""
    if cu_seqlens is None:
        return [(batch, 0, k.shape[1]) for batch in range(k.shape[0])]
    ends = cu_seqlens.tolist()
    return [(0, first, last) for first, last in pairwise(ends)]


def _keys(x: torch.Tensor, wide: torch.dtype, normalized: bool) -> torch.Tensor:
    values = x.to(wide)
    return values / torch.sqrt(values.square().sum(-1, keepdim=True) + 1e-6) if normalized else values


def _step(
    state: torch.Tensor,
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    g: torch.Tensor,
    beta: torch.Tensor,
    scale: float,
    narrow: torch.dtype,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One token of all heads: q, k (H, K), v (HV, V), g and beta (HV,); the new state and the output (HV, V).

    `narrow` is what the products of matrices take, where they are taken by chunks.
    """
    group = v.shape[0] // k.shape[0]
    key, query = k.repeat_interleave(group, dim=0), q.repeat_interleave(group, dim=0)
    decayed = state * g.exp().view(-1, 1, 1)
    rate = beta if beta.dim() == 2 else beta.unsqueeze(-1)
    update = rounded(rate * (v - torch.einsum("hkv,hk->hv", decayed, key)), narrow)
    state = decayed + torch.einsum("hk,hv->hkv", key, update)
    return state, scale * torch.einsum("hkv,hk->hv", rounded(state, narrow), query)


def _inverse(k: torch.Tensor, beta: torch.Tensor, sums: torch.Tensor, narrow: torch.dtype) -> torch.Tensor:
    """The inverse for the chunk's k (t, H, K), beta and sums (t, HV), as (t, HV, t)."""
    keys = k.repeat_interleave(beta.shape[1] // k.shape[1], dim=1)
    products = torch.einsum("ihk,jhk->hij", rounded(keys * beta.unsqueeze(-1), narrow), keys)
    decay = torch.exp(sums.t().unsqueeze(-1) - sums.t().unsqueeze(-2))
    lower = torch.tril(products * decay, -1)
    identity = torch.eye(k.shape[0], dtype=k.dtype)
    inverse: torch.Tensor = torch.linalg.solve_triangular(identity + lower, identity.expand_as(lower), upper=False)
    return inverse.transpose(0, 1)
