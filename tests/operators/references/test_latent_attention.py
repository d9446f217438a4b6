"""Latent attention: dense where everything is seen, and work dealt out without a gap."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from operators.references import latent_attention

torch.manual_seed(0)


def test_flash_mla_is_attention_over_the_pages() -> None:
    q, pages = torch.randn(1, 2, 3, 24, dtype=torch.float64), torch.randn(3, 4, 1, 24, dtype=torch.float64)
    table, lengths = torch.tensor([[2, 0]]), torch.tensor([6])
    found = latent_attention.flash_mla(q, table, pages, 8, 4, 1, 2, lengths, 3, 1, 24, 16, True)
    keys = torch.cat((pages[2], pages[0]))[:6, 0].expand(1, 3, 6, 24)
    seen = torch.ones(2, 6, dtype=torch.bool).tril(4)
    due = functional.scaled_dot_product_attention(q.transpose(1, 2), keys, keys[..., :16], attn_mask=seen)
    torch.testing.assert_close(found.transpose(1, 2), due)


def test_sparse_attention_over_every_token_is_dense() -> None:
    q, kv = torch.randn(2, 64, 512, dtype=torch.float64) / 8, torch.randn(5, 1, 512, dtype=torch.float64)
    places = torch.arange(5, dtype=torch.int32).expand(2, 1, 5).contiguous()
    found, maximum, logsumexp = latent_attention.flash_mla_sparse_fwd(q, kv, places, 0.3)
    scores = torch.einsum("shd,kd->shk", q, kv[:, 0]) * 0.3
    torch.testing.assert_close(found, torch.softmax(scores, -1) @ kv[:, 0])
    torch.testing.assert_close(maximum, scores.amax(-1))
    torch.testing.assert_close(logsumexp, scores.logsumexp(-1))
    sink = torch.randn(64, dtype=torch.float64)
    scaled, _, _ = latent_attention.flash_mla_sparse_fwd(q, kv, places, 0.3, attn_sink=sink)
    torch.testing.assert_close(scaled, found * torch.sigmoid(logsumexp - sink).unsqueeze(-1))


def test_a_query_that_names_nothing_gives_zero() -> None:
    q, kv = torch.randn(1, 64, 512), torch.randn(5, 1, 512)
    found, maximum, logsumexp = latent_attention.flash_mla_sparse_fwd(q, kv, torch.tensor([[[-1, 9]]]), 0.3)
    assert bool((found == 0).all())
    assert bool((maximum == -math.inf).all())
    assert bool((logsumexp == math.inf).all())


def test_a_sink_of_minus_infinity_does_nothing() -> None:
    q, kv = torch.randn(1, 2, 4, 8, dtype=torch.float64), torch.randn(1, 3, 8, dtype=torch.float64)
    places = torch.tensor([[[0, 1, 2, -1], [0, 1, 2, -1]]])
    sink = torch.full((4,), -math.inf, dtype=torch.float64)
    keys = kv.unsqueeze(1).expand(1, 4, 3, 8)
    due = functional.scaled_dot_product_attention(q.transpose(1, 2), keys, keys, scale=0.5)
    found = latent_attention.sparse_attn_triton(q, kv, sink, places, 0.5)
    torch.testing.assert_close(found.transpose(1, 2), due)


def test_segments_are_dealt_evenly_and_in_order() -> None:
    # ceil(300 / 256) = 2, 1 and 3 segments: six for four workers, who get 2, 2, 1 and 1.
    found = latent_attention.get_paged_mqa_logits_metadata(torch.tensor([300, 1, 700]), 64, 4)
    assert found.tolist() == [[0, 0], [1, 0], [2, 1], [2, 2], [3, 0]]
