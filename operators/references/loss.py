"""Losses."""

# The signatures are those of the functions held against these references.
# ruff: noqa: PLR0913, PLR0917

from __future__ import annotations

import torch

from operators.references.precision import working_dtype


def cross_entropy_loss(
    inp: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """- sum over classes of weight * target * log_softmax(inp) (torch.nn.functional.cross_entropy).

    inp: (N, C, *) or (C,); target: indices of classes (N, *), or probabilities like inp. Smoothing mixes the target
    with the uniform distribution. An index of ignore_index counts nothing; the mean over indices is weighted, that over
    probabilities is over N.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction!r} is not a reduction; allowed are none, mean and sum")
    axis = 0 if inp.dim() == 1 else 1
    wide, classes = working_dtype(inp), inp.shape[axis]
    logarithms = torch.log_softmax(inp.to(wide), dim=axis)
    shape = [classes if place == axis else 1 for place in range(inp.dim())]
    weights = torch.ones(shape, dtype=wide) if weight is None else weight.to(wide).view(shape)
    if target.dim() == inp.dim():
        counted, wanted = torch.ones(()), target.to(wide)
        total = torch.tensor(inp.numel() / classes)
    else:
        counted = (target != ignore_index).unsqueeze(axis).to(wide)
        places = target.where(target != ignore_index, 0).unsqueeze(axis)
        wanted = torch.zeros_like(logarithms).scatter_(axis, places, 1.0)
        total = (wanted * weights * counted).sum()
    smoothed = wanted * (1 - label_smoothing) + label_smoothing / classes
    terms = smoothed * weights * logarithms * counted
    if target.dim() != inp.dim():
        terms = terms.masked_fill(
            smoothed * counted == 0, 0.0
        )  # a class that is not asked for may have no chance at all
    losses = -terms.sum(axis)
    if reduction == "none":
        return losses.to(inp.dtype)
    return (losses.sum() if reduction == "sum" else losses.sum() / total).to(inp.dtype)
