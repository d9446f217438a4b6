"""The calls of operators/paths.toml: torch takes each of them."""

from pathlib import Path

import pytest

from matrix.judging.inputs import draw
from matrix.judging.reference import answer
from operators.call import parse_call
from operators.catalogue import load_catalogue
from operators.operator import Operator, Sample

OPERATORS = load_catalogue([Path(__file__).parents[2] / "operators" / "paths.toml"])


@pytest.mark.parametrize(
    ("operator", "sample"),
    [
        pytest.param(item, sample, id=f"{item.name}-{sample.name}")
        for item in OPERATORS.values()
        for sample in item.samples
    ],
)
def test_torch_takes_the_call(operator: Operator, sample: Sample) -> None:
    arguments = draw(parse_call(sample.call), operator.dtypes[0], "seed")
    found = answer(operator, arguments, sample.call, None)
    assert found.raised is None
    assert found.exact or found.native


def test_its_rows_are_none_of_the_catalogues() -> None:
    assert not set(OPERATORS) & set(load_catalogue())
