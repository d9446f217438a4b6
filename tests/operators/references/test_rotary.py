"""Rotary embeddings: complex rotation, invariances, and YaRN's limits."""

from __future__ import annotations

import pytest
import torch

from operators.references.rotary import apply_rotary_pos_emb, rope, yarn_rope

torch.manual_seed(0)
Q, K = torch.randn(2, 3, 4, 8, dtype=torch.float64), torch.randn(2, 3, 1, 8, dtype=torch.float64)
ANGLES = torch.rand(16, 4, dtype=torch.float64) * 6


def test_interleaved_pairs_turn_as_complex_numbers() -> None:
    found, _ = apply_rotary_pos_emb(Q, K, ANGLES.cos(), ANGLES.sin(), rotary_interleaved=True)
    turned = torch.view_as_complex(Q.unflatten(-1, (4, 2))) * torch.exp(1j * ANGLES[:3]).view(1, 3, 1, 4)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(found, torch.view_as_real(turned).flatten(-2))


def test_halves_are_interleaved_pairs_in_another_order() -> None:
    order = torch.arange(8).view(2, 4).t().flatten()
    found, _ = apply_rotary_pos_emb(Q, K, ANGLES.cos(), ANGLES.sin())
    other, _ = apply_rotary_pos_emb(Q[..., order], K[..., order], ANGLES.cos(), ANGLES.sin(), rotary_interleaved=True)
    torch.testing.assert_close(found[..., order], other)


def test_positions_choose_the_angles_and_inplace_changes_the_arguments() -> None:
    positions = torch.tensor([[0, 1, 2], [0, 1, 2]])
    due = apply_rotary_pos_emb(Q, K, ANGLES.cos(), ANGLES.sin())
    q, k = Q.clone(), K.clone()
    found = apply_rotary_pos_emb(q, k, ANGLES.cos(), ANGLES.sin(), positions, inplace=True)
    assert found[0] is q
    torch.testing.assert_close((q, k), due)


@pytest.mark.parametrize("interleaved", [False, True])
def test_scores_depend_on_the_distance_alone(interleaved: bool) -> None:
    q, k = torch.randn(1, 1, 8, dtype=torch.float64), torch.randn(1, 1, 8, dtype=torch.float64)

    def score(first: int, second: int) -> torch.Tensor:
        turned_q, _ = rope(q, k, torch.tensor([first]), 8, 32, 100.0, interleaved)
        _, turned_k = rope(q, k, torch.tensor([second]), 8, 32, 100.0, interleaved)
        return (turned_q * turned_k).sum()

    torch.testing.assert_close(score(9, 4), score(20, 15))


def test_yarn_without_scaling_is_the_plain_layer() -> None:
    due = rope(Q, K, None, 8, 16, 10000.0, False)
    torch.testing.assert_close(yarn_rope(Q, K, None, 8, 16, 10000.0, 1.0, 64), due)


def test_yarn_slows_the_slowest_feature_by_the_whole_factor() -> None:
    plain, _ = rope(Q, K, torch.full((2, 3), 4), 8, 32, 10000.0, False)
    slowed, _ = yarn_rope(Q, K, torch.full((2, 3), 16), 8, 32, 10000.0, 4.0, 64, mscale_all_dim=1.0)
    torch.testing.assert_close(plain[..., 3], slowed[..., 3])
