"""The defects of the challenge's published judge that its cases can close, one test for each, by the judge that is ours.

The numbers are those of docs/challenge.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backends.profile import Profile
from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.judging.judge import judge
from matrix.outcome import Evidence, Outcome
from matrix.result import Result
from operators.call import parse_call
from operators.case import Case
from operators.catalogue import load_catalogue
from operators.edges import call_tensors
from operators.operator import Operator, Sample

HERE = Profile("here", "This CPU", "nobody", "cpu", "CPU", ("run",))
CANDIDATES = Path(__file__).with_name("candidates.py")
ROWS = load_catalogue([Path(__file__).parents[3] / "operators" / "challenge"])

Chosen = Callable[[Sample], bool]


def judged(row: str, candidate: str, chosen: Chosen = lambda _: True) -> Iterator[tuple[Sample, Result]]:
    """What the judge says of a candidate on the samples of a row, each at its first type."""
    operator = replace(ROWS[f"challenge.{row}"], providers={"entry": f"{CANDIDATES}:{candidate}"}, proof="call")
    found = [sample for sample in operator.samples if chosen(sample)]
    assert found
    for sample in found:
        yield sample, judge(_cell(operator, sample), lambda _: None)


def _cell(operator: Operator, sample: Sample) -> Cell:
    return Cell(HERE, Case(operator, "entry", (sample.dtypes or operator.dtypes)[0], sample), Evidence.RUN)


def outcomes(row: str, candidate: str, chosen: Chosen = lambda _: True) -> set[Outcome]:
    return {result.outcome for _, result in judged(row, candidate, chosen)}


def kind(*names: str) -> Chosen:
    return lambda sample: sample.kind in names


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
def test_defect_3_a_scatter_that_does_nothing_fails_in_every_case(reduce: str) -> None:
    chosen: Chosen = lambda sample: f'"{reduce}"' in sample.call and sample.kind == "typical"  # noqa: E731
    assert outcomes("scatter_reduce", "no_scatter", chosen) == {Outcome.WRONG}


def test_defect_3_a_product_with_zeros_in_it_is_no_case() -> None:
    products = [sample for sample in ROWS["challenge.scatter_reduce"].samples if '"prod"' in sample.call]
    assert products
    assert [sample.name for sample in products if sample.kind == "typical" and "between(0." not in sample.call] == []


def test_defect_4_a_decomposition_at_64_by_128_can_be_judged() -> None:
    chosen: Chosen = lambda sample: sample.call in ("T[64, 128]", "T[12, 7], False", "T[7, 12], some=False")  # noqa: E731
    assert outcomes("svd", "svd_of_torch", chosen) == {Outcome.PASS}
    assert outcomes("svd", "svd_turned_round", chosen) == {Outcome.PASS}
    assert outcomes("svd", "svd_with_one_sign_wrong", chosen) == {Outcome.WRONG}
    assert outcomes("svd", "svd_not_orthogonal", chosen) == {Outcome.WRONG}


def test_defect_6_the_indices_of_a_median_are_judged() -> None:
    wrong = {
        sample.name
        for sample, result in judged("median", "median_with_indices_of_zero", kind("typical"))
        if result.outcome is Outcome.WRONG and "output 1" in result.detail
    }
    assert wrong == {sample.name for sample in ROWS["challenge.median"].samples if sample.kind == "typical"}


def test_defect_6_in_place_is_in_place() -> None:
    assert outcomes("log10_", "log10_beside", kind("typical")) == {Outcome.WRONG}
    assert outcomes("scatter_reduce_", "scatter_beside", kind("typical")) == {Outcome.WRONG}
    assert outcomes("scatter_reduce_", "no_scatter_in_place", kind("typical")) == {Outcome.WRONG}


def test_defect_6_a_gradient_is_judged() -> None:
    assert outcomes("upsample_nearest2d_backward", "no_gradient", kind("typical", "odd")) == {Outcome.WRONG}


def test_defect_6_an_empty_tensor_is_a_case() -> None:
    assert outcomes("log10", "log10_of_something", kind("empty")) == {Outcome.ERROR}


def test_defect_6_nan_and_infinity_are_cases() -> None:
    assert outcomes("log10", "log10_of_numbers", kind("nan")) == {Outcome.WRONG}


def test_defect_6_memory_that_is_not_contiguous_is_a_case() -> None:
    wrong = {
        sample.kind
        for sample, result in judged("log10", "log10_of_memory", kind("strided", "transposed", "expanded"))
        if result.outcome is Outcome.WRONG
    }
    assert wrong >= {"strided", "transposed"}


def test_defect_6_a_type_that_must_be_refused_is_a_case() -> None:
    assert outcomes("log10_", "log10_of_anything", kind("illegal")) == {Outcome.WRONG}


def test_defect_7_an_entry_is_called_with_the_shapes_of_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The published judge reads them from a file that the entrant edits, in the folder that it is started in."""
    (tmp_path / "operators" / "challenge").mkdir(parents=True)
    row = '["challenge.tril"]\nsamples = { typical-0 = "T[1]" }\n'
    (tmp_path / "operators" / "challenge" / "tril.toml").write_text(row)
    (tmp_path / "core_shapes.yaml").write_text("tril:\n  shapes:\n  - [1, 1]\n")
    monkeypatch.chdir(tmp_path)
    results = list(judged("tril", "tril_that_remembers", kind("typical")))
    assert {result.outcome for _, result in results} == {Outcome.PASS}
    seen = resolve(f"{CANDIDATES}:tril_that_remembers").__globals__["SEEN"]
    asked = [call_tensors(parse_call(sample.call))[0].shape for sample, _ in results]
    assert seen == asked
    assert (256, 256) in seen
