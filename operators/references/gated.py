"""Gated activations: an activation of one half times the other (Shazeer, "GLU Variants Improve Transformer", 2020).

`A` and `B`, or `x` and `y`, broadcast against each other; `input_tensor` holds both halves side by side in its last
dimension, the activated one first (the TransformerEngine layout of geglu, reglu and swiglu).
"""

# The signatures are those of the functions held against these references.
# ruff: noqa: N803

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from operators.references.precision import gradients, working_dtype

Activation = Callable[[torch.Tensor], torch.Tensor]


def silu_and_mul(A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    """silu(A) * B with silu(x) = x / (1 + exp(-x)) (vLLM's SiluAndMul with its halves given apart)."""
    return _gate(functional.silu, A, B)


def silu_and_mul_out(A: torch.Tensor, B: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """silu(A) * B written into `out`, which is returned."""
    return out.copy_(silu_and_mul(A, B))


def gelu_and_mul(x: torch.Tensor, y: torch.Tensor, approximate: str = "none") -> torch.Tensor:
    """gelu(x) * y; `approximate` is `none` (the error function) or `tanh`, as in torch.nn.functional.gelu."""
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate is {approximate!r}; allowed are 'none' and 'tanh'")
    return _gate(lambda value: functional.gelu(value, approximate=approximate), x, y)


def geglu(input_tensor: torch.Tensor, quantizer: object = None) -> torch.Tensor:
    """gelu(a) * b of (..., 2H) -> (..., H), gelu by its tanh approximation."""
    return _gate(_gelu_tanh, *_halves(input_tensor))


def dgeglu(grad_output: torch.Tensor, input_tensor: torch.Tensor, quantizer: object = None) -> torch.Tensor:
    """The gradient of geglu with respect to its input: (..., H), (..., 2H) -> (..., 2H)."""
    return _gate_gradient(_gelu_tanh, grad_output, input_tensor)


def reglu(input_tensor: torch.Tensor, quantizer: object = None) -> torch.Tensor:
    """max(a, 0) * b of (..., 2H) -> (..., H)."""
    return _gate(functional.relu, *_halves(input_tensor))


def dreglu(grad_output: torch.Tensor, input_tensor: torch.Tensor, quantizer: object = None) -> torch.Tensor:
    """The gradient of reglu with respect to its input; that of max(a, 0) is 0 at 0."""
    return _gate_gradient(functional.relu, grad_output, input_tensor)


def swiglu(input_tensor: torch.Tensor, quantizer: object = None) -> torch.Tensor:
    """silu(a) * b of (..., 2H) -> (..., H)."""
    return _gate(functional.silu, *_halves(input_tensor))


def dswiglu(grad_output: torch.Tensor, input_tensor: torch.Tensor, quantizer: object = None) -> torch.Tensor:
    """The gradient of swiglu with respect to its input."""
    return _gate_gradient(functional.silu, grad_output, input_tensor)


def _gelu_tanh(value: torch.Tensor) -> torch.Tensor:
    return functional.gelu(value, approximate="tanh")


def _halves(input_tensor: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if input_tensor.dim() == 0 or input_tensor.shape[-1] % 2:
        raise ValueError(f"the last dimension of {tuple(input_tensor.shape)} is not even; it holds two halves")
    first, second = input_tensor.chunk(2, dim=-1)
    return first, second


def _gate(activation: Activation, activated: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    wide = working_dtype(activated, factor)
    result = activation(activated.to(wide)) * factor.to(wide)
    return result.to(torch.result_type(activated, factor))


def _gate_gradient(activation: Activation, grad_output: torch.Tensor, input_tensor: torch.Tensor) -> torch.Tensor:
    first, _ = _halves(input_tensor)
    if grad_output.shape != first.shape:
        raise ValueError(f"the gradient has shape {tuple(grad_output.shape)}; due is {tuple(first.shape)}")
    wide = working_dtype(grad_output, input_tensor)

    def forward(both: torch.Tensor) -> torch.Tensor:
        return _gate(activation, *_halves(both))

    (gradient,) = gradients(forward, (input_tensor.to(wide),), grad_output)
    return gradient.to(input_tensor.dtype)
