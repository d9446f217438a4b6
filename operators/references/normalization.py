"""Normalizations over the last dimensions, over space and over weights."""

# The signatures are those of the functions held against these references.
# ruff: noqa: A002, FBT001, FBT002, PLR0913, PLR0917

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from operators.references.precision import working_dtype


def fused_add_rms_norm(
    x: torch.Tensor, residual: torch.Tensor, normalized_shape: Sequence[int], weight: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor]:
    """The sum residual += x, then x = rms_norm(residual) * weight, both in place (vLLM's fused_add_rms_norm).

    x, residual: (..., *normalized_shape); the root mean square is taken over `normalized_shape` of the sum before it
    is rounded.
    """
    wide = working_dtype(x, residual, weight)
    total = x.to(wide) + residual.to(wide)
    scaled, _ = _rms_norm(total, normalized_shape, weight, eps)
    residual.copy_(total)
    x.copy_(scaled)
    return x, residual


def rms_norm_forward(
    x: torch.Tensor, normalized_shape: Sequence[int], weight: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor]:
    """Root mean square norm x / sqrt(mean(x^2) + eps) * weight,
    and one inverse root mean square per row (Zhang and Sennrich 2019).
    """
    scaled, inverse = _rms_norm(x.to(working_dtype(x, weight)), normalized_shape, weight, eps)
    return scaled.to(x.dtype), inverse.reshape(-1).to(working_dtype(x))


def rms_norm_backward(
    dy: torch.Tensor,
    x: torch.Tensor,
    inv_rms: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor,
    eps: float = 1e-5,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of rms_norm: dx like x, and dw flattened.

    With r the given inverse root mean square of a row and N its size, differentiating y = x r w gives
    dx = r w dy - x r^3 sum(w dy x) / N and dw = sum over rows of dy x r.
    """
    wide = working_dtype(dy, x, weight)
    count = math.prod(normalized_shape)
    rows, upstream = x.to(wide).reshape(-1, count), dy.to(wide).reshape(-1, count)
    inverse = inv_rms.to(wide).reshape(-1, 1)
    weighted = upstream * weight.to(wide).reshape(1, count)
    dx = inverse * weighted - rows * inverse**3 * (weighted * rows).sum(1, keepdim=True) / count
    dw = (upstream * rows * inverse).sum(0)
    return dx.reshape(x.shape).to(x.dtype), dw.to(x.dtype)


def skip_layer_norm(
    x: torch.Tensor,
    residual: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor,
    bias: torch.Tensor,
    eps: float = 1e-5,
) -> torch.Tensor:
    """layer_norm(x + residual) over `normalized_shape` (ONNX Runtime's SkipLayerNormalization)."""
    wide = working_dtype(x, residual, weight, bias)
    total = x.to(wide) + residual.to(wide)
    dims = _last(normalized_shape)
    centred = total - total.mean(dims, keepdim=True)
    variance = centred.square().mean(dims, keepdim=True)
    return (centred / torch.sqrt(variance + eps) * weight.to(wide) + bias.to(wide)).to(x.dtype)


def instance_norm(
    input: torch.Tensor,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    running_mean: torch.Tensor | None = None,
    running_var: torch.Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    cudnn_enable: bool = False,
) -> torch.Tensor:
    """Each channel of each sample of (N, C, *) normalized over its space (torch.nn.functional.instance_norm).

    With input statistics the running ones become (1 - momentum) * running + momentum * (mean over the batch), the
    variance of the update being the unbiased one. Without, the running ones are used and stay.
    """
    _check_instance_norm(input, running_mean, use_input_stats=use_input_stats)
    wide = working_dtype(input, weight, bias)
    values = input.to(wide)
    space = tuple(range(2, input.dim()))
    channels = (1, -1) + (1,) * len(space)
    if use_input_stats:
        mean = values.mean(space, keepdim=True)
        variance = (values - mean).square().mean(space, keepdim=True)
        if running_mean is not None and running_var is not None:
            count = math.prod(input.shape[2:])
            _update(running_mean, mean.flatten(1).mean(0), momentum)
            _update(running_var, variance.flatten(1).mean(0) * count / (count - 1), momentum)
    else:
        assert running_mean is not None
        assert running_var is not None
        mean, variance = running_mean.to(wide).view(channels), running_var.to(wide).view(channels)
    result = (values - mean) / torch.sqrt(variance + eps)
    if weight is not None:
        result = result * weight.to(wide).view(channels)
    if bias is not None:
        result = result + bias.to(wide).view(channels)
    return result.to(input.dtype)


def weight_norm(v: torch.Tensor, g: torch.Tensor, dim: int = 0) -> torch.Tensor:
    """Weights v * g / ||v||, the norm over every dimension but `dim`
    (Salimans and Kingma 2016); g has size 1 in the others.
    """
    wide = working_dtype(v, g)
    others = tuple(axis for axis in range(v.dim()) if axis != dim % v.dim())
    norm = v.to(wide).square().sum(others, keepdim=True).sqrt()
    return (v.to(wide) * (g.to(wide) / norm)).to(v.dtype)


def module_rms_norm(
    x: torch.Tensor, weight: torch.Tensor, eps: float, residual: torch.Tensor | None = None
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """An RMSNorm layer of that weight: rms_norm alone, or after the residual is added (then both are changed)."""
    if residual is None:
        return rms_norm_forward(x, weight.shape, weight, eps)[0]
    return fused_add_rms_norm(x, residual, weight.shape, weight, eps)


def _rms_norm(
    values: torch.Tensor, normalized_shape: Sequence[int], weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    if tuple(values.shape[values.dim() - len(normalized_shape) :]) != tuple(normalized_shape):
        raise ValueError(f"{tuple(values.shape)} does not end in {tuple(normalized_shape)}")
    inverse = torch.rsqrt(values.square().mean(_last(normalized_shape), keepdim=True) + eps)
    return values * inverse * weight.to(values.dtype), inverse


def _last(normalized_shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(range(-len(normalized_shape), 0))


def _update(running: torch.Tensor, batch: torch.Tensor, momentum: float) -> None:
    running.copy_((1 - momentum) * running.to(batch.dtype) + momentum * batch)


def _check_instance_norm(input: torch.Tensor, running_mean: torch.Tensor | None, *, use_input_stats: bool) -> None:
    if input.dim() < 3:
        raise ValueError(f"the input has shape {tuple(input.shape)}; due are a batch, channels and space")
    if not use_input_stats and running_mean is None:
        raise ValueError("without input statistics the running ones must be given")
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError("one element of space per channel has no variance")
