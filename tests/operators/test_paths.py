"""The calls of operators/paths.toml and of the files below operators/paths/: torch takes each of them."""

from pathlib import Path

import pytest

from backends.profiles import load_profiles
from matrix.judging.inputs import draw
from matrix.judging.reference import answer
from operators.call import parse_call
from operators.catalogue import load_catalogue
from operators.operator import Operator, Sample

FOLDER = Path(__file__).parents[2] / "operators"
OPERATORS = load_catalogue([FOLDER / "paths.toml"])
# Of one column each: rows of several files may have a name in common.
DIRECT = {path.stem: load_catalogue([path]) for path in sorted((FOLDER / "paths").glob("*.toml"))}
CASES = [(item, sample) for rows in (OPERATORS, *DIRECT.values()) for item in rows.values() for sample in item.samples]


@pytest.mark.parametrize(
    ("operator", "sample"), [pytest.param(item, sample, id=f"{item.name}-{sample.name}") for item, sample in CASES]
)
def test_torch_takes_the_call(operator: Operator, sample: Sample) -> None:
    arguments = draw(parse_call(sample.call), operator.dtypes[0], "seed")
    found = answer(operator, arguments, sample.call, None)
    assert found.raised is None
    assert found.exact or found.native


def test_its_rows_are_none_of_the_catalogues() -> None:
    assert not set(OPERATORS) & set(load_catalogue())


@pytest.mark.parametrize("column", DIRECT)
def test_a_columns_own_calls_go_with_the_others_and_are_of_its_vendor(column: str) -> None:
    """The file is named for the column, whose vendor's folder its addresses are in, or whose vendor's functions they name."""
    emulation = load_profiles()[column].emulation
    assert emulation is not None
    assert not set(DIRECT[column]) & {*OPERATORS, *load_catalogue()}
    homes = {address.rpartition(":")[0] for row in DIRECT[column].values() for address in row.providers.values()}
    assert homes
    assert all(f"._{emulation.vendor}." in home or home == "flag_gems" for home in homes)
