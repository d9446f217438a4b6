"""Mixtures of experts: torch's own steps, and layouts that put every token where it belongs."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from operators.references import moe

torch.manual_seed(0)


def test_topk_softmax_is_a_softmax_and_a_topk() -> None:
    logits = torch.randn(5, 8, dtype=torch.float64)
    weights, indices, rows = torch.empty(5, 3, dtype=torch.float64), torch.empty(5, 3).int(), torch.empty(5, 3).int()
    moe.topk_softmax(weights, indices, rows, logits)
    due = torch.softmax(logits, -1).topk(3)
    torch.testing.assert_close(weights, due.values)
    assert indices.tolist() == due.indices.tolist()
    assert rows[:, 1].tolist() == [5, 6, 7, 8, 9]
    moe.topk_softmax(weights, indices, rows, logits, renormalize=True)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, dtype=torch.float64))


def test_one_group_makes_grouped_topk_a_topk() -> None:
    scores, bias = torch.randn(5, 8, dtype=torch.float64), torch.randn(8, dtype=torch.float64)
    weights, indices = moe.grouped_topk(scores, 1, 1, 3, False, 2.0, bias, 1)
    due = (scores.sigmoid() + bias).topk(3).indices
    assert indices.tolist() == due.tolist()
    torch.testing.assert_close(weights, scores.sigmoid().gather(1, due) * 2.0)


def test_experts_come_from_the_best_groups_alone() -> None:
    scores = torch.tensor([[9.0, 0.0, 5.0, 5.0, 8.0, 0.0]])
    _, indices = moe.grouped_topk(scores, 3, 1, 2, False, 1.0, torch.zeros(6))
    assert indices.tolist() == [[2, 3]]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=24), st.integers(1, 5))
def test_every_choice_lies_in_a_block_of_its_expert(choices: list[int], block: int) -> None:
    sorted_ids, expert_ids, count = moe.moe_align_block_size(torch.tensor(choices), block, 5)
    used = sorted_ids[: int(count)].tolist()
    assert int(count) % block == 0
    assert sorted(place for place in used if place < len(choices)) == list(range(len(choices)))
    for place, index in enumerate(used):
        assert index == len(choices) or choices[index] == int(expert_ids[place // block])


def test_fused_experts_is_the_sum_of_weighted_layers() -> None:
    x, w1, w2 = torch.randn(3, 6).double(), torch.randn(4, 10, 6).double(), torch.randn(4, 6, 5).double()
    weights, ids = torch.rand(3, 2).double(), torch.tensor([[0, 3], [1, 2], [3, 1]])
    both = torch.einsum("tkih,th->tki", w1[ids], x)
    hidden = functional.silu(both[..., :5]) * both[..., 5:]
    due = torch.einsum("tkhi,tki,tk->th", w2[ids], hidden, weights)
    torch.testing.assert_close(moe.fused_experts_impl(x, w1, w2, weights, ids), due)
    remapped = moe.fused_experts_impl(x, w1[[3, 1]], w2[[3, 1]], weights, ids, expert_map=torch.tensor([-1, 1, -1, 0]))
    kept = torch.isin(ids, torch.tensor([1, 3]))
    torch.testing.assert_close(remapped, torch.einsum("tkhi,tki,tk->th", w2[ids], hidden, weights * kept))
    moe.inplace_fused_experts(x, w1, w2, weights, ids)
    torch.testing.assert_close(x, due)


def test_expert_matmul_takes_rows_by_token_or_by_choice() -> None:
    a, b = torch.randn(3, 8).double(), torch.randn(4, 5, 8).double()
    ids, weights = torch.tensor([[0, 3], [1, 2], [3, 1]]), torch.rand(3, 2).double()
    c = torch.empty(3, 2, 5, dtype=torch.float64)
    moe.expert_matmul(a, b, c, ids, weights)
    torch.testing.assert_close(c, torch.einsum("tknh,th,tk->tkn", b[ids], a, weights))
    again = torch.empty_like(c)
    moe.expert_matmul(a.repeat_interleave(2, 0), b, again, ids, weights, repeated=False)
    torch.testing.assert_close(c, again)


def test_moe_sum_adds_the_choices() -> None:
    x, out = torch.randn(3, 2, 5), torch.empty(3, 5)
    moe.moe_sum(x, out)
    torch.testing.assert_close(out, x.sum(1))
