"""What the catalogues below operators/paths/ are held against: torch's own functions, with the arguments of the vendors'.

Each is named for the function that it answers for. Those that write into an argument do so here as well.
"""

# ruff: noqa: FBT001, FBT002, PLR0913, PLR0917, SLF001 - the vendors' signatures; some of torch's operators are only there

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

REDUCTIONS = ("none", "mean", "sum")


def trunc_divide(x: Any, y: Any) -> Any:
    return torch.div(torch.as_tensor(x), y, rounding_mode="trunc")


def bitwise_xor(x: torch.Tensor, y: Any) -> Any:
    return torch.bitwise_xor(x, y)


def addmv(x: torch.Tensor, matrix: torch.Tensor, vector: torch.Tensor, beta: float = 1, alpha: float = 1) -> Any:
    return torch.addmv(x, matrix, vector, beta=beta, alpha=alpha)


def scan_then_fan_col(x: torch.Tensor, out: torch.Tensor, _count: int, _dtype: torch.dtype) -> None:
    """The running sum of a vector, into the second argument."""
    out.copy_(x.cumsum(0))


def scan_then_fan(x: torch.Tensor, out: torch.Tensor, _a: int, _b: int, _c: int, _dtype: torch.dtype) -> None:
    """The running sum of (a, b, c) over b, into the second argument."""
    out.copy_(x.cumsum(1))


def dropout_backward(gradient: torch.Tensor, mask: torch.Tensor, scale: float) -> Any:
    return torch.ops.aten.native_dropout_backward(gradient, mask, scale)


def embedding_backward(
    gradient: torch.Tensor, indices: torch.Tensor, rows: int, padding_idx: int = -1, scale_grad_by_freq: bool = False
) -> Any:
    return torch.ops.aten.embedding_dense_backward(gradient, indices, rows, padding_idx, scale_grad_by_freq)


def kron(x: torch.Tensor, y: torch.Tensor) -> Any:
    return torch.kron(x, y)


def log_softmax_backward(gradient: torch.Tensor, output: torch.Tensor, dim: int, dtype: torch.dtype) -> Any:
    return torch.ops.aten._log_softmax_backward_data(gradient, output, dim, dtype)


def streamk_mm(x: torch.Tensor, y: torch.Tensor, out: torch.Tensor, *_sizes: int) -> Any:
    """The product, in the third argument, which is returned as well."""
    return out.copy_(torch.mm(x, y))


def mse_loss(x: torch.Tensor, target: torch.Tensor, reduction: int) -> Any:
    return functional.mse_loss(x, target, reduction=REDUCTIONS[reduction])


def nll_loss2d_forward(x: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None) -> Any:
    """With the mean: the loss and the weights' sum."""
    return torch.ops.aten.nll_loss2d_forward(x, target.long(), weight, 1, -100)


def nll_loss2d_backward(
    gradient: torch.Tensor,
    x: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None,
    reduction: int,
    ignore_index: int,
    total_weight: torch.Tensor,
) -> Any:
    return torch.ops.aten.nll_loss2d_backward(gradient, x, target.long(), weight, reduction, ignore_index, total_weight)


def copy(x: torch.Tensor) -> Any:
    return x.clone(memory_format=torch.contiguous_format)


def glu(x: torch.Tensor) -> Any:
    return functional.glu(x)


def isin(x: torch.Tensor, y: torch.Tensor) -> Any:
    return torch.isin(x, y)


def sort_stable(x: torch.Tensor, stable: bool, descending: bool = False) -> Any:
    return tuple(torch.sort(x, stable=stable, descending=descending))


def to_dtype(x: torch.Tensor, dtype: torch.dtype) -> Any:
    return x.to(dtype)


def scale_and_shift(value: torch.Tensor, scale: float, shift: float) -> Any:
    return value * scale + shift


def quantile(x: torch.Tensor, quantiles: Any, dim: int, keepdim: bool = False, interpolation: str = "linear") -> Any:
    return torch.quantile(x, quantiles, dim, keepdim, interpolation=interpolation)


def relu_backward(x: torch.Tensor, gradient: torch.Tensor) -> Any:
    return torch.where(x > 0, gradient, 0)


def rms_norm_forward(x: torch.Tensor, _shape: list[int], weight: torch.Tensor) -> Any:
    """The root mean square norm over the last dimension, and the reciprocal of the root for each row, in float32."""
    inverse = (x.double().square().mean(-1) + 1e-5).rsqrt()
    return (x.double() * inverse[:, None] * weight.double()).to(x.dtype), inverse.float()


def rms_norm_backward(
    gradient: torch.Tensor, x: torch.Tensor, inverse: torch.Tensor, _shape: list[int], weight: torch.Tensor
) -> Any:
    """Its gradients, with the reciprocals as they are given."""
    normal = x.double() * inverse.double()[:, None]
    weighted = gradient.double() * weight.double()
    by_x = (weighted - normal * (normal * weighted).mean(-1, keepdim=True)) * inverse.double()[:, None]
    return by_x.to(x.dtype), (gradient.double() * normal).sum(0).to(x.dtype)


def softmax(x: torch.Tensor, dim: int) -> Any:
    return torch.softmax(x, dim)


def softmax_backward(gradient: torch.Tensor, output: torch.Tensor, dim: int, dtype: torch.dtype) -> Any:
    return torch.ops.aten._softmax_backward_data(gradient, output, dim, dtype)


def weight_norm_interface(v: torch.Tensor, g: torch.Tensor, dim: int = 0) -> Any:
    return torch.ops.aten._weight_norm_interface(v, g, dim)


def weight_norm_interface_backward(
    gradient: torch.Tensor, v: torch.Tensor, g: torch.Tensor, norms: torch.Tensor, dim: int
) -> Any:
    return torch.ops.aten._weight_norm_interface_backward(gradient, v, g, norms, dim)
