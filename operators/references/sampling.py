"""What stands between logits and the next token, and between scores and the tokens that attention keeps."""

from __future__ import annotations

import torch

from operators.references.precision import working_dtype


def apply_repetition_penalties(
    logits: torch.Tensor, prompt_mask: torch.Tensor, output_mask: torch.Tensor, repetition_penalties: torch.Tensor
) -> None:
    """Make tokens that occurred less likely, in place (Keskar et al., "CTRL", 2019; vLLM).

    logits and both masks: (sequences, vocabulary); the logit of a token in either mask is divided by the sequence's
    penalty if it is positive and multiplied if not.
    """
    if logits.shape != prompt_mask.shape or prompt_mask.dtype != torch.bool or output_mask.dtype != torch.bool:
        raise ValueError("both masks are boolean and have the shape of the logits")
    wide = working_dtype(logits)
    penalties, values = repetition_penalties.to(wide).unsqueeze(1), logits.to(wide)
    penalised = torch.where(values > 0, values / penalties, values * penalties)
    logits.copy_(torch.where(prompt_mask | output_mask, penalised, values))


def bucket_sort_topk(inputs: torch.Tensor, starts: torch.Tensor, ends: torch.Tensor, topk: int) -> torch.Tensor:
    """Where the topk largest of inputs[n, starts[n] : ends[n]] are, in no order; here they increase.

    inputs: (N, S); the range holds at least topk. Returns (N, topk) in int32 (DeepSeek-V3.2's token selector).
    """
    rows = []
    for row, start, end in zip(inputs, starts.tolist(), ends.tolist(), strict=True):
        rows.append(row[start:end].topk(topk).indices.sort().values + start)
    return torch.stack(rows).to(torch.int32)
