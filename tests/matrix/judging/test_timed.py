"""Evidence `time`, with real functions on this processor: what is timed, what is refused, and whose fault it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.judging import timed
from matrix.judging.inputs import draw
from matrix.judging.judge import judge
from matrix.judging.preparing import prepare
from matrix.judging.timed import allowed_distance, distance
from matrix.outcome import Evidence, Outcome, Phase
from matrix.timing.measuring import Procedure
from operators.adapters.values import VALUES
from operators.call import parse_call

MakeCell = Callable[..., Cell]

QUICK = Procedure(warm_seconds=0.0, warm_limit=0.01, seconds=0.02, most_blocks=12, least_seconds=0.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few samples: what is tested here is what becomes of them."""
    monkeypatch.setattr(timed, "DEFAULT", QUICK)
    monkeypatch.setattr(timed.judge_timed, "__defaults__", (QUICK,))


def test_a_right_answer_is_timed(make_cell: MakeCell) -> None:
    phases: list[Phase] = []
    result = judge(make_cell("double", "T[64, 64]", evidence="time"), phases.append)
    assert result.outcome is Outcome.PASS, result.detail
    timing = result.timing
    assert timing is not None
    assert len(timing.baseline.samples) == len(timing.candidate.samples) >= 12
    assert timing.speedup_low <= timing.speedup <= timing.speedup_high
    assert timing.moved == 2 * 64 * 64 * 4
    assert timing.against.endswith(":reference")
    assert (timing.bandwidth_share or 0) > 0
    assert timing.arithmetic_share is None
    assert phases[-3:] == [Phase.TIME, Phase.COMPARE, Phase.TIME]


def test_a_call_in_place_writes_what_it_returns_once(make_cell: MakeCell) -> None:
    result = judge(make_cell("doubles", "T[64, 64]", "doubles", outputs=("0",), evidence="time"), lambda _: None)
    assert result.outcome is Outcome.PASS, result.detail
    assert result.timing is not None
    assert result.timing.moved == 2 * 64 * 64 * 4


def test_an_answer_is_not_put_in_order_while_it_is_timed(make_cell: MakeCell) -> None:
    cell = make_cell("ordered", evidence="time")
    assert judge(cell, lambda _: None).outcome is Outcome.PASS
    seen = resolve(cell.case.operator.providers["mine"]).__globals__["SEEN"]
    assert seen[0] is True
    assert seen[-1] is False
    assert VALUES.computed


def test_it_is_the_provider_and_the_native_operator_that_are_timed(make_cell: MakeCell) -> None:
    """Each sleeps for 4 ms in turn: nothing that takes less can have been called."""
    slow = judge(make_cell("naps", evidence="time"), lambda _: None).timing
    baseline = judge(make_cell("double", reference="napping_reference", evidence="time"), lambda _: None).timing
    assert slow is not None
    assert baseline is not None
    assert min(slow.candidate.samples) >= 0.004
    assert min(baseline.baseline.samples) >= 0.004
    assert slow.speedup < 1 < baseline.speedup


def test_torch_s_own_operator_is_the_baseline_of_an_aten_row(make_cell: MakeCell) -> None:
    cell = make_cell("mm", "T[32, 16], T[16, 8]", "aten", name="mm", base="mm", family="matmul", evidence="time")
    result = judge(cell, lambda _: None)
    assert result.outcome is Outcome.PASS, result.detail
    assert result.timing is not None
    assert result.timing.against == "aten::mm"
    assert result.timing.operations == 2 * 32 * 16 * 8
    assert (result.timing.arithmetic_share or 0) > 0


def test_the_speed_of_a_wrong_answer_is_not_reported(make_cell: MakeCell) -> None:
    result = judge(make_cell("off", evidence="time"), lambda _: None)
    assert (result.outcome, result.phase, result.timing) == (Outcome.WRONG, Phase.COMPARE, None)
    assert "another answer than the native operator's" in result.detail


