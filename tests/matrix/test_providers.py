"""A provider's function is reached through torch, is known to have been reached, and is gone afterwards."""

from __future__ import annotations

import torch

from matrix.providers import _in_aten


def answer(_: torch.Tensor) -> torch.Tensor:
    return torch.full((2,), 7.0)


def test_torch_comes_by_the_function_while_the_block_lasts_and_only_then() -> None:
    with _in_aten("neg", answer, "CPU") as there:
        assert not there.entered
        assert there.call(torch.ones(2)).tolist() == [7.0, 7.0]
        assert there.entered
    assert torch.neg(torch.ones(2)).tolist() == [-1.0, -1.0]


def test_a_function_that_torch_never_comes_by_is_not_entered() -> None:
    with _in_aten("neg", answer, "CUDA") as there:
        assert there.call(torch.ones(2)).tolist() == [-1.0, -1.0]
    assert not there.entered
