"""FlagGems' torch modules as functions of their parameters."""

# The signatures are those of the references.
# ruff: noqa: FBT001, PLR0913, PLR0917

from __future__ import annotations

from typing import Any

import torch


def silu_and_mul(x: torch.Tensor, y: torch.Tensor) -> Any:
    """flag_gems.GemsSiluAndMul()(x, y)."""
    import flag_gems

    return flag_gems.GemsSiluAndMul()(x, y)


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float, residual: torch.Tensor | None = None) -> Any:
    """flag_gems.GemsRMSNorm of that weight."""
    import flag_gems

    module = flag_gems.GemsRMSNorm(list(weight.shape), eps, device=weight.device, dtype=weight.dtype)
    module.weight = torch.nn.Parameter(weight, requires_grad=False)
    return module(x, residual)


def rope(
    query: torch.Tensor,
    key: torch.Tensor,
    position_ids: torch.Tensor | None,
    rotary_dim: int,
    max_position_embeddings: int,
    base: float,
    rotary_interleaved: bool,
) -> Any:
    """flag_gems.GemsRope with tables in the dtype of the query."""
    import flag_gems

    module = flag_gems.GemsRope(
        rotary_dim, max_position_embeddings, base, rotary_interleaved, query.dtype, query.device
    )
    return module(query, key, position_ids)


def yarn_rope(
    query: torch.Tensor,
    key: torch.Tensor,
    position_ids: torch.Tensor | None,
    rotary_dim: int,
    max_position_embeddings: int,
    base: float,
    scaling_factor: float,
    original_max_position_embeddings: int,
    beta_fast: float = 32.0,
    beta_slow: float = 1.0,
    mscale: float = 1.0,
    mscale_all_dim: float = 0.0,
) -> Any:
    """flag_gems.GemsDeepseekYarnRoPE with tables in the dtype of the query."""
    import flag_gems

    module = flag_gems.GemsDeepseekYarnRoPE(
        rotary_dim,
        max_position_embeddings,
        base,
        dtype=query.dtype,
        device=query.device,
        scaling_factor=scaling_factor,
        original_max_position_embeddings=original_max_position_embeddings,
        beta_fast=beta_fast,
        beta_slow=beta_slow,
        mscale=mscale,
        mscale_all_dim=mscale_all_dim,
    )
    return module(query, key, position_ids)
