"""Entries that are wrong, each in the way that the published judge lets pass; and some that are right without a kernel."""

# ruff: noqa: A002

from __future__ import annotations

from typing import Any

import torch

from operators.references.challenge.hard import judgeable
from operators.references.challenge.medium import median, scatter_reduce_


def no_scatter(self: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return self.clone()


def no_scatter_in_place(self: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return self


def scatter_beside(self: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """The right answer, but not in place."""
    return scatter_reduce_(self.clone(), *arguments, **options)


def svd_of_torch(self: torch.Tensor, some: bool = True, compute_uv: bool = True) -> tuple[torch.Tensor, ...]:
    return judgeable(*torch.svd(self, some, compute_uv), compute_uv)


def svd_turned_round(self: torch.Tensor, some: bool = True, compute_uv: bool = True) -> tuple[torch.Tensor, ...]:
    """Signs of pairs of vectors are free."""
    u, s, v = torch.svd(self, some, compute_uv)
    return judgeable(-u, s, -v, compute_uv)


def svd_with_one_sign_wrong(self: torch.Tensor, some: bool = True, compute_uv: bool = True) -> tuple[torch.Tensor, ...]:
    u, s, v = torch.svd(self, some, compute_uv)
    return judgeable(-u, s, v, compute_uv)


def svd_not_orthogonal(self: torch.Tensor, some: bool = True, compute_uv: bool = True) -> tuple[torch.Tensor, ...]:
    """Singular values and product are right."""
    u, s, v = torch.svd(self, some, compute_uv)
    return judgeable(u * 2, s, v / 2, compute_uv)


def median_with_indices_of_zero(
    self: torch.Tensor, dim: int, keepdim: bool = False, **_: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    values, indices = median(self, dim, keepdim)
    return values, torch.zeros_like(indices)


def log10_beside(self: torch.Tensor) -> torch.Tensor:
    """Not in place."""
    return self.log10()


def log10_of_anything(self: torch.Tensor) -> torch.Tensor:
    """Takes integers, which have no place for a logarithm."""
    return self.copy_(self.double().log10()) if self.is_floating_point() else self


def log10_of_memory(self: torch.Tensor) -> torch.Tensor:
    """As if every tensor were contiguous."""
    return torch.as_strided(self, self.shape, torch.empty(self.shape).stride(), self.storage_offset()).log10()


def log10_of_numbers(self: torch.Tensor) -> torch.Tensor:
    """As if there were no NaN and no infinity."""
    return torch.nan_to_num(self.to(torch.get_default_dtype())).log10().to(self.log10().dtype)


def log10_of_something(self: torch.Tensor) -> torch.Tensor:
    """An empty tensor has no largest element."""
    self.amax()
    return self.log10()


def no_gradient(grad_output: torch.Tensor, output_size: Any, input_size: list[int], *_: Any) -> torch.Tensor:
    return torch.zeros(input_size, dtype=grad_output.dtype)


SEEN: list[tuple[int, ...]] = []


def tril_that_remembers(input: torch.Tensor, diagonal: int = 0) -> torch.Tensor:
    SEEN.append(tuple(input.shape))
    return torch.tril(input, diagonal)
