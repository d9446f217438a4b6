"""What the medium tasks are held against: torch's own functions, called on whatever device and type they are given."""

# The signatures are those of the operators.
# ruff: noqa: A002, FBT001, FBT002, PLR0913, PLR0917

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

REDUCTIONS = ("none", "mean", "sum")
Sizes = int | list[int] | tuple[int, ...]


def upsample_nearest2d(
    input: torch.Tensor,
    output_size: Sequence[int],
    scales_h: float | None = None,
    scales_w: float | None = None,
    *,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    call = torch.ops.aten.upsample_nearest2d
    arguments = (input, output_size, scales_h, scales_w)
    answer: torch.Tensor = call(*arguments) if out is None else call.out(*arguments, out=out)
    return answer


def upsample_nearest2d_backward(
    grad_output: torch.Tensor,
    output_size: Sequence[int],
    input_size: Sequence[int],
    scales_h: float | None = None,
    scales_w: float | None = None,
) -> torch.Tensor:
    answer: torch.Tensor = torch.ops.aten.upsample_nearest2d_backward(
        grad_output, output_size, input_size, scales_h, scales_w
    )
    return answer


def scatter_reduce(
    self: torch.Tensor,
    dim: int,
    index: torch.Tensor,
    src: torch.Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    if out is not None:
        return torch.scatter_reduce(self, dim, index, src, reduce, include_self=include_self, out=out)
    return torch.scatter_reduce(self, dim, index, src, reduce, include_self=include_self)


def scatter_reduce_(
    self: torch.Tensor, dim: int, index: torch.Tensor, src: torch.Tensor, reduce: str, *, include_self: bool = True
) -> torch.Tensor:
    return self.scatter_reduce_(dim, index, src, reduce, include_self=include_self)


def median(self: torch.Tensor, dim: int, keepdim: bool = False, **_out: Any) -> tuple[torch.Tensor, torch.Tensor]:
    found = torch.median(self, dim, keepdim)
    return found.values, found.indices


def median_at_indices(self: torch.Tensor, dim: int, keepdim: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """The medians, and the elements that stand at the indices: with ties every index of an equal element is right."""
    values, indices = median(self, dim, keepdim=True)
    picked = torch.gather(self, dim, indices) if self.dim() else self.clone()
    return (values, picked) if keepdim else (values.squeeze(dim), picked.squeeze(dim))


def smooth_l1_loss(
    self: torch.Tensor,
    target: torch.Tensor,
    reduction: int | str = "mean",
    beta: float = 1.0,
    *,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    name = REDUCTIONS[reduction] if isinstance(reduction, int) else reduction
    if out is not None:
        answer: torch.Tensor = torch.ops.aten.smooth_l1_loss.out(self, target, REDUCTIONS.index(name), beta, out=out)
        return answer
    return functional.smooth_l1_loss(self, target, reduction=name, beta=beta)


def pixel_shuffle(input: torch.Tensor, upscale_factor: int) -> torch.Tensor:
    return functional.pixel_shuffle(input, upscale_factor).contiguous()


def conv_transpose2d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> torch.Tensor:
    return functional.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)


def avg_pool3d(
    input: torch.Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> torch.Tensor:
    return functional.avg_pool3d(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def max_pool3d(
    input: torch.Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    arguments: tuple[Any, ...] = (kernel_size, stride, padding, dilation, ceil_mode)
    if return_indices:
        found: tuple[torch.Tensor, torch.Tensor] = functional.max_pool3d_with_indices(input, *arguments)
        return found
    values: torch.Tensor = functional.max_pool3d(input, *arguments)
    return values
