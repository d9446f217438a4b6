"""Attention against torch's own, and packed and paged calls against dense ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from operators.references import attention

torch.manual_seed(0)
Q = torch.randn(2, 4, 5, 8, dtype=torch.float64)
K, V = torch.randn(2, 4, 7, 8, dtype=torch.float64), torch.randn(2, 4, 7, 8, dtype=torch.float64)
FEW_K, FEW_V = K[:, :2].contiguous(), V[:, :2].contiguous()


@pytest.mark.parametrize(
    ("keys", "values", "options"),
    [
        (K, V, {}),
        (K, V, {"is_causal": True}),
        (K, V, {"scale": 0.3}),
        (FEW_K, FEW_V, {"enable_gqa": True}),
        (K, V, {"attn_mask": torch.randn(2, 4, 5, 7, dtype=torch.float64)}),
        (K, V, {"attn_mask": torch.ones(2, 4, 5, 7, dtype=torch.bool).tril(1)}),
    ],
)
def test_scaled_dot_product_attention_is_torchs(
    keys: torch.Tensor, values: torch.Tensor, options: dict[str, object]
) -> None:
    found = attention.scaled_dot_product_attention(Q, keys, values, **options)  # type: ignore[arg-type]
    due = functional.scaled_dot_product_attention(Q, keys, values, **options)  # type: ignore[arg-type]
    torch.testing.assert_close(found, due)


def test_the_statistics_are_base_two_log_sum_exps() -> None:
    _, statistics = attention.scaled_dot_product_attention_forward(Q, K, V)
    sums = torch.exp(Q @ K.transpose(-1, -2) / math.sqrt(8)).sum(-1)
    torch.testing.assert_close(2**statistics, sums)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.3}, {"enable_gqa": True}])
def test_gradients_are_those_of_torchs_attention(options: dict[str, object]) -> None:
    keys, values = (FEW_K, FEW_V) if "enable_gqa" in options else (K, V)
    leaves = [tensor.clone().requires_grad_() for tensor in (Q, keys, values)]
    result = functional.scaled_dot_product_attention(*leaves, **options)  # type: ignore[arg-type]
    upstream = torch.randn_like(result)
    due = torch.autograd.grad(result, leaves, upstream)
    found = attention.scaled_dot_product_attention_backward(upstream, Q, keys, values, **options)  # type: ignore[arg-type]
    torch.testing.assert_close(found, due)


def test_flash_attention_is_the_same_with_other_dimensions() -> None:
    q, k, v = (tensor.transpose(1, 2) for tensor in (Q, K, V))
    found, logsumexp = attention.flash_attention_forward(q, k, v)
    torch.testing.assert_close(found.transpose(1, 2), functional.scaled_dot_product_attention(Q, K, V))
    torch.testing.assert_close(logsumexp, torch.logsumexp(Q @ K.transpose(-1, -2) / math.sqrt(8), -1))


def test_a_flash_mask_ends_in_the_bottom_right_corner() -> None:
    q, k, v = (tensor.transpose(1, 2) for tensor in (Q, K, V))
    seen = torch.ones(5, 7, dtype=torch.bool).tril(2)
    due = functional.scaled_dot_product_attention(Q, K, V, attn_mask=seen)
    torch.testing.assert_close(attention.flash_attention_forward(q, k, v, is_causal=True)[0].transpose(1, 2), due)
    near = seen & ~torch.ones(5, 7, dtype=torch.bool).tril(-1)
    due = functional.scaled_dot_product_attention(Q, K, V, attn_mask=near)
    found, _ = attention.flash_attention_forward(q, k, v, is_causal=True, window_size_left=2)
    torch.testing.assert_close(found.transpose(1, 2), due)


def test_a_row_that_sees_nothing_is_zero() -> None:
    q, k = torch.randn(1, 3, 1, 8), torch.randn(1, 1, 1, 8)
    found, logsumexp = attention.flash_attention_forward(q, k, k, is_causal=True)
    assert bool((found[0, :2] == 0).all())
    assert logsumexp[0, 0, :2].tolist() == [math.inf, math.inf]
    torch.testing.assert_close(found[0, 2], k[0, 0])


def test_packed_and_paged_keys_are_dense_ones_laid_out_otherwise() -> None:
    q, k, v = (tensor.transpose(1, 2) for tensor in (Q, K, V))
    lengths = torch.tensor([7, 3], dtype=torch.int32)
    starts_q, starts_k = torch.tensor([0, 5, 10]), torch.tensor([0, 7, 10])
    packed = attention.flash_attn_varlen_func(
        q.flatten(0, 1), torch.cat((k[0], k[1, :3])), torch.cat((v[0], v[1, :3])), 5, starts_q, 7, starts_k, causal=True
    )
    pages_k, pages_v = torch.zeros(4, 4, 4, 8, dtype=torch.float64), torch.zeros(4, 4, 4, 8, dtype=torch.float64)
    table = torch.tensor([[2, 0], [3, 1]])
    for pages, dense in ((pages_k, k), (pages_v, v)):
        pages[2], pages[0, :3], pages[3, :3] = dense[0, :4], dense[0, 4:], dense[1, :3]
    paged = attention.flash_attn_varlen_func(
        q.flatten(0, 1), pages_k, pages_v, 5, starts_q, 7, seqused_k=lengths, block_table=table, causal=True
    )
    torch.testing.assert_close(packed, paged)
    assert isinstance(packed, torch.Tensor)
    torch.testing.assert_close(packed[:5], attention.flash_attention_forward(q[:1], k[:1], v[:1], is_causal=True)[0][0])
