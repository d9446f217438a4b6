"""Functions of operators/kernels/ in a form in which every right answer is the same answer.

Of equal elements a median may name any, and singular vectors are right up to sign and rotation: what is held against the
reference is what they stand for.
"""

# The signatures are those of the references.
# ruff: noqa: A002, FBT001, FBT002

from __future__ import annotations

import torch

from operators.kernels.median import median


def median_at_indices(self: torch.Tensor, dim: int, keepdim: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """The medians, and the elements that stand at their indices."""
    values, indices = median(self, dim, keepdim=True)
    picked = torch.gather(self, dim, indices) if self.dim() else self.clone()
    return (values, picked) if keepdim else (values.squeeze(dim), picked.squeeze(dim))
