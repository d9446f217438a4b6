"""Repetitions through the real runner, with providers that are not the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.outcome import Outcome
from matrix.result import Comparison, Result
from matrix.run import Run
from matrix.runner.controller import carry
from matrix.runner.journal import read_run
from matrix.validation.repeated import COUNT_VARIABLE, SECONDS_VARIABLE, Repetitions, repetitions, rule, told
from tests.matrix.validation.fake_cells import fake, settings

JUDGE = "matrix.validation.repeating:judge"
CELLS = {
    "double": fake("double"),
    "flaky": fake("flaky"),
    "nan_bits": fake("nan_bits"),
    "grows": fake("grows", outputs=("0",)),
    "into": fake("into", "T[5], out=like(0)"),
    "crash": fake("crash"),
    "raises": fake("raises"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("repeat")
    asked = settings(JUDGE, **{COUNT_VARIABLE: "40", SECONDS_VARIABLE: "20"})
    carry(list(CELLS.values()), directory, asked, confirm=lambda _: False)
    return read_run(directory)


def found(run: Run, name: str) -> Result:
    final = run.final(str(CELLS[name].id))
    assert final is not None
    return final


@pytest.mark.parametrize("name", ["double", "grows", "into"])
def test_the_same_inputs_give_the_same_bits(run: Run, name: str) -> None:
    result = found(run, name)
    assert result.outcome is Outcome.PASS, result
    assert result.comparison is not None
    assert result.comparison.rule == "40 repetitions bit-identical"
    assert repetitions(result) == Repetitions(40, 0)


@pytest.mark.parametrize(("name", "different"), [("flaky", 8), ("nan_bits", 20)])
def test_one_bit_that_differs_is_wrong_and_the_first_of_them_is_named(run: Run, name: str, different: int) -> None:
    result = found(run, name)
    assert result.outcome is Outcome.WRONG
    assert repetitions(result) == Repetitions(40, different)
    assert result.comparison is not None
    assert result.comparison.first_bad is not None
    assert f"{different} of 40 repetitions differ from the first" in result.detail
    assert f"repetition {result.comparison.first_bad[0] + 1} as the first" in result.detail
    assert "2 different answers" in result.detail
    assert result.comparison.got != result.comparison.expected


def test_a_crash_on_the_way_is_the_providers_and_harms_no_other(run: Run) -> None:
    crash, raised = found(run, "crash"), found(run, "raises")
    assert (crash.outcome, raised.outcome) == (Outcome.CRASH, Outcome.ERROR)
    assert told(crash) == Repetitions(0, 0, fault="CRASH")
    assert not Repetitions(0, 0, fault="CRASH").alike


def test_when_time_is_up_it_says_how_often_there_was(tmp_path: Path) -> None:
    asked = settings(JUDGE, **{COUNT_VARIABLE: "1000000", SECONDS_VARIABLE: "0"})
    carry([CELLS["double"]], tmp_path, asked, confirm=lambda _: False)
    final = read_run(tmp_path).final(str(CELLS["double"].id))
    assert final is not None
    assert final.comparison is not None
    assert final.comparison.rule == "1 repetitions bit-identical (of 1000000: time was up)"
    assert repetitions(final) == Repetitions(1, 0)


def test_a_record_that_contradicts_itself_says_nothing() -> None:
    from matrix.outcome import Phase

    lie = Result("c", Outcome.PASS, Phase.COMPARE, comparison=Comparison(rule(9, 9), 9, 3))
    assert repetitions(lie) is None
    plain = Result("c", Outcome.PASS, Phase.COMPARE, comparison=Comparison("rtol 1e-5", 9, 0))
    assert repetitions(plain) is None
