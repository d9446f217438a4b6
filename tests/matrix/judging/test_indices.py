"""Positions of equal values are interchangeable; positions of other values are not."""

from __future__ import annotations

import torch

from matrix.judging.indices import same_values
from matrix.judging.inputs import Arguments

TIED = torch.tensor([[3.0, 1.0, 3.0], [2.0, 2.0, 0.0]])


def test_a_tie_may_fall_either_way() -> None:
    arguments = Arguments([TIED, 1, False])
    assert same_values("max.dim", "max", arguments, torch.tensor([2, 1]), torch.tensor([0, 0]))
    assert not same_values("max.dim", "max", arguments, torch.tensor([1, 1]), torch.tensor([0, 0]))


def test_a_position_outside_the_tensor_is_wrong() -> None:
    assert not same_values("max.dim", "max", Arguments([TIED, 1]), torch.tensor([3, 0]), torch.tensor([0, 0]))


def test_a_sort_must_name_every_position_once() -> None:
    row = torch.tensor([2.0, 2.0, 1.0])
    arguments = Arguments([row, 0, True])
    due = torch.tensor([0, 1, 2])
    assert same_values("sort", "sort", arguments, torch.tensor([1, 0, 2]), due)
    assert not same_values("sort", "sort", arguments, torch.tensor([0, 0, 2]), due)


def test_without_a_dimension_positions_count_through_the_flat_tensor() -> None:
    assert same_values("argmax", "argmax", Arguments([TIED]), torch.tensor(2), torch.tensor(0))
    assert not same_values("argmax", "argmax", Arguments([TIED]), torch.tensor(1), torch.tensor(0))


def test_nan_ties_with_nan_and_0d_works() -> None:
    both = torch.tensor([torch.nan, 1.0, torch.nan])
    assert same_values("argmax", "argmax", Arguments([both, 0]), torch.tensor(2), torch.tensor(0))
    assert same_values("argmax", "argmax", Arguments([torch.tensor(1.0), 0]), torch.tensor(0), torch.tensor(0))


def test_operators_that_return_no_positions_have_no_ties() -> None:
    assert not same_values("nonzero", "nonzero", Arguments([TIED]), torch.tensor([1]), torch.tensor([0]))
