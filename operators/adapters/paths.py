"""Functions of FlagGems that operators/paths.toml calls with what its notation has no words for: gradients, complex numbers.

Each is named for the one of FlagGems that it calls. The first ones return the gradients of its floating arguments, worked
out by its own backward kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def cross_entropy_loss(x: torch.Tensor, target: torch.Tensor, **options: Any) -> Any:
    """Of flag_gems.cross_entropy_loss, without reduction."""
    return _gradients("cross_entropy_loss", lambda call, a: call(a, target, reduction="none", **options), x)


def rms_norm(x: torch.Tensor, weight: torch.Tensor) -> Any:
    """Of flag_gems.rms_norm over the last dimension."""
    return _gradients("rms_norm", lambda call, a, b: call(a, list(b.shape), b), x, weight)


def gelu(x: torch.Tensor, approximate: str) -> Any:
    """Of flag_gems.gelu."""
    return _gradients("gelu", lambda call, a: call(a, approximate=approximate), x)


def tanh(x: torch.Tensor) -> Any:
    """Of flag_gems.tanh."""
    return _gradients("tanh", lambda call, a: call(a), x)


def silu_and_mul(x: torch.Tensor, y: torch.Tensor) -> Any:
    """Of flag_gems.silu_and_mul."""
    return _gradients("silu_and_mul", lambda call, a, b: call(a, b), x, y)


def gelu_and_mul(x: torch.Tensor, y: torch.Tensor, approximate: str) -> Any:
    """Of flag_gems.gelu_and_mul."""
    return _gradients("gelu_and_mul", lambda call, a, b: call(a, b, approximate), x, y)


def angle(real: torch.Tensor, imaginary: torch.Tensor) -> Any:
    """flag_gems.angle of complex numbers."""
    import flag_gems

    return flag_gems.angle(torch.complex(real, imaginary))


def mul(real: torch.Tensor, imaginary: torch.Tensor, other_real: torch.Tensor, other_imaginary: torch.Tensor) -> Any:
    """flag_gems.mul of complex numbers, as pairs of real ones."""
    import flag_gems

    x, y = torch.complex(real, imaginary), torch.complex(other_real, other_imaginary)
    return torch.view_as_real(flag_gems.mul(x, y))


def resolve_conj(real: torch.Tensor, imaginary: torch.Tensor) -> Any:
    """flag_gems.resolve_conj of a tensor with the conjugate bit, as pairs of real numbers."""
    import flag_gems

    return torch.view_as_real(flag_gems.resolve_conj(torch.complex(real, imaginary).conj()))


def resolve_neg(real: torch.Tensor, imaginary: torch.Tensor) -> Any:
    """flag_gems.resolve_neg of a tensor with the negative bit."""
    import flag_gems

    return flag_gems.resolve_neg(torch.complex(real, imaginary).conj().imag)


def randperm(count: int, device: torch.device, dtype: torch.dtype) -> Any:
    """The numbers of flag_gems.randperm in order: each must be there once."""
    import flag_gems

    return flag_gems.randperm(count, dtype=dtype, device=device).cpu().sort().values


def _gradients(name: str, call: Callable[..., torch.Tensor], *arguments: torch.Tensor) -> Any:
    import flag_gems

    return gradients(lambda *leaves: call(getattr(flag_gems, name), *leaves), *arguments)


def gradients(call: Callable[..., torch.Tensor], *arguments: torch.Tensor) -> Any:
    """The gradients of a function of floating tensors; the gradient of its output counts up from one."""
    with torch.enable_grad():
        leaves = [argument.detach().requires_grad_() for argument in arguments]
        output = call(*leaves)
    given = torch.arange(1, output.numel() + 1, device=output.device).reshape(output.shape) / output.numel()
    return torch.autograd.grad(output, leaves, given.to(output.dtype))
