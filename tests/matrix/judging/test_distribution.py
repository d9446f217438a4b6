"""Right samples pass, samples of another distribution do not."""

from __future__ import annotations

import torch

from matrix.judging.distribution import judge_distribution
from matrix.judging.inputs import Arguments
from matrix.judging.outputs import Labelled


def named(*tensors: torch.Tensor) -> list[Labelled]:
    return [(f"output {index}", tensor) for index, tensor in enumerate(tensors)]


def native() -> list[Labelled]:
    return named(torch.randn(500))


def complaint(base: str, got: list[Labelled], arguments: Arguments | None = None) -> str:
    return judge_distribution(base, arguments or Arguments(), got, native)[1]


def test_the_same_distribution_passes() -> None:
    torch.manual_seed(1)
    assert not complaint("randn", named(torch.randn(500)))


def test_shifted_scaled_constant_and_nan_samples_do_not() -> None:
    torch.manual_seed(2)
    assert complaint("randn", named(torch.randn(500) + 1))
    assert complaint("randn", named(torch.randn(500) * 3))
    assert complaint("randn", named(torch.zeros(500)))
    assert complaint("randn", named(torch.full((500,), torch.nan)))


def test_shape_and_dtype_are_due() -> None:
    assert "[499]" in complaint("randn", named(torch.randn(499)))
    assert "float64" in complaint("randn", named(torch.randn(500, dtype=torch.float64)))


def test_a_permutation_has_every_number_once() -> None:
    shape = lambda: named(torch.arange(9))  # noqa: E731 - a sample of the right shape
    assert not judge_distribution("randperm", Arguments([9]), named(torch.randperm(9)), shape)[1]
    assert judge_distribution("randperm", Arguments([9]), named(torch.zeros(9, dtype=torch.int64)), shape)[1]


def test_dropout_scales_what_its_mask_keeps() -> None:
    source = torch.ones(1000)
    arguments = Arguments([source, 0.5, True])
    kept = torch.rand(1000) < 0.5
    shape = lambda: named(source, kept)  # noqa: E731 - as above
    assert not judge_distribution("native_dropout", arguments, named(source * kept * 2, kept), shape)[1]
    assert judge_distribution("native_dropout", arguments, named(source * kept, kept), shape)[1]
    everything = torch.ones(1000, dtype=torch.bool)
    assert judge_distribution("native_dropout", arguments, named(source * 2, everything), shape)[1]


def test_multinomial_draws_possible_categories_once() -> None:
    weights = torch.tensor([0.0, 1.0, 1.0])
    shape = lambda: named(torch.tensor([1, 2]))  # noqa: E731 - as above
    arguments = Arguments([weights, 2])
    assert not judge_distribution("multinomial", arguments, named(torch.tensor([2, 1])), shape)[1]
    assert judge_distribution("multinomial", arguments, named(torch.tensor([0, 1])), shape)[1]
    assert judge_distribution("multinomial", arguments, named(torch.tensor([1, 1])), shape)[1]
