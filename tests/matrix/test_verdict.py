"""Result + expectations -> verdict: what excuses what, until when, and what a run as a whole comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.expectation import Expectation, Expectations
from backends.pattern import parse_pattern
from matrix.outcome import PROVIDER_FAULTS, SUITE_PHASES, Outcome, Phase, Verdict
from matrix.result import Comparison, Result
from matrix.verdict import LOUD, SEVERITY, exit_code, find_lapsed, judge_verdict, worst

TODAY = date(2026, 11, 22)
CELL = "laptop:add.Tensor/gems[dtype=float32,sample=typical-0]@interpret"
OTHER = "laptop:add.Tensor/gems[dtype=float32,sample=empty-0]@interpret"
FURTHER = "laptop:mul.Tensor/gems[dtype=float32,sample=typical-0]@interpret"


def expect(outcome: str, pattern: str = "add.Tensor", expires: date | None = None) -> Expectation:
    return Expectation("laptop", (parse_pattern(pattern),), outcome, "known since May", "us", None, expires)


def found(outcome: Outcome, phase: Phase = Phase.RUN, cell: str = CELL) -> Result:
    comparison = Comparison("exact", 1, 0) if outcome is Outcome.PASS else None
    return Result(cell, outcome, Phase.COMPARE if outcome is Outcome.WRONG else phase, "because", comparison=comparison)


def judge(outcome: Outcome, *expectations: Expectation, phase: Phase = Phase.RUN) -> Verdict:
    return judge_verdict(found(outcome, phase), Expectations(expectations), TODAY)


@pytest.mark.parametrize("outcome", sorted(PROVIDER_FAULTS))
def test_a_fault_of_the_provider_is_broken_known_or_another_one(outcome: Outcome) -> None:
    other = "CRASH" if outcome is not Outcome.CRASH else "WRONG"
    assert judge(outcome) is Verdict.BROKEN
    assert judge(outcome, expect(outcome)) is Verdict.KNOWN
    assert judge(outcome, expect(other)) is Verdict.BROKEN
    assert judge(outcome, expect(other), expect(outcome)) is Verdict.KNOWN
    assert judge(outcome, expect(outcome, "mul.Tensor")) is Verdict.BROKEN


def test_a_pass_is_ok_or_fixed() -> None:
    assert judge(Outcome.PASS) is Verdict.OK
    assert judge(Outcome.PASS, expect("ERROR")) is Verdict.FIXED
    assert judge(Outcome.PASS, expect("ERROR", expires=TODAY - timedelta(days=1))) is Verdict.OK


def test_what_another_column_expects_excuses_the_same_failure_and_promises_none() -> None:
    taken_over = replace(expect("ERROR"), inherited=True)
    assert judge(Outcome.ERROR, taken_over) is Verdict.KNOWN
    assert judge(Outcome.WRONG, taken_over) is Verdict.BROKEN
    assert judge(Outcome.PASS, taken_over) is Verdict.OK
    assert judge(Outcome.PASS, taken_over, expect("ERROR")) is Verdict.FIXED
    assert lapsed(taken_over, {CELL: Outcome.PASS}, [CELL]) == []
    assert lapsed(replace(taken_over, expires=TODAY - timedelta(1)), {}, [CELL]) == []


def test_what_says_nothing_of_the_provider_is_never_broken() -> None:
    assert judge(Outcome.UNSUPPORTED, expect("ERROR")) is Verdict.NOT_APPLICABLE
    assert judge(Outcome.NOT_RUN, expect("ERROR")) is Verdict.UNKNOWN
    assert judge(Outcome.INFRA) is Verdict.SUITE
    assert judge(Outcome.INFRA, expect("INFRA")) is Verdict.KNOWN
    assert judge(Outcome.INFRA, expect("ERROR")) is Verdict.SUITE


@pytest.mark.parametrize("phase", sorted(SUITE_PHASES))
def test_blame_follows_the_phase_and_no_expectation_hides_it(phase: Phase) -> None:
    assert judge(Outcome.ERROR, phase=phase) is Verdict.SUITE
    assert judge(Outcome.CRASH, expect("CRASH"), phase=phase) is Verdict.SUITE


def test_an_import_that_fails_is_the_providers_fault() -> None:
    assert judge(Outcome.ERROR, phase=Phase.IMPORT) is Verdict.BROKEN


def test_an_expectation_excuses_up_to_and_with_its_last_day() -> None:
    assert judge(Outcome.ERROR, expect("ERROR", expires=TODAY)) is Verdict.KNOWN
    assert judge(Outcome.ERROR, expect("ERROR", expires=TODAY - timedelta(days=1))) is Verdict.BROKEN


@given(st.sampled_from(Outcome), st.sampled_from(Phase), st.lists(st.sampled_from(sorted(PROVIDER_FAULTS)), max_size=3))
def test_every_result_has_a_verdict_and_a_fault_is_never_quiet(
    outcome: Outcome, phase: Phase, expected: list[Outcome]
) -> None:
    verdict = judge_verdict(found(outcome, phase), Expectations(expect(name) for name in expected), TODAY)
    assert verdict in SEVERITY
    assert (verdict in LOUD) or not outcome.blames_provider


@given(st.sets(st.sampled_from(Verdict), min_size=1))
def test_the_worst_is_what_a_person_should_see_first(verdicts: set[Verdict]) -> None:
    shown = worst(verdicts)
    assert shown in verdicts
    assert (shown is Verdict.BROKEN) == (Verdict.BROKEN in verdicts)
    assert shown not in (Verdict.UNKNOWN, Verdict.NOT_APPLICABLE) or Verdict.OK not in verdicts


def test_severity_names_every_verdict_once() -> None:
    assert sorted(SEVERITY) == sorted(Verdict)


def lapsed(
    expectation: Expectation, outcomes: dict[str, Outcome], universe: list[str] | None = None
) -> list[tuple[str, str]]:
    return [(item.kind, item.why) for item in find_lapsed(Expectations([expectation]), outcomes, TODAY, universe)]


def test_an_expired_expectation_is_named_whatever_was_run() -> None:
    [(kind, why)] = lapsed(expect("ERROR", expires=date(2026, 1, 1)), {CELL: Outcome.ERROR})
    assert (kind, why[:21]) == ("expired", "expired on 2026-01-01")


def test_an_expectation_is_stale_when_all_its_cells_pass() -> None:
    both = {CELL: Outcome.PASS, OTHER: Outcome.PASS}
    assert lapsed(expect("ERROR"), both, [CELL, OTHER, FURTHER]) == [("stale", "all 2 cells that it matches pass")]
    assert lapsed(expect("ERROR"), both | {OTHER: Outcome.UNSUPPORTED}, [CELL, OTHER]) != []
    assert lapsed(expect("ERROR", "add.Tensor[sample=empty-0]"), both, [CELL, OTHER]) == [
        ("stale", "the cell that it matches passes")
    ]


@pytest.mark.parametrize("other", sorted(set(Outcome) - {Outcome.PASS, Outcome.UNSUPPORTED}))
def test_an_expectation_is_not_stale_while_one_cell_does_not_pass(other: Outcome) -> None:
    assert lapsed(expect("ERROR"), {CELL: Outcome.PASS, OTHER: other}, [CELL, OTHER]) == []


def test_a_small_tier_does_not_accuse_an_expectation_of_the_full_one() -> None:
    assert lapsed(expect("ERROR"), {CELL: Outcome.PASS}, [CELL, OTHER]) == []
    assert lapsed(expect("ERROR"), {CELL: Outcome.PASS}) == []


def test_an_expectation_that_matches_no_cell_at_all_is_stale() -> None:
    assert lapsed(expect("ERROR", "gone.Tensor"), {}, [CELL]) == [("stale", "matches no cell of the full plan")]
    assert lapsed(expect("ERROR", "gone.Tensor"), {}) == []


def test_exit_codes() -> None:
    assert exit_code({}) == 3
    assert exit_code({Verdict.OK: 5, Verdict.KNOWN: 2, Verdict.SUITE: 1}) == 0
    assert exit_code({Verdict.OK: 5, Verdict.BROKEN: 1}) == 1
    assert exit_code({Verdict.UNKNOWN: 5}) == 0
    assert exit_code({Verdict.OK: 5}, lapsed=1) == 0
    assert exit_code({Verdict.OK: 5}, lapsed=1, strict=True) == 1


def test_a_run_in_which_the_suite_failed_everywhere_is_not_green() -> None:
    assert exit_code({Verdict.SUITE: 5, Verdict.UNKNOWN: 3, Verdict.NOT_APPLICABLE: 1}) == 1


def test_a_draft_excuses_and_is_named_until_a_person_has_finished_it() -> None:
    draft = replace(expect("ERROR"), reason="TODO: IndexError: out of range")
    assert judge(Outcome.ERROR, draft) is Verdict.KNOWN
    assert [item[0] for item in lapsed(draft, {CELL: Outcome.ERROR}, [CELL])] == ["draft"]
    assert [item[0] for item in lapsed(draft, {}, None)] == ["draft"]
    assert lapsed(replace(draft, reason="reads past the end"), {CELL: Outcome.ERROR}, [CELL]) == []
    assert lapsed(replace(draft, inherited=True), {CELL: Outcome.ERROR}, [CELL]) == []
