"""What a run says of a cell that was tried more than once."""

from __future__ import annotations

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result
from matrix.run import Header, Run

CELL = "c"


def result(outcome: Outcome, attempt: int = 1) -> Result:
    phase = Phase.COMPARE if outcome in (Outcome.WRONG, Outcome.PASS) else Phase.RUN
    comparison = Comparison("equal", 1, 0) if outcome is Outcome.PASS else None
    detail = "" if outcome is Outcome.PASS else f"because of {attempt}"
    return Result(CELL, outcome, phase, detail, attempt=attempt, comparison=comparison)


def run(*outcomes: str) -> Run:
    attempts = tuple(result(Outcome(outcome), number) for number, outcome in enumerate(outcomes, 1))
    return Run(Header(), {CELL: attempts})


@pytest.mark.parametrize(
    ("outcomes", "final", "unstable"),
    [
        (("PASS",), "PASS", False),
        (("WRONG", "WRONG"), "WRONG", False),
        (("WRONG", "PASS"), "WRONG", True),
        (("PASS", "CRASH"), "CRASH", True),
        (("CRASH", "ERROR"), "CRASH", True),
        (("TIMEOUT", "INFRA"), "TIMEOUT", True),
        (("INFRA", "PASS"), "INFRA", True),
        (("NOT_RUN", "PASS"), "PASS", False),
        (("NOT_RUN", "WRONG", "NOT_RUN"), "WRONG", False),
        (("NOT_RUN", "NOT_RUN"), "NOT_RUN", False),
    ],
)
def test_of_attempts_that_disagree_the_bad_one_counts(outcomes: tuple[str, ...], final: str, unstable: bool) -> None:
    found = run(*outcomes).final(CELL)
    assert found is not None
    assert found.outcome == final
    assert run(*outcomes).unstable(CELL) is unstable
    assert found.detail.startswith("unstable") is unstable


def test_the_disagreement_is_told() -> None:
    found = run("CRASH", "PASS").final(CELL)
    assert found is not None
    assert found.detail == "unstable (attempt 1 CRASH, attempt 2 PASS): because of 1"


def test_the_last_reason_why_a_cell_was_not_run_counts() -> None:
    found = run("NOT_RUN", "NOT_RUN").final(CELL)
    assert found is not None
    assert found.detail == "because of 2"


def test_a_cell_without_results_has_no_final_one() -> None:
    assert Run(Header(), {}).final(CELL) is None
    assert not Run(Header(), {}).unstable(CELL)
