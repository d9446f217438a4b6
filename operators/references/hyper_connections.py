"""Manifold-constrained hyper-connections (DeepSeek, "mHC", 2025): residual streams mixed by Sinkhorn-normalized matrices.

n is the number of streams. The mixing logits of a token hold n for what goes into the layer, n for what comes out of
it, and n * n for the streams among themselves.
"""

# The signatures are those of the functions held against these references.
# ruff: noqa: PLR0913, PLR0917

from __future__ import annotations

import torch

from operators.references.precision import gradients, rounded, working_dtype

CONVERGED = 400  # alternating normalizations after which a small positive matrix is doubly stochastic to the last bit


def mhc_pre(
    residual: torch.Tensor,
    fn: torch.Tensor,
    hc_scale: torch.Tensor,
    hc_base: torch.Tensor,
    rms_eps: float,
    hc_pre_eps: float,
    hc_sinkhorn_eps: float,
    hc_post_mult_value: float,
    sinkhorn_repeat: int,
    n_splits: int = 1,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The mixes of a token from its streams, and the input of the layer.

    residual: (..., n, H); fn: (2n + n^2, n H), applied to the root-mean-square normalized streams; hc_scale: (3,),
    hc_base: (2n + n^2,). Returns the output mix (..., n, 1), the stream mix (..., n, n) and the weighted sum of the
    streams (..., H).
    """
    streams = residual.shape[-2]
    wide = working_dtype(residual, fn)
    flat = residual.to(wide).flatten(-2)
    product = rounded(flat @ rounded(fn.to(wide), residual.dtype).t(), residual.dtype)
    mixes = product * torch.rsqrt(flat.square().mean(-1, keepdim=True) + rms_eps)
    before, after, among = _split(mixes, hc_scale.to(wide), hc_base.to(wide), streams)
    weights = torch.sigmoid(before) + hc_pre_eps
    layer_input = (residual.to(wide) * weights.unsqueeze(-1)).sum(-2)
    post = torch.sigmoid(after).unsqueeze(-1) * hc_post_mult_value
    return post, _sinkhorn(among, sinkhorn_repeat, hc_sinkhorn_eps), layer_input.to(residual.dtype)


def mhc_post(
    x: torch.Tensor, residual: torch.Tensor, post_layer_mix: torch.Tensor, comb_res_mix: torch.Tensor
) -> torch.Tensor:
    """The streams after the layer: out_i = post_i x + sum over j of comb_ji residual_j.

    x: (N, H); residual: (N, n, H); post_layer_mix: (N, n, 1) or (N, n); comb_res_mix: (N, n, n).
    """
    wide = working_dtype(x, residual, post_layer_mix)
    weights = post_layer_mix.to(wide).reshape(*residual.shape[:2], 1)
    mixed = comb_res_mix.to(wide).transpose(-1, -2) @ residual.to(wide)
    return (x.to(wide).unsqueeze(-2) * weights + mixed).to(residual.dtype)


def hc_split_sinkhorn(
    mixes: torch.Tensor,
    hc_scale: torch.Tensor,
    hc_base: torch.Tensor,
    hc_mult: int = 4,
    sinkhorn_iters: int = 20,
    eps: float = 1e-6,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The three mixes of the logits (..., 2n + n^2): input sigmoid + eps, output 2 sigmoid, streams by Sinkhorn."""
    wide = working_dtype(mixes)
    before, after, among = _split(mixes.to(wide), hc_scale.to(wide), hc_base.to(wide), hc_mult)
    return torch.sigmoid(before) + eps, 2 * torch.sigmoid(after), _sinkhorn(among, sinkhorn_iters, eps)


def mhc_bwd(logits: torch.Tensor, dout: torch.Tensor) -> torch.Tensor:
    """The gradient of the converged Sinkhorn normalization of exp(logits) (L, n, n) with respect to the logits."""
    wide = working_dtype(logits)
    (gradient,) = gradients(sinkhorn, (logits.to(wide),), dout.to(wide))
    return gradient.to(logits.dtype)


def sinkhorn(logits: torch.Tensor) -> torch.Tensor:
    """exp(logits) with its columns and rows scaled until all sum to 1 (Sinkhorn and Knopp 1967)."""
    matrix = logits.exp()
    for _ in range(CONVERGED):
        matrix = matrix / matrix.sum(-2, keepdim=True)
        matrix = matrix / matrix.sum(-1, keepdim=True)
    return matrix


def _split(
    mixes: torch.Tensor, scale: torch.Tensor, base: torch.Tensor, streams: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    sizes = [streams, streams, streams * streams]
    parts = zip(torch.split(mixes, sizes, dim=-1), scale, torch.split(base, sizes), strict=True)
    before, after, among = (part * factor + offset for part, factor, offset in parts)
    return before, after, among.unflatten(-1, (streams, streams))


def _sinkhorn(logits: torch.Tensor, repeat: int, eps: float) -> torch.Tensor:
    """A softmax of each row, then columns and rows divided by their sums, columns last; eps keeps all positive."""
    matrix = logits.softmax(-1) + eps
    matrix = matrix / (matrix.sum(-2, keepdim=True) + eps)
    for _ in range(repeat - 1):
        matrix = matrix / (matrix.sum(-1, keepdim=True) + eps)
        matrix = matrix / (matrix.sum(-2, keepdim=True) + eps)
    return matrix
