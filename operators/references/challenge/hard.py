"""What the hard tasks are held against: torch's own functions, and the gated delta rule token by token.

Singular vectors are right up to sign and rotation, so what a decomposition is held to is what it stands for: the singular
values, the product U S V^T, and that the columns of U and of V are orthonormal.
"""

# The signatures are those of the operators.
# ruff: noqa: A002, FBT001, FBT002, PLR0913, PLR0917

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch.nn import functional

from operators.references.precision import rounded, working_dtype

Lengths = torch.Tensor | Sequence[int]
REDUCTIONS = ("none", "mean", "sum")


def chunk_gated_delta_rule(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    g: torch.Tensor,
    beta: torch.Tensor,
    scale: float | None = None,
    initial_state: torch.Tensor | None = None,
    output_final_state: bool = False,
    use_qk_l2norm_in_kernel: bool = False,
    cu_seqlens: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Yang, Kautz and Hatamizadeh, "Gated Delta Networks", 2024, equation 10, token by token for all heads at once.

    q, k: (B, T, H, K); v: (B, T, HV, V); g, beta: (B, T, HV); states: (N, HV, K, V) of the N sequences, which are the B rows,
    or lie one after the other in one row, from cu_seqlens[n] to cu_seqlens[n + 1].
    """
    if q.shape[3] != k.shape[3] or q.shape[1] != v.shape[1] or v.shape[2] % k.shape[2]:
        raise RuntimeError("q, k and v do not go together")
    wide = working_dtype(q, k, v)
    scale = k.shape[3] ** -0.5 if scale is None else scale
    ends = None if cu_seqlens is None else cu_seqlens.tolist()
    pieces = [slice(0, k.shape[1])] if ends is None else [slice(*pair) for pair in pairwise(ends)]
    out, finals = torch.empty(v.shape, dtype=wide, device=v.device), []
    for n, tokens in enumerate(pieces):
        shape = (k.shape[0], v.shape[2], k.shape[3], v.shape[3])
        state = torch.zeros(shape, dtype=wide, device=v.device)
        if initial_state is not None:
            state = initial_state.to(wide) if ends is None else initial_state[n : n + 1].to(wide)
        keys, queries = (_heads(x[:, tokens], v.shape[2], wide, use_qk_l2norm_in_kernel) for x in (k, q))
        for place, token in enumerate(range(tokens.start, tokens.stop)):
            key, query, value = keys[:, place], queries[:, place], v[:, token].to(wide)
            state = state * g[:, token].to(wide).exp()[..., None, None]
            change = beta[:, token].to(wide)[..., None] * (value - torch.einsum("bhkv,bhk->bhv", state, key))
            state = state + key[..., None] * rounded(change, k.dtype)[..., None, :]
            out[:, token] = scale * torch.einsum("bhkv,bhk->bhv", rounded(state, k.dtype), query)
        finals.append(state)
    return out.to(v.dtype), torch.cat(finals) if output_final_state else None


def _heads(x: torch.Tensor, heads: int, wide: torch.dtype, normalized: bool) -> torch.Tensor:
    """Keys or queries of each value head."""
    x = x.to(wide)
    if normalized:
        x = x * torch.rsqrt(x.square().sum(-1, keepdim=True) + 1e-6)
    return x.repeat_interleave(heads // x.shape[2], dim=2)


def svd(self: torch.Tensor, some: bool = True, compute_uv: bool = True) -> tuple[torch.Tensor, ...]:
    """(S, U S V^T, U^T U, V^T V) of torch.svd; without vectors S and the zeros in their place."""
    return judgeable(*torch.svd(self, some, compute_uv), compute_uv)


def judgeable(u: torch.Tensor, s: torch.Tensor, v: torch.Tensor, compute_uv: bool) -> tuple[torch.Tensor, ...]:
    """What can be held against a decomposition, given one."""
    if not compute_uv:
        return s, u, v
    count = s.shape[-1]
    product = (u[..., :count] * s[..., None, :]) @ v[..., :count].mT
    return s, product, u.mT @ u, v.mT @ v


def ctc_loss(
    log_probs: torch.Tensor,
    targets: torch.Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: int | str = "mean",
    zero_infinity: bool = False,
) -> torch.Tensor:
    name = REDUCTIONS[reduction] if isinstance(reduction, int) else reduction
    return functional.ctc_loss(
        log_probs,
        targets,
        input_lengths,  # type: ignore[arg-type]
        target_lengths,  # type: ignore[arg-type]
        blank=blank,
        reduction=name,
        zero_infinity=zero_infinity,
    )


def grid_sample(
    input: torch.Tensor,
    grid: torch.Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> torch.Tensor:
    return functional.grid_sample(input, grid, mode, padding_mode, bool(align_corners))
