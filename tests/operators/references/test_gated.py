"""Gated activations against torch's own activations and their derivatives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from operators.references import gated

torch.manual_seed(0)
A, B = torch.randn(4, 6, dtype=torch.float64), torch.randn(4, 6, dtype=torch.float64)
BOTH = torch.cat((A, B), dim=-1)

GATES = [
    (gated.geglu, gated.dgeglu, functional.gelu(A, approximate="tanh")),
    (gated.reglu, gated.dreglu, A.clamp(min=0)),
    (gated.swiglu, gated.dswiglu, A * torch.sigmoid(A)),
]


def test_silu_and_mul_is_x_sigmoid_x_times_y() -> None:
    torch.testing.assert_close(gated.silu_and_mul(A, B), A / (1 + torch.exp(-A)) * B)


def test_the_out_variant_writes_and_returns_its_argument() -> None:
    out = torch.empty_like(A)
    assert gated.silu_and_mul_out(A, B, out) is out
    torch.testing.assert_close(out, gated.silu_and_mul(A, B))


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_and_mul_is_torchs_gelu(approximate: str) -> None:
    torch.testing.assert_close(gated.gelu_and_mul(A, B, approximate), functional.gelu(A, approximate=approximate) * B)


@pytest.mark.parametrize(("forward", "_backward", "activated"), GATES)
def test_the_first_half_is_activated(
    forward: Callable[..., torch.Tensor], _backward: Callable[..., torch.Tensor], activated: torch.Tensor
) -> None:
    torch.testing.assert_close(forward(BOTH), activated * B)


@pytest.mark.parametrize(("forward", "backward", "_activated"), GATES)
def test_gradients_are_those_of_small_differences(
    forward: Callable[..., torch.Tensor], backward: Callable[..., torch.Tensor], _activated: torch.Tensor
) -> None:
    upstream, step = torch.randn_like(A), 1e-6
    found = backward(upstream, BOTH)
    for place in ((0, 0), (3, 5), (2, 6), (1, 11)):
        shift = torch.zeros_like(BOTH)
        shift[place] = step
        slope = ((forward(BOTH + shift) - forward(BOTH - shift)) * upstream).sum() / (2 * step)
        torch.testing.assert_close(found[place], slope, rtol=1e-6, atol=1e-8)


def test_results_come_back_in_the_dtype_of_the_input() -> None:
    assert gated.swiglu(BOTH.to(torch.bfloat16)).dtype == torch.bfloat16
    assert gated.silu_and_mul(A.half(), B.float()).dtype == torch.float32
