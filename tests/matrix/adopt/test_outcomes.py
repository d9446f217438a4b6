"""From pytest's reports to a result, where no real run is needed to tell."""

from __future__ import annotations

import pytest

from matrix.adopt.outcomes import Step, result_of
from matrix.outcome import Outcome, Phase
from matrix.result import Launch

CELL = "chip:suite.abs/pytest[dtype=float16,sample=test_abs-00000000]@run"
OURS = Launch("abs_func", "flag_gems/ops/abs.py")
THEIRS = Launch("reduce", "somewhere/else.py")


def step(when: str, outcome: str = "passed", error: BaseException | None = None, **facts: object) -> Step:
    report = pytest.TestReport("t.py::t", ("t.py", 1, "t"), {}, outcome, None, when, duration=0.25)  # type: ignore[arg-type]
    vars(report).update(facts)
    return Step(report, error)


PASSED = [step("setup"), step("call"), step("teardown")]


def test_launches_are_recorded_and_prove_nothing_unless_they_are_due() -> None:
    result = result_of(CELL, PASSED, [THEIRS])
    assert (result.outcome, result.launches, result.seconds) == (Outcome.PASS, (THEIRS,), 0.75)
    assert result.comparison is not None
    assert result.comparison.rule == "the suite's own assertion"


@pytest.mark.parametrize(
    ("launches", "outcome"),
    [([OURS, THEIRS], Outcome.PASS), ([THEIRS], Outcome.UNDISPATCHED), ([], Outcome.UNDISPATCHED)],
)
def test_a_kernel_of_the_package_that_is_due_must_have_run(launches: list[Launch], outcome: Outcome) -> None:
    assert result_of(CELL, PASSED, launches, "flag_gems").outcome is outcome


def test_a_wrong_answer_stays_wrong_when_no_kernel_ran() -> None:
    steps = [step("setup"), step("call", "failed", AssertionError("1 != 2")), step("teardown")]
    assert result_of(CELL, steps, [], "flag_gems").outcome is Outcome.WRONG


def test_what_fails_first_is_what_is_charged() -> None:
    errors = [step("call", "failed", RuntimeError("first")), step("teardown", "failed", RuntimeError("second"))]
    assert "first" in result_of(CELL, [step("setup"), *errors]).detail


def test_a_test_without_a_call_is_no_pass() -> None:
    result = result_of(CELL, [step("setup"), step("teardown")])
    assert (result.outcome, result.phase) == (Outcome.INFRA, Phase.RUN)


def test_memory_that_ran_out_is_told_from_other_errors() -> None:
    steps = [step("setup"), step("call", "failed", MemoryError())]
    assert result_of(CELL, steps).outcome is Outcome.OOM
