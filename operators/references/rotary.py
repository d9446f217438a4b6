"""Rotary position embeddings (Su et al., "RoFormer", 2021) and their YaRN scaling (Peng et al. 2023)."""

# The signatures are those of the functions held against these references.
# ruff: noqa: FBT001, FBT002, PLR0913, PLR0917

from __future__ import annotations

import math

import torch

from operators.references.precision import working_dtype


def apply_rotary_pos_emb(
    q: torch.Tensor,
    k: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    position_ids: torch.Tensor | None = None,
    rotary_interleaved: bool = False,
    inplace: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn each pair of features (a, b) by its position's angle: (a cos - b sin, b cos + a sin).

    q, k: (..., heads, D); cos, sin: (positions, D / 2); position_ids: (...), by default 0, 1, ... along the third last
    dimension of a 4-d q. Pairs are the two halves of D, or neighbours when `rotary_interleaved`. `inplace` writes the
    results into q and k.
    """
    if q.shape[-1] != k.shape[-1] or cos.shape[-1] * 2 != q.shape[-1] or q.shape[:-2] != k.shape[:-2]:
        raise ValueError(f"q {tuple(q.shape)}, k {tuple(k.shape)} and cos {tuple(cos.shape)} do not fit together")
    if position_ids is None:
        if q.dim() != 4:
            raise ValueError("positions are implied for (batch, sequence, heads, D) only")
        position_ids = torch.arange(q.shape[1]).expand(q.shape[:2])
    elif position_ids.shape != q.shape[:-2]:
        raise ValueError(f"position_ids has shape {tuple(position_ids.shape)}; due is {tuple(q.shape[:-2])}")
    turned = tuple(_turn(x, cos, sin, position_ids.long(), interleaved=rotary_interleaved) for x in (q, k))
    if inplace:
        return q.copy_(turned[0]), k.copy_(turned[1])
    return turned[0], turned[1]


def rope(
    query: torch.Tensor,
    key: torch.Tensor,
    position_ids: torch.Tensor | None,
    rotary_dim: int,
    max_position_embeddings: int,
    base: float,
    rotary_interleaved: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The rotary layer: angle = position / base^(2i / rotary_dim)."""
    frequencies = base ** -(torch.arange(0, rotary_dim, 2, dtype=torch.float64) / rotary_dim)
    cos, sin = _tables(frequencies, max_position_embeddings, query, 1.0)
    return apply_rotary_pos_emb(query, key, cos, sin, position_ids, rotary_interleaved)


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
) -> tuple[torch.Tensor, torch.Tensor]:
    """The rotary layer with YaRN, as DeepSeek-V2 applies it.

    Features that turn more than `beta_fast` times within the original length keep their frequency, those that turn
    less than `beta_slow` times have it divided by `scaling_factor`, a linear ramp lies between, and the angles' cosines
    and sines are scaled by the ratio of the two attention temperatures 0.1 m ln(scaling_factor) + 1.
    """
    plain = base ** -(torch.arange(0, rotary_dim, 2, dtype=torch.float64) / rotary_dim)

    def feature(turns: float) -> float:
        original = original_max_position_embeddings
        return rotary_dim * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(base))

    low, high = max(math.floor(feature(beta_fast)), 0), min(math.ceil(feature(beta_slow)), rotary_dim - 1)
    width = high - low if high != low else 0.001
    ramp = ((torch.arange(rotary_dim // 2, dtype=torch.float64) - low) / width).clamp(0, 1)
    frequencies = plain / scaling_factor * ramp + plain * (1 - ramp)
    ratio = _temperature(scaling_factor, mscale) / _temperature(scaling_factor, mscale_all_dim)
    cos, sin = _tables(frequencies, max_position_embeddings, query, ratio)
    return apply_rotary_pos_emb(query, key, cos, sin, position_ids)


def _temperature(scaling_factor: float, mscale: float) -> float:
    return 1.0 if scaling_factor <= 1 else 0.1 * mscale * math.log(scaling_factor) + 1.0


def _tables(
    frequencies: torch.Tensor, positions: int, query: torch.Tensor, factor: float
) -> tuple[torch.Tensor, torch.Tensor]:
    angles = torch.outer(torch.arange(positions, dtype=torch.float64), frequencies)
    return (angles.cos() * factor).to(query.dtype), (angles.sin() * factor).to(query.dtype)


def _turn(
    x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, positions: torch.Tensor, *, interleaved: bool
) -> torch.Tensor:
    wide = working_dtype(x, cos, sin)
    values, cosine, sine = x.to(wide), cos.to(wide)[positions].unsqueeze(-2), sin.to(wide)[positions].unsqueeze(-2)
    if interleaved:
        first, second = values[..., 0::2], values[..., 1::2]
        pairs = torch.stack((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
        return pairs.flatten(-2).to(x.dtype)
    first, second = values.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1).to(x.dtype)
