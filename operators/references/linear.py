"""Sums and products: outer and sparse products, Hadamard transform, counts, normalized sums, RWKV-7's key fusion."""

# The signatures are those of the functions held against these references.
# ruff: noqa: A002, N803, PLR0913, PLR0917

from __future__ import annotations

import torch
from torch.nn import functional

from operators.references.precision import working_dtype


def outer(inp: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The products of all pairs (M,), (N,) -> (M, N)."""
    if inp.dim() != 1 or weight.dim() != 1:
        raise ValueError("outer takes two vectors")
    wide = working_dtype(inp, weight)
    return (inp.to(wide).unsqueeze(1) * weight.to(wide)).to(torch.result_type(inp, weight))


def bincount(input: torch.Tensor, weights: torch.Tensor | None = None, minlength: int = 0) -> torch.Tensor:
    """How often each number from 0 occurs, or the sum of its weights (torch.bincount)."""
    return torch.bincount(input, weights, minlength)


def normed_cumsum(inp: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """The sums up to each element divided by the sum of all: a cumulative distribution."""
    values = inp.to(working_dtype(inp))
    return (values.cumsum(dim) / values.sum(dim, keepdim=True)).to(inp.dtype)


def hadamard_transform(x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    """Rows times a matrix, x H * scale, with H the Hadamard matrix in Sylvester's order (Dao-AILab's fast_hadamard_transform).

    x: (..., D); D is padded with zeros to the next power of 2 and cut again.
    """
    size = x.shape[-1]
    wide = working_dtype(x)
    matrix = torch.ones(1, 1, dtype=wide)
    while matrix.shape[0] < size:
        matrix = torch.cat((torch.cat((matrix, matrix), 1), torch.cat((matrix, -matrix), 1)))
    padded = functional.pad(x.to(wide), (0, matrix.shape[0] - size))
    return (padded @ matrix * scale)[..., :size].to(x.dtype)


def rwkv_mm_sparsity(k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """The product k @ v of (K,) and (K, N), of which many k are zero (RWKV-7's channel mix after its squared ReLU)."""
    if k.dim() != 1 or v.dim() != 2 or k.shape[0] != v.shape[0]:
        raise ValueError(f"{tuple(k.shape)} and {tuple(v.shape)} are not a vector and a matrix that fit")
    wide = working_dtype(k, v)
    return (k.to(wide) @ v.to(wide)).to(k.dtype)


def rwkv_ka_fusion(
    k: torch.Tensor, kk: torch.Tensor, a: torch.Tensor, ka: torch.Tensor, H: int, N: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """RWKV-7's keys (Peng et al. 2025): k (1 + (a - 1) ka), k kk normalized per head, and that times a.

    k, a: (T, C) or (C,), kk, ka: (C,), C = H * N for H heads of size N.
    """
    wide = working_dtype(k, kk, a, ka)
    keys, rates = k.to(wide), a.to(wide)
    scaled = (keys * kk.to(wide)).reshape(*k.shape[:-1], H, N)
    normalized = functional.normalize(scaled, dim=-1, eps=1e-12).flatten(-2)
    fused = keys * (1 + (rates - 1) * ka.to(wide))
    return fused.to(k.dtype), normalized.to(k.dtype), (normalized * rates).to(k.dtype)
