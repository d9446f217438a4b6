"""Loss, sampling and the small products against torch's own."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from operators.references import linear, loss, sampling

torch.manual_seed(0)
LOGITS, WEIGHT = torch.randn(6, 5, 3).double(), torch.rand(5).double() + 0.5
INDICES = torch.tensor([[0, 1, 4], [2, -100, 3], [0, 0, 1], [4, 3, 2], [1, 1, 1], [-100, 0, 2]])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("target", [INDICES, torch.rand(6, 5, 3).double()])
def test_cross_entropy_is_torchs(
    reduction: str, smoothing: float, weight: torch.Tensor | None, target: torch.Tensor
) -> None:
    found = loss.cross_entropy_loss(LOGITS, target, weight, reduction, -100, smoothing)
    due = functional.cross_entropy(LOGITS, target, weight, reduction=reduction, label_smoothing=smoothing)
    torch.testing.assert_close(found, due)


def test_cross_entropy_of_one_sample_is_torchs() -> None:
    found = loss.cross_entropy_loss(LOGITS[0, :, 0], torch.tensor(3))
    torch.testing.assert_close(found, functional.cross_entropy(LOGITS[0, :, 0], torch.tensor(3)))


def test_a_class_without_a_chance_costs_nothing_unless_asked_for() -> None:
    logits = torch.tensor([[0.0, -math.inf, 0.0]])
    assert loss.cross_entropy_loss(logits, torch.tensor([0])).item() == pytest.approx(math.log(2))


def test_penalties_make_seen_tokens_less_likely() -> None:
    logits = torch.tensor([[2.0, -2.0, 2.0, -2.0]])
    prompt = torch.tensor([[True, False, False, False]])
    output = torch.tensor([[False, True, False, False]])
    sampling.apply_repetition_penalties(logits, prompt, output, torch.tensor([2.0]))
    assert logits.tolist() == [[1.0, -4.0, 2.0, -2.0]]


def test_the_selector_takes_the_largest_within_the_range() -> None:
    scores = torch.tensor([[9.0, 1.0, 3.0, 2.0, 8.0]])
    assert sampling.bucket_sort_topk(scores, torch.tensor([1]), torch.tensor([4]), 2).tolist() == [[2, 3]]


def test_outer_is_torchs() -> None:
    torch.testing.assert_close(linear.outer(WEIGHT, LOGITS[0, 0]), torch.outer(WEIGHT, LOGITS[0, 0]))


def test_a_normed_cumsum_ends_in_one() -> None:
    found = linear.normed_cumsum(torch.rand(3, 4).double(), 0)
    torch.testing.assert_close(found[-1], torch.ones(4).double())
    assert bool((found.diff(dim=0) >= 0).all())


def test_a_hadamard_transform_twice_is_the_size_times_the_input() -> None:
    x = torch.randn(3, 16).double()
    torch.testing.assert_close(linear.hadamard_transform(linear.hadamard_transform(x)) / 16, x)
    torch.testing.assert_close(
        linear.hadamard_transform(x[:, :13], 0.5),
        linear.hadamard_transform(torch.cat((x[:, :13], torch.zeros(3, 3).double()), 1), 0.5)[:, :13],
    )
    unit = torch.zeros(1, 4).double()
    unit[0, 3] = 1
    assert linear.hadamard_transform(unit).tolist() == [[1.0, -1.0, -1.0, 1.0]]


def test_rwkv_keys_are_normalized_by_head() -> None:
    k, kk, a, ka = (
        torch.randn(3, 8).double(),
        torch.randn(8).double(),
        torch.rand(3, 8).double(),
        torch.randn(8).double(),
    )
    fused, normalized, scaled = linear.rwkv_ka_fusion(k, kk, a, ka, 2, 4)
    torch.testing.assert_close(normalized.view(3, 2, 4).norm(dim=-1), torch.ones(3, 2).double())
    torch.testing.assert_close(scaled, normalized * a)
    torch.testing.assert_close(fused, k + k * (a - 1) * ka)
    torch.testing.assert_close(linear.rwkv_mm_sparsity(k[0], k.t()), k @ k[0])
