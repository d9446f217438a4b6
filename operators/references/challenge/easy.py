"""What the easy tasks are held against: torch's own functions, called on whatever device and type they are given."""

# The signatures are those of the operators.
# ruff: noqa: A002, FBT001, FBT002

from __future__ import annotations

import torch
from torch.nn import functional

Sizes = int | list[int] | tuple[int, ...]


def log10(self: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    return torch.log10(self, out=out)


def log10_(self: torch.Tensor) -> torch.Tensor:
    return self.log10_()


def logaddexp(self: torch.Tensor, other: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    return torch.logaddexp(self, other, out=out)


def cosh(self: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    return torch.cosh(self, out=out)


def cosh_(self: torch.Tensor) -> torch.Tensor:
    return self.cosh_()


def gcd(self: torch.Tensor, other: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    return torch.gcd(self, other, out=out)


def gcd_(self: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return self.gcd_(other)


def tril(input: torch.Tensor, diagonal: int = 0, *, out: torch.Tensor | None = None) -> torch.Tensor:
    return torch.tril(input, diagonal, out=out)


def tril_(input: torch.Tensor, diagonal: int = 0) -> torch.Tensor:
    return input.tril_(diagonal)


def roll(input: torch.Tensor, shifts: Sizes, dims: Sizes | None = None) -> torch.Tensor:
    return torch.roll(input, shifts, dims if dims is not None else ())


def leaky_relu(
    input: torch.Tensor, negative_slope: float = 0.01, inplace: bool = False, *, out: torch.Tensor | None = None
) -> torch.Tensor:
    if out is not None:
        answer: torch.Tensor = torch.ops.aten.leaky_relu.out(input, negative_slope, out=out)
        return answer
    return functional.leaky_relu(input, negative_slope, inplace)


def leaky_relu_(input: torch.Tensor, negative_slope: float = 0.01) -> torch.Tensor:
    return functional.leaky_relu_(input, negative_slope)


def asinh(input: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
    return torch.asinh(input, out=out)


def asinh_(input: torch.Tensor) -> torch.Tensor:
    return input.asinh_()
