"""What counts as evidence and what does not."""

from __future__ import annotations

from datetime import date

import pytest

from backends.pattern import parse_pattern
from backends.waiver import Waiver
from matrix.outcome import Outcome, Phase
from matrix.result import Compiled, Result
from matrix.validation.evidence import Row, State, finals, gather, gather_timed
from matrix.validation.repeated import rule
from matrix.validation.timing import speedup_of
from tests.matrix.validation.conftest import CHIP, CORE, LAME, OPERATORS, Ids, make_run, result

ADD = "chip:add.Tensor/gems[dtype=float32,sample=typical-0]@run"


def rows(*runs: dict[str, Outcome], live: tuple[Waiver, ...] = (), profile: object = CHIP) -> dict[str, Row]:
    found = finals([make_run(run, f"2026-11-0{day + 1}") for day, run in enumerate(runs)], "chip")
    return {row.row: row for row in gather(profile, OPERATORS, CORE, found, live)}  # type: ignore[arg-type]


def state(*runs: dict[str, Outcome]) -> State:
    return rows(*runs)["add.Tensor/gems[dtype=float32,sample=typical-0]"].state


def test_a_pass_on_the_chip_counts() -> None:
    assert state({ADD: Outcome.PASS}) is State.PASSED
    assert state({ADD: Outcome.WRONG}) is State.FAILED
    assert state({}) is State.UNJUDGED


@pytest.mark.parametrize("evidence", ["compile", "interpret"])
def test_a_weaker_evidence_never_counts(evidence: str) -> None:
    weak = ADD.replace("@run", f"@{evidence}")
    assert state({weak: Outcome.PASS}) is State.UNJUDGED
    assert finals([make_run({weak: Outcome.PASS})], "chip") == {}, "of a reference chip neither"


def test_the_speed_of_a_case_says_nothing_about_its_answer() -> None:
    assert state({ADD.replace("@run", "@time"): Outcome.PASS}) is State.UNJUDGED


def test_another_profile_never_counts() -> None:
    assert state({ADD.replace("chip:", "chop:"): Outcome.PASS}) is State.UNJUDGED


def test_repetitions_that_were_alike_are_no_right_answer() -> None:
    run = make_run({ADD: result(ADD, rule=rule(1000, 1000))})
    assert finals([run], "chip") == {}


def test_a_pass_of_compiled_kernels_is_none_on_the_chip() -> None:
    compiled = Compiled("k", "k.py", {}, 1, 0, 1, 0, 0.1)
    run = make_run({ADD: Result(ADD, Outcome.PASS, Phase.COMPILE, compiled=(compiled,))})
    assert finals([run], "chip") == {}


def test_a_record_cannot_declare_what_the_profile_does_not() -> None:
    assert state({ADD: Outcome.UNSUPPORTED}) is State.UNJUDGED
    wide = "wide/gems[dtype=float64,sample=typical-0]"
    assert rows({})[wide].state is State.UNJUDGED
    assert rows({}, profile=LAME)[wide].state is State.UNSUPPORTED
    assert rows({f"chip:{wide}@run": Outcome.PASS}, profile=LAME)[wide].state is State.PASSED


def test_the_latest_run_that_carried_a_cell_speaks() -> None:
    assert state({ADD: Outcome.WRONG}, {ADD: Outcome.PASS}) is State.PASSED
    assert state({ADD: Outcome.PASS}, {ADD: Outcome.WRONG}) is State.FAILED
    assert state({ADD: Outcome.WRONG}, {ADD: Outcome.NOT_RUN}) is State.FAILED


def test_the_suites_own_faults_judge_nobody() -> None:
    assert state({ADD: Outcome.INFRA}) is State.UNJUDGED
    assert state({ADD: Outcome.NOT_RUN}) is State.UNJUDGED


def test_cells_that_no_plan_names_are_left_out(every: Ids) -> None:
    strangers = {"chip:nope/gems[dtype=float32,sample=typical-0]@run": Outcome.PASS, "no id": Outcome.PASS}
    assert set(rows(strangers)) == {name.partition(":")[2].rpartition("@")[0] for name in every()}


def test_a_waiver_is_on_the_row_and_changes_no_state() -> None:
    day = date(2026, 11, 1)
    waiver = Waiver("chip", (parse_pattern("add.Tensor[sample=typical-*]"),), "r", "p", "o", "a", day, day)
    found = rows({ADD: Outcome.WRONG}, live=(waiver,))
    row = found["add.Tensor/gems[dtype=float32,sample=typical-0]"]
    assert (row.state, row.waiver) == (State.FAILED, waiver)
    assert [other.row for other in found.values() if other.waiver and other is not row] == []


def test_only_what_was_timed_and_passed_has_a_speed(every: Ids) -> None:
    fast, slow, *_ = every("time")
    run = make_run({fast: result(fast, speedup=2.0), slow: Outcome.INFRA})
    timed = {row.row: row for row in gather_timed(CHIP, OPERATORS, CORE, finals([run], "chip"), speedup_of)}
    assert len(timed) == len(OPERATORS)
    assert [row.speedup for row in timed.values()] == [2.0] + [None] * (len(OPERATORS) - 1)
    wide = gather_timed(LAME, OPERATORS, CORE, {}, speedup_of)
    assert [row.base for row in wide if not row.supported] == ["wide"]
