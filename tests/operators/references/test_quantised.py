"""Quantisation: values come back within half a step, scales are what they are said to be, products dequantise."""

from __future__ import annotations

import torch

from operators.references import quantised

torch.manual_seed(0)


def test_groups_come_back_within_the_step_of_float8() -> None:
    x = torch.randn(4, 32)
    values, scales = quantised.per_token_group_quant_fp8(x, 16)
    back = values.float().view(4, 2, 16) * scales.unsqueeze(-1)
    torch.testing.assert_close(back.view(4, 32), x, rtol=2**-4, atol=1e-3)
    assert values.float().view(4, 2, 16).abs().amax(-1).tolist() == [[448.0, 448.0]] * 4


def test_rounded_scales_are_the_next_powers_of_two() -> None:
    x = torch.randn(4, 32)
    _, plain = quantised.act_quant_triton(x, 16)
    _, powers = quantised.act_quant_triton(x, 16, "ue8m0")
    assert bool((torch.frexp(powers).mantissa == 0.5).all())
    assert bool(((powers >= plain) & (powers < 2 * plain)).all())


def test_zeros_stay_zeros() -> None:
    values, scales = quantised.per_token_group_quant_fp8(torch.zeros(2, 16), 16)
    assert bool((values.float() == 0).all())
    assert bool((scales > 0).all())


def test_block_products_are_products_of_what_is_dequantised() -> None:
    a, b = torch.randn(3, 200).double(), torch.randn(130, 200).double()
    a_scale, b_scale = torch.rand(3, 2).double(), torch.rand(2, 2).double()
    blocks = [slice(0, 128), slice(128, 200)]
    due = torch.zeros(3, 130, dtype=torch.float64)
    for k, columns in enumerate(blocks):
        for n, rows in enumerate((slice(0, 128), slice(128, 130))):
            due[:, rows] += a[:, columns] @ b[rows, columns].t() * a_scale[:, k : k + 1] * b_scale[n, k]
    found = quantised.w8a8_block_fp8_matmul(a, b, a_scale, b_scale, [128, 128], torch.float64)
    torch.testing.assert_close(found, due)
    torch.testing.assert_close(quantised.fp8_matmul(a, a_scale, b, b_scale), due)
    c = torch.empty(3, 130, dtype=torch.float64)
    quantised.cutlass_scaled_mm(c, a, b.t(), a_scale, b_scale.t())
    torch.testing.assert_close(c, due)


def test_scales_by_row_and_column_and_a_bias() -> None:
    a, b = torch.randn(3, 8).double(), torch.randn(5, 8).double()
    rows, columns, bias = torch.rand(3, 1).double(), torch.rand(1, 5).double(), torch.randn(5).double()
    c = torch.empty(3, 5, dtype=torch.float64)
    quantised.cutlass_scaled_mm(c, a, b.t(), rows, columns, bias)
    torch.testing.assert_close(c, (a * rows) @ (b.t() * columns) + bias)
