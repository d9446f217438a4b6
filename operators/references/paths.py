"""What operators/paths.toml is held against: torch's own functions by name, and gradients that its autograd works out."""

# ruff: noqa: A002, FBT001, FBT002, PLR0913, PLR0917 - torch's own names and signatures

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from operators.adapters.paths import gradients


def cross_entropy_loss(x: torch.Tensor, target: torch.Tensor, **options: Any) -> Any:
    """Of the cross entropy of logits, without reduction."""
    return gradients(lambda a: functional.cross_entropy(a, target, reduction="none", **options), x)


def rms_norm(x: torch.Tensor, weight: torch.Tensor) -> Any:
    """Of the root mean square norm over the last dimension, with FlagGems' epsilon."""
    return gradients(lambda a, b: functional.rms_norm(a, list(b.shape), b, 1e-5), x, weight)


def gelu(x: torch.Tensor, approximate: str) -> Any:
    """Of the Gaussian error linear unit."""
    return gradients(lambda a: functional.gelu(a, approximate=approximate), x)


def tanh(x: torch.Tensor) -> Any:
    """Of the hyperbolic tangent."""
    return gradients(torch.tanh, x)


def silu_and_mul(x: torch.Tensor, y: torch.Tensor) -> Any:
    """Of silu(x) * y."""
    return gradients(lambda a, b: functional.silu(a) * b, x, y)


def gelu_and_mul(x: torch.Tensor, y: torch.Tensor, approximate: str) -> Any:
    """Of gelu(x) * y."""
    return gradients(lambda a, b: functional.gelu(a, approximate=approximate) * b, x, y)


def dot(x: torch.Tensor, y: torch.Tensor) -> Any:
    return torch.dot(x, y)


def count_nonzero(x: torch.Tensor, dim: int) -> Any:
    return torch.count_nonzero(x, dim)


def vector_norm(x: torch.Tensor, ord: float, dim: list[int] | None = None) -> Any:
    return torch.linalg.vector_norm(x, ord, dim)


def cumsum(x: torch.Tensor, dim: int) -> Any:
    return torch.cumsum(x, dim)


def cummax(x: torch.Tensor, dim: int) -> Any:
    return tuple(torch.cummax(x, dim))


def cummin(x: torch.Tensor, dim: int) -> Any:
    return tuple(torch.cummin(x, dim))


def unique(x: torch.Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False) -> Any:
    return torch.ops.aten._unique2(x, sorted, return_inverse, return_counts)  # noqa: SLF001 - so it is registered


def isin(x: torch.Tensor, y: torch.Tensor) -> Any:
    return torch.isin(x, y)


def argmax(x: torch.Tensor, dim: int | None = None) -> Any:
    return torch.argmax(x, dim)


def repeat(x: torch.Tensor, sizes: list[int]) -> Any:
    return x.repeat(sizes)


def one_hot(x: torch.Tensor, classes: int) -> Any:
    return functional.one_hot(x, classes)


def amax(x: torch.Tensor, dim: list[int]) -> Any:
    return torch.amax(x, dim)


def prod_dim(x: torch.Tensor, dim: int) -> Any:
    return torch.prod(x, dim)


def max_dim(x: torch.Tensor, dim: int) -> Any:
    return tuple(torch.max(x, dim))


def mean_dim(x: torch.Tensor, dim: list[int]) -> Any:
    return torch.mean(x, dim)


def masked_select(x: torch.Tensor, mask: torch.Tensor) -> Any:
    return torch.masked_select(x, mask)


def index_select(x: torch.Tensor, dim: int, index: torch.Tensor) -> Any:
    return torch.index_select(x, dim, index)


def gather(x: torch.Tensor, dim: int, index: torch.Tensor) -> Any:
    return torch.gather(x, dim, index)


def conv2d(x: torch.Tensor, weight: torch.Tensor) -> Any:
    return torch.conv2d(x, weight)


def batch_norm(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    training: bool,
) -> Any:
    return torch.native_batch_norm(x, weight, bias, mean, variance, training, 0.1, 1e-5)


def celu(x: torch.Tensor, alpha: float) -> Any:
    return torch.celu(x, alpha)


def repeat_interleave(x: torch.Tensor, repeats: Any, dim: int) -> Any:
    return torch.repeat_interleave(x, repeats, dim)


def contiguous(x: torch.Tensor) -> Any:
    return x.contiguous()


def full(size: list[int], value: torch.Tensor, dtype: torch.dtype, device: torch.device) -> Any:
    return torch.full(size, value.item(), dtype=dtype, device=device)


def angle(real: torch.Tensor, imaginary: torch.Tensor) -> Any:
    return torch.angle(torch.complex(real, imaginary))


def resolve_conj(real: torch.Tensor, imaginary: torch.Tensor) -> Any:
    return torch.view_as_real(torch.complex(real, imaginary).conj().resolve_conj())


def resolve_neg(real: torch.Tensor, imaginary: torch.Tensor) -> Any:
    return torch.complex(real, imaginary).conj().imag.resolve_neg()


def randperm(count: int, device: torch.device, dtype: torch.dtype) -> Any:
    return torch.arange(count, dtype=dtype, device=device)


def div_mode(x: Any, y: Any, rounding_mode: str | None = None) -> Any:
    return torch.div(torch.as_tensor(x), y, rounding_mode=rounding_mode)


def add(x: Any, y: Any, alpha: int) -> Any:
    return torch.add(torch.as_tensor(x), y, alpha=alpha)


def sub(x: Any, y: Any, alpha: int) -> Any:
    return torch.sub(torch.as_tensor(x), y, alpha=alpha)


def floor_divide(x: Any, y: Any) -> Any:
    return torch.floor_divide(torch.as_tensor(x), y)


def mul(x: torch.Tensor, y: Any) -> Any:
    return torch.mul(x, y)


def mul_complex(
    real: torch.Tensor, imaginary: torch.Tensor, other_real: torch.Tensor, other_imaginary: torch.Tensor
) -> Any:
    return torch.view_as_real(torch.complex(real, imaginary) * torch.complex(other_real, other_imaginary))


def mm(x: torch.Tensor, y: torch.Tensor) -> Any:
    return torch.mm(x, y)


def matmul_bf16(x: torch.Tensor, y: torch.Tensor) -> Any:
    """The second matrix is given by its columns."""
    return torch.matmul(x, y.t())


def matmul_int8(x: torch.Tensor, y: torch.Tensor) -> Any:
    """The second matrix is given by its columns; products are added as integers, and the sum is a bfloat16."""
    return torch.matmul(x.to(torch.int32), y.to(torch.int32).t()).to(torch.bfloat16)
