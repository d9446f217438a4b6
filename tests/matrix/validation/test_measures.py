"""What each measure comes to, on evidence small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from backends.gate import MEASURES as NAMES
from backends.gate import Gate
from backends.pattern import parse_pattern
from backends.waiver import Waiver
from matrix.outcome import Outcome
from matrix.validation.evidence import finals, gather, gather_timed
from matrix.validation.growth import MIB
from matrix.validation.levels import Answer, judge_gate
from matrix.validation.measures import MEASURES, Grounds, Measured, measure
from matrix.validation.repeated import Repetitions
from matrix.validation.soaked import Crash, Round, Soak
from matrix.validation.timing import speedup_of
from tests.matrix.validation.conftest import CHIP, CORE, LAME, OPERATORS, Ids, make_run, result

PASS, WRONG, ERROR = Outcome.PASS, Outcome.WRONG, Outcome.ERROR
DAY = date(2026, 11, 1)
GATE = Gate("g", "G", "S", "operators", 0.8, coverage=0.9, unsupported="against", waivers=True)


def grounds(outcomes: dict[str, Outcome], profile: object = CHIP, live: tuple[Waiver, ...] = ()) -> Grounds:
    found = finals([make_run(outcomes)], "chip")
    return Grounds(gather(profile, OPERATORS, CORE, found, live))  # type: ignore[arg-type]


def answer(gate: Gate, found: Grounds) -> tuple[Answer, Measured]:
    measured = measure(gate, found)
    return judge_gate(gate, measured), measured


def test_there_is_a_function_for_every_measure() -> None:
    assert set(MEASURES) == set(NAMES)


def test_an_operator_passes_when_every_judged_case_of_all_its_overloads_does(every: Ids) -> None:
    outcomes = dict.fromkeys(every(), PASS)
    assert answer(GATE, grounds(outcomes))[1].value == 1.0
    outcomes["chip:add.out/gems[dtype=float16,sample=odd-0]@run"] = WRONG
    verdict, measured = answer(GATE, grounds(outcomes))
    assert measured.value == 4 / 5, "add, mm, wide, draw, rope: add.Tensor and add.out are one"
    assert verdict is Answer.PASSED
    assert measured.failing == ("add: WRONG in 1 of 10 judged cases",)


def test_a_gate_may_count_some_kinds_of_calls_only(every: Ids) -> None:
    outcomes = dict.fromkeys(every(), PASS)
    outcomes["chip:add.out/gems[dtype=float16,sample=odd-0]@run"] = WRONG
    typical = replace(GATE, kinds=("typical",))
    assert answer(typical, grounds(outcomes))[1].value == 1.0
    assert answer(replace(GATE, kinds=("odd",)), grounds(outcomes))[1].failing == ("add: WRONG in 1 of 4 judged cases",)


def test_too_little_evidence_is_not_measured_unless_the_rest_could_not_save_it(every: Ids) -> None:
    some = dict.fromkeys(every()[:8], PASS)
    assert answer(GATE, grounds(some))[0] is Answer.NOT_MEASURED
    lost = {name: WRONG for name in every() if "typical" in name and ("add" in name or "mm" in name)}
    assert answer(GATE, grounds(lost))[0] is Answer.FAILED


def test_nothing_judged_is_not_measured() -> None:
    verdict, measured = answer(GATE, grounds({}))
    assert (verdict, measured.value, measured.judged) == (Answer.NOT_MEASURED, None, 0)


def test_what_fails_on_the_reference_chip_too_is_told_apart(every: Ids) -> None:
    """add fails where the reference does too, mm in a case that passes there, rope in one that was not judged there."""
    bad = {name for name in every() if "typical" in name and ("add" in name or "mm" in name or "rope" in name)}
    outcomes = {name: WRONG if name in bad else PASS for name in every()}
    rows = [name.partition(":")[2].rpartition("@")[0] for name in every()]
    there = {row: "add" not in row for row in rows if "rope" not in row}
    found = replace(grounds(outcomes), reference={"Else": there})
    assert measure(GATE, found).note == "2 of 5 pass; of 3 that fail, 1 fail in the same cases on the chip of Else"


def test_core_operators_are_those_of_the_list_only(every: Ids) -> None:
    core = replace(GATE, operators="core", at_least=1.0)
    outcomes = {name: PASS if "add.Tensor" in name or "mm/" in name else WRONG for name in every()}
    assert answer(core, grounds(outcomes))[0] is Answer.PASSED
    assert answer(GATE, grounds(outcomes))[0] is Answer.FAILED


@pytest.mark.parametrize(("unsupported", "value"), [("against", 4 / 5), ("aside", 1.0)])
def test_what_a_chip_declares_it_cannot_do_counts_as_the_gate_says(every: Ids, unsupported: str, value: float) -> None:
    outcomes = {name: PASS for name in every() if "wide" not in name}
    gate = replace(GATE, unsupported=unsupported)
    measured = measure(gate, grounds(outcomes, LAME))
    assert measured.value == value
    assert measured.coverage == 1.0


def test_a_waiver_counts_only_where_the_gate_takes_waivers(every: Ids) -> None:
    outcomes = {name: WRONG if "mm/" in name else PASS for name in every()}
    waiver = Waiver("chip", (parse_pattern("mm"),), "r", "p", "o", "a", DAY, DAY)
    found = grounds(outcomes, live=(waiver,))
    strict = replace(GATE, at_least=1.0)
    assert answer(strict, found)[0] is Answer.PASSED
    assert "1 of them with a waiver" in measure(strict, found).note
    assert answer(replace(strict, waivers=False), found)[0] is Answer.FAILED
    assert measure(replace(GATE, measure="cases"), found).value == pytest.approx(23 / 28)


def test_what_a_chip_cannot_do_at_all_can_be_waived(every: Ids) -> None:
    waiver = Waiver("chip", (parse_pattern("wide"),), "r", "p", "o", "a", DAY, DAY)
    outcomes = {name: PASS for name in every() if "wide" not in name}
    strict = replace(GATE, at_least=1.0)
    assert answer(strict, grounds(outcomes, LAME, (waiver,)))[0] is Answer.PASSED
    assert answer(strict, grounds(outcomes, LAME))[0] is Answer.FAILED


def test_what_was_not_judged_lowers_the_coverage_and_not_the_share(every: Ids) -> None:
    names = every()
    outcomes = {name: WRONG if name == names[0] else PASS for name in names[:14]}
    measured = measure(replace(GATE, measure="cases"), grounds(outcomes))
    assert measured.value == pytest.approx(13 / 14)
    assert measured.coverage == pytest.approx(14 / 28)
    assert measured.best == pytest.approx(27 / 28)


def test_a_kernel_that_gives_a_wrong_answer_has_answered(every: Ids) -> None:
    outcomes = dict.fromkeys(every(), PASS)
    outcomes["chip:mm/gems[dtype=float16,sample=odd-0]@run"] = WRONG
    outcomes["chip:mm/gems[dtype=float16,sample=typical-0]@run"] = ERROR
    measured = measure(replace(GATE, measure="answers"), grounds(outcomes))
    illegal = sum("illegal" in name for name in every())
    assert (measured.judged, measured.total) == (len(every()) - illegal,) * 2
    assert measured.value == pytest.approx(1 - 1 / measured.judged)


def test_overloads_are_counted_one_by_one_and_only_those_called_through_torch(every: Ids) -> None:
    outcomes = dict.fromkeys(every(), PASS)
    outcomes["chip:add.out/gems[dtype=float16,sample=odd-0]@run"] = WRONG
    measured = measure(replace(GATE, measure="overloads"), grounds(outcomes))
    assert measured.value == 4 / 5, "add.Tensor, add.out, mm, wide, draw; rope is called directly"


def test_speed_is_a_geometric_mean_over_operators_with_its_coverage(every: Ids) -> None:
    speeds = dict(zip(every("time")[:4], (4.0, 1.0, 0.25, 1.0), strict=True))
    found = finals([make_run({name: result(name, speedup=speed) for name, speed in speeds.items()})], "chip")
    timed = gather_timed(CHIP, OPERATORS, CORE, found, speedup_of)
    gate = Gate("p", "P", "S", "speed", 0.8, coverage=0.5)
    measured = measure(gate, Grounds((), timed))
    assert measured.value == pytest.approx((2.0 * 0.25 * 1.0) ** (1 / 3)), "add 2 (of 4 and 1), mm 0.25, wide 1"
    assert (measured.judged, measured.total) == (3, 5)
    assert measured.failing == ("mm: 0.25",)
    assert judge_gate(replace(gate, coverage=0.7), measured) is Answer.NOT_MEASURED
    assert judge_gate(replace(gate, at_least=0.7), measured) is Answer.PASSED


def test_accuracy_is_relative_to_the_reference_over_the_cases_judged_on_both(every: Ids) -> None:
    gate = Gate("a", "A", "S", "reference", 0.98, coverage=0.9, reference="Else")
    outcomes = dict.fromkeys(every(), PASS)
    here = grounds(outcomes | {every()[0]: WRONG})
    there = {name.partition(":")[2].rpartition("@")[0]: True for name in every()}
    assert judge_gate(gate, measure(gate, here)) is Answer.NOT_MEASURED
    both = replace(here, reference={"Else": there})
    assert measure(gate, both).value == pytest.approx(27 / 28)
    assert judge_gate(gate, measure(gate, both)) is Answer.FAILED
    worse = there | dict.fromkeys(list(there)[:2], False)
    assert measure(gate, replace(here, reference={"Else": worse})).value == pytest.approx(27 / 26)
    small = dict(list(there.items())[:5])
    assert judge_gate(gate, measure(gate, replace(here, reference={"Else": small}))) is Answer.NOT_MEASURED


def repeated(count: int, different: int = 0, fault: str = "") -> dict[str, Repetitions]:
    rows = [f"{name}/gems[dtype=float32,sample=typical-0]" for name in CORE]
    return {rows[0]: Repetitions(count, different, fault), rows[1]: Repetitions(1000, 0)}


@pytest.mark.parametrize(
    ("found", "due"),
    [
        (repeated(1000), Answer.PASSED),
        (repeated(999), Answer.NOT_MEASURED),
        (repeated(1000, different=1), Answer.FAILED),
        (repeated(3, different=1), Answer.FAILED),
        (repeated(0, fault="CRASH"), Answer.FAILED),
        ({}, Answer.NOT_MEASURED),
    ],
)
def test_repetitions_pass_only_in_full_number_and_all_alike(found: dict[str, Repetitions], due: Answer) -> None:
    gate = Gate("r", "R", "S", "repeats", 1.0, operators="core", coverage=0.95, repetitions=1000)
    assert answer(gate, replace(grounds({}), repeated=found))[0] is due


def test_what_fails_when_called_once_is_not_asked_to_be_repeatable() -> None:
    gate = Gate("r", "R", "S", "repeats", 1.0, operators="core", coverage=0.95, repetitions=1000)
    bad = {f"chip:{CORE[0]}/gems[dtype=float32,sample=typical-0]@run": ERROR}
    found = replace(grounds(bad), repeated=repeated(0, fault="ERROR"))
    assert answer(gate, found)[0] is Answer.NOT_MEASURED


def soak(hours: float, crashes: int = 0, growth: float = 0.0) -> Soak:
    laps = tuple(100 * MIB + growth * MIB * lap for lap in range(20))
    crash = tuple(Crash("chip:mm", "CRASH", "ended by SIGSEGV") for _ in range(crashes))
    memory = {"host": (laps,)}
    return Soak("chip", "run", "2026", 1, 1, {}, {}, (Round(1, hours * 3600, 1, 1, {}, crash, memory),))


STRESS = Gate("s", "S", "S", "stress", 72, operators="core")
LEAKS = Gate("l", "L", "S", "leaks", 1.0, operators="core", hours=72)


@pytest.mark.parametrize(
    ("gate", "found", "due"),
    [
        (STRESS, soak(72), Answer.PASSED),
        (STRESS, soak(71.9), Answer.NOT_MEASURED),
        (STRESS, soak(100, crashes=1), Answer.FAILED),
        (STRESS, soak(1, crashes=1), Answer.FAILED),
        (STRESS, soak(72, growth=1), Answer.PASSED),
        (STRESS, None, Answer.NOT_MEASURED),
        (LEAKS, soak(72), Answer.PASSED),
        (LEAKS, soak(72, crashes=1), Answer.PASSED),
        (LEAKS, soak(71), Answer.NOT_MEASURED),
        (LEAKS, soak(1, growth=1), Answer.FAILED),
        (LEAKS, soak(72, growth=1), Answer.FAILED),
        (LEAKS, None, Answer.NOT_MEASURED),
    ],
)
def test_a_soak_passes_only_when_it_is_whole(gate: Gate, found: Soak | None, due: Answer) -> None:
    assert answer(gate, replace(grounds({}), soak=found))[0] is due
