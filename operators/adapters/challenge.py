"""Functions of operators/kernels/, and of entries, in a form in which every right answer is the same answer.

Of equal elements a median may name any, and singular vectors are right up to sign and rotation: what is held against the
reference is what they stand for.
"""

# The signatures are those of the references.
# ruff: noqa: FBT001, FBT002

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from operators.adapters.values import VALUES
from operators.kernels.median import median
from operators.kernels.svd import svd as kernel_svd
from operators.references.challenge.hard import judgeable


def median_at_indices_of(function: Callable[..., Any]) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """Of a median: the medians, and the elements that stand at their indices."""

    def adapted(self: torch.Tensor, dim: int, keepdim: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        values, indices = function(self, dim, keepdim=True)
        if not VALUES.computed:
            return values, indices
        picked = torch.gather(self, dim, indices) if self.dim() else self.clone()
        return (values, picked) if keepdim else (values.squeeze(dim), picked.squeeze(dim))

    return adapted


def svd_of(function: Callable[..., Any]) -> Callable[..., tuple[torch.Tensor, ...]]:
    """Of an svd: (S, U S V^T, U^T U, V^T V); without vectors S and the zeros in their place."""

    def adapted(self: torch.Tensor, some: bool = True, compute_uv: bool = True) -> tuple[torch.Tensor, ...]:
        u, s, v = function(self, some, compute_uv)
        return judgeable(u, s, v, compute_uv)

    return adapted


median_at_indices = median_at_indices_of(median)
svd = svd_of(kernel_svd)


def gems_chunk_gated_delta_rule(  # noqa: PLR0913, PLR0917 - the signature is the reference's
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
    """flag_gems.chunk_gated_delta_rule_fwd, whose results are two of seven; it normalizes nothing."""
    import flag_gems

    if use_qk_l2norm_in_kernel:
        q, k = (x * torch.rsqrt(x.float().square().sum(-1, keepdim=True) + 1e-6).to(x.dtype) for x in (q, k))
    scale = k.shape[3] ** -0.5 if scale is None else scale
    found = flag_gems.chunk_gated_delta_rule_fwd(
        q, k, v, g, beta, scale, initial_state, output_final_state, cu_seqlens=cu_seqlens
    )
    return found[1], found[3]