@pytest.mark.parametrize(("provider", "word"), [("half", "float16"), ("short", "is [1]"), ("nan", "inf")])
def test_another_dtype_shape_or_nan_is_no_answer(make_cell: MakeCell, provider: str, word: str) -> None:
    result = judge(make_cell(provider, evidence="time"), lambda _: None)
    assert result.outcome is Outcome.WRONG
    assert word in result.detail


def test_what_a_provider_raises_is_its_own(make_cell: MakeCell) -> None:
    result = judge(make_cell("fails", evidence="time"), lambda _: None)
    assert (result.outcome, result.phase) == (Outcome.ERROR, Phase.RUN)


def test_a_provider_without_a_kernel_is_not_timed(make_cell: MakeCell) -> None:
    result = judge(make_cell("double", proof="launch", evidence="time"), lambda _: None)
    assert result.outcome is Outcome.UNDISPATCHED


def test_a_native_operator_that_fails_is_never_the_provider_s_fault(make_cell: MakeCell) -> None:
    result = judge(make_cell("double", reference="no_reference", evidence="time"), lambda _: None)
    assert (result.outcome, result.phase) == (Outcome.INFRA, Phase.TIME)
    assert "the native operator, or timing it, failed" in result.detail
    assert "not on this device" in result.detail


def test_a_native_operator_that_is_too_slow_is_never_the_provider_s_fault(
    make_cell: MakeCell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed, "SLOWEST_BASELINE", 0.1)
    result = judge(make_cell("double", reference="slow_reference", evidence="time"), lambda _: None)
    assert (result.outcome, result.phase) == (Outcome.INFRA, Phase.TIME)
    assert "a call takes 0.3 s; at most 0.1 s can be timed" in result.detail


def test_arguments_that_a_call_changes_are_restored_before_each(make_cell: MakeCell) -> None:
    """Doubled hundreds of times the values would be infinite, and the last answer another than the first."""
    cell = make_cell("doubles", reference="doubles", outputs=("0",), evidence="time")
    result = judge(cell, lambda _: None)
    assert result.outcome is Outcome.PASS, result.detail
    arguments = draw(parse_call(cell.case.sample.call), "float32", cell.id.seed_text)
    prepared = timed._prepared(cell, arguments, lambda x: x.mul_(2))
    for _ in range(3):
        prepared.restore()
        prepared.call()
    assert torch.equal(prepared.arguments.args[0], 2 * arguments.args[0])


def test_what_is_written_to_an_argument_is_timed_too(make_cell: MakeCell) -> None:
    result = judge(make_cell("into", "T[5], out=like(0)", evidence="time"), lambda _: None)
    assert result.outcome is Outcome.PASS, result.detail


def test_preparing_calls_the_provider_once_and_notes_no_timing(make_cell: MakeCell) -> None:
    assert prepare(make_cell("double"), lambda _: None).outcome is Outcome.PASS
    assert prepare(make_cell("into", "T[5], out=like(0)"), lambda _: None).outcome is Outcome.PASS
    assert prepare(make_cell("fails"), lambda _: None).outcome is Outcome.ERROR


def test_evidence_time_asks_for_a_timing(make_cell: MakeCell) -> None:
    assert str(make_cell("double", evidence="time").id).endswith(f"@{Evidence.TIME}")


def test_distances() -> None:
    one = torch.tensor([3.0, 4.0])
    assert distance(one, one) == 0
    assert distance(one + torch.tensor([0.0, 0.5]), one) == pytest.approx(0.1)
    assert distance(torch.tensor([1, 2, 4]), torch.tensor([1, 2, 3])) == pytest.approx(1 / 3)
    assert distance(torch.zeros(2), torch.zeros(2)) == 0
    nan = torch.tensor([float("nan"), 1.0])
    assert distance(nan, nan) == 0
    assert distance(torch.tensor([0.0, 1.0]), nan) == float("inf")
    assert distance(torch.zeros(2), one) == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_another_computation_is_farther_than_any_rounding(dtype: torch.dtype) -> None:
    assert torch.finfo(dtype).eps <= 2 * allowed_distance(dtype) < 0.5
    assert allowed_distance(torch.int32) == 0
