"""FlagGems' attention functions as calls that stand on their own: only what is defined is returned or asked for."""

# The signatures are those of the references.
# ruff: noqa: FBT001, FBT002, FBT003, PLR0913, PLR0917

from __future__ import annotations

from typing import Any

import torch


def flash_attention_forward(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    is_causal: bool = False,
    scale: float | None = None,
    softcap: float = 0.0,
    window_size_left: int | None = None,
    window_size_right: int | None = None,
    alibi_slopes: torch.Tensor | None = None,
) -> Any:
    """The result and its log-sum-exp; the state of the random numbers and the debug mask mean nothing here."""
    import flag_gems

    returned = flag_gems.flash_attention_forward(
        query,
        key,
        value,
        None,
        None,
        query.shape[1],
        key.shape[1],
        0.0,
        is_causal,
        False,
        scale=scale,
        softcap=softcap,
        window_size_left=window_size_left,
        window_size_right=window_size_right,
        alibi_slopes=alibi_slopes,
    )
    return returned[:2]


def scaled_dot_product_attention_backward(
    do: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """The gradients from what FlagGems' own forward pass saved."""
    import flag_gems

    options = (attn_mask, dropout_p, is_causal, scale, enable_gqa)
    result, statistics = flag_gems.scaled_dot_product_attention_forward(query, key, value, *options)
    return flag_gems.scaled_dot_product_attention_backward(do, query, key, value, result, statistics, *options)
