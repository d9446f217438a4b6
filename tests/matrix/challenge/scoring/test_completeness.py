"""Completeness is of the entrant's own tests: what they come to and notice; none of it is given to a wrong entry."""

from __future__ import annotations

import pytest

from matrix.challenge.mutant import Fate, How, Judged, Kind, Mutant, MutationResult
from matrix.challenge.scoring.completeness import Mutated, score_completeness
from matrix.challenge.scoring.score import Score
from matrix.challenge.scoring.weights import load_weights
from matrix.challenge.traced import Traced, TracedTest

WEIGHTS = load_weights().completeness
WANTED = {"dtype": ("float16", "float32"), "rank": ("rank 1", "rank 2", "rank 3", "rank 4")}
NONE = Mutated(None, "mutants were not asked for")


def a_test(name: str, *, failed: str = "", notices: bool = True, unjudged: bool = False, **levels: str) -> TracedTest:
    return TracedTest(name, failed, unjudged, 1, notices, {axis: (level,) for axis, level in levels.items()})


def score(*tests: TracedTest, mutated: Mutated = NONE, correct: float | None = 1.0, problem: str = "") -> Score:
    return score_completeness(Traced(WANTED, tests, problem), mutated, correct, WEIGHTS, 20)


def mutants(*fates: Fate) -> Mutated:
    kinds = [Kind.MASK, Kind.BOUND]
    judged = tuple(
        Judged(
            Mutant("k.py", number, 0, kinds[number % 2], "a", "b", "k"),
            fate,
            "a test" if fate is Fate.KILLED else "",
            How.WRONG if fate is Fate.KILLED else None,
        )
        for number, fate in enumerate(fates)
    )
    return Mutated(MutationResult("entry", "tests of the entry", 3, (), 0, judged, 12.0))


def test_a_level_is_covered_by_a_test_that_passes_and_looks_at_the_answer() -> None:
    found = score(a_test("one", dtype="float32", rank="rank 1"), a_test("two", dtype="float16", rank="rank 2"))
    assert [part.points for part in found.parts] == [pytest.approx(5), pytest.approx(2.5), None]
    assert found.parts[1].losses[0].text.endswith("comes to: rank 3; rank 4")


def test_defect_2_tests_that_assert_nothing_cover_nothing() -> None:
    """The published judge counts its own cases, so every entry has the same completeness."""
    found = score(a_test("one", notices=False, dtype="float32", rank="rank 1"))
    assert found.points == 0
    assert "1 of these are called by tests that accept any answer" in found.parts[0].losses[0].text
    assert any("pass whatever the entry answers" in remark for remark in found.remarks)


def test_defect_2_a_wrong_entry_earns_no_completeness() -> None:
    tests = [a_test(f"{d}{r}", dtype=d, rank=r) for d in WANTED["dtype"] for r in WANTED["rank"]]
    assert score(*tests).parts[0].points == 5
    wrong = score(*tests, mutated=mutants(Fate.KILLED), correct=0.6)
    assert wrong.points == 0
    assert "60.0% of the task's cases are right" in wrong.parts[0].losses[0].text


def test_tests_that_fail_on_the_entry_itself_count_for_nothing() -> None:
    found = score(a_test("one", failed="AssertionError: 1 != 2", dtype="float32", rank="rank 1"))
    assert found.points == 0
    assert any("fail on the entry itself" in remark and "1 != 2" in remark for remark in found.remarks)


def test_no_tests_is_nothing_and_not_unmeasured() -> None:
    found = score(problem="test_x.py cannot be collected")
    assert (found.points, found.measured) == (0, 10)
    assert found.parts[0].losses[0].text == "test_x.py cannot be collected"


def test_what_the_interpreter_cannot_run_is_unmeasured() -> None:
    assert score(a_test("one", failed="a gap", unjudged=True)).points is None
    assert score_completeness(None, NONE, None, WEIGHTS, 20).points is None


def test_mutants_that_pass_all_tests_cost_by_their_number() -> None:
    fates = [Fate.KILLED, Fate.KILLED, Fate.SURVIVED, Fate.KILLED, Fate.EQUIVALENT, Fate.UNJUDGED]
    part = score(mutated=mutants(*fates)).parts[-1]
    assert part.points == pytest.approx(7.5)
    assert part.losses[0].text == "1 of 2 mutants of the kind mask pass all tests; one: k.py:2:0 mask: a -> b"
    listed = score(mutated=mutants(*fates)).exhibits[-1]
    assert [row[0] for row in listed.rows] == ["k.py:2"]


def test_without_mutants_it_depends_whose_fault_that_is() -> None:
    assert score(mutated=NONE).parts[-1].points is None
    assert score(mutated=Mutated(None, "no test passes on the kernel as it is", fault=True)).parts[-1].points == 0
    assert score(mutated=mutants(Fate.EQUIVALENT)).parts[-1].points is None
