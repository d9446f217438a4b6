"""Hyper-connections: doubly stochastic mixes and the identities they leave."""

from __future__ import annotations

import torch

from operators.references import hyper_connections

torch.manual_seed(0)


def test_sinkhorn_makes_every_row_and_column_sum_to_one() -> None:
    matrix = hyper_connections.sinkhorn(torch.randn(3, 4, 4).double())
    torch.testing.assert_close(matrix.sum(-1), torch.ones(3, 4).double())
    torch.testing.assert_close(matrix.sum(-2), torch.ones(3, 4).double())


def test_the_gradient_ignores_scaled_rows_and_columns() -> None:
    """Adding a number to a row or column of the logits changes nothing, so the gradient's rows and columns sum to 0."""
    gradient = hyper_connections.mhc_bwd(torch.randn(3, 4, 4).double(), torch.randn(3, 4, 4).double())
    torch.testing.assert_close(gradient.sum(-1), torch.zeros(3, 4).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(gradient.sum(-2), torch.zeros(3, 4).double(), rtol=0, atol=1e-12)
    assert bool(gradient.abs().amax() > 1e-3)


def test_the_split_gives_three_mixes_in_their_ranges() -> None:
    before, after, among = hyper_connections.hc_split_sinkhorn(
        torch.randn(5, 24).double(), torch.ones(3), torch.zeros(24)
    )
    assert bool(((before > 0) & (before < 1.1)).all())
    assert bool(((after > 0) & (after < 2)).all())
    torch.testing.assert_close(among.sum(-2), torch.ones(5, 4).double(), rtol=0, atol=1e-4)


def test_pre_normalizes_its_streams() -> None:
    residual, fn = torch.randn(3, 4, 8).double(), torch.randn(24, 32).double()
    rest = (torch.ones(3), torch.zeros(24), 0.0, 1e-6, 1e-6, 2.0, 20)
    post, comb, _ = hyper_connections.mhc_pre(residual, fn, *rest)
    scaled = hyper_connections.mhc_pre(7 * residual, fn, *rest)
    torch.testing.assert_close((post, comb), scaled[:2])


def test_post_with_an_identity_mix_adds_the_layer() -> None:
    x, residual = torch.randn(3, 8), torch.randn(3, 4, 8)
    found = hyper_connections.mhc_post(x, residual, torch.ones(3, 4, 1), torch.eye(4).expand(3, 4, 4))
    torch.testing.assert_close(found, residual + x.unsqueeze(1))
    swap = torch.eye(4)[[1, 0, 2, 3]].expand(3, 4, 4)
    found = hyper_connections.mhc_post(0 * x, residual, torch.ones(3, 4, 1), swap)
    torch.testing.assert_close(found, residual[:, [1, 0, 2, 3]])


def test_post_sends_stream_j_to_stream_i_by_entry_ji() -> None:
    mix = torch.zeros(1, 4, 4)
    mix[0, 2, 1] = 3.0
    residual = torch.randn(1, 4, 8)
    found = hyper_connections.mhc_post(torch.zeros(1, 8), residual, torch.zeros(1, 4), mix)
    torch.testing.assert_close(found[0, 1], 3 * residual[0, 2])
