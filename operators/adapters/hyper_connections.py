"""FlagGems' backward pass of mHC, given logits: it wants a matrix that is already doubly stochastic."""

from __future__ import annotations

from typing import Any

import torch


def mhc_bwd(logits: torch.Tensor, dout: torch.Tensor) -> Any:
    """The gradient with respect to the logits, from their converged Sinkhorn normalization."""
    import flag_gems

    from operators.references.hyper_connections import sinkhorn

    matrix = sinkhorn(logits.cpu().to(torch.float64)).to(logits.dtype).to(logits.device)
    return flag_gems.mhc_bwd(matrix, dout)
