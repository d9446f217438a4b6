"""Every way a call can go ends in one result, charged to the phase it went wrong in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from matrix.cell import Cell
from matrix.judging.judge import judge, on_device
from matrix.outcome import Outcome, Phase
from matrix.result import Result

MakeCell = Callable[..., Cell]


def judged(cell: Cell) -> tuple[Result, list[Phase]]:
    phases: list[Phase] = []
    return judge(cell, phases.append), phases


def test_the_right_answer_passes_through_every_phase(make_cell: MakeCell) -> None:
    result, phases = judged(make_cell("double"))
    assert result.outcome is Outcome.PASS
    assert phases == [Phase.IMPORT, Phase.INPUTS, Phase.REFERENCE, Phase.RUN, Phase.COMPARE]
    assert result.comparison is not None
    assert result.comparison.total == 5
    assert result.seconds is not None


@pytest.mark.parametrize(
    ("provider", "outcome", "words"),
    [
        ("off", Outcome.WRONG, "outside the bound"),
        ("nan", Outcome.WRONG, "got nan"),
        ("short", Outcome.WRONG, "shape [1]"),
        ("two", Outcome.WRONG, "output is missing"),
        ("half", Outcome.WRONG, "is float16, due is float32"),
        ("keeps", Outcome.WRONG, "argument 0 was changed"),
        ("fails", Outcome.ERROR, "ValueError: no such shape ("),
        ("leaves", Outcome.ERROR, "SystemExit: 3"),
        ("greedy", Outcome.OOM, "MemoryError"),
        ("absent", Outcome.ERROR, "has no 'absent'"),
    ],
)
def test_every_fault_of_the_provider_is_its_own(
    make_cell: MakeCell, provider: str, outcome: Outcome, words: str
) -> None:
    result, _ = judged(make_cell(provider))
    assert result.outcome is outcome, result
    assert words in result.detail


@pytest.mark.parametrize(
    ("cell", "phase"),
    [
        ({"call": "T[5"}, Phase.INPUTS),
        ({"call": "T[5].values(1)"}, Phase.INPUTS),
        ({"reference": "fails"}, Phase.REFERENCE),
        ({"reference": "absent"}, Phase.REFERENCE),
        ({"raises": True}, Phase.REFERENCE),
    ],
)
def test_a_fault_before_the_provider_is_called_is_the_suites(
    make_cell: MakeCell, cell: dict[str, object], phase: Phase
) -> None:
    result, _ = judged(make_cell("double", **cell))
    assert (result.outcome, result.phase) == (Outcome.INFRA, phase)


def test_an_illegal_call_must_raise(make_cell: MakeCell) -> None:
    polite, _ = judged(make_cell("picky", "T[2, 2]", "picky_reference", raises=True))
    assert polite.outcome is Outcome.PASS
    careless, _ = judged(make_cell("double", "T[2, 2]", "picky_reference", raises=True))
    assert careless.outcome is Outcome.WRONG
    assert "takes an illegal call" in careless.detail


def test_an_answer_without_a_launch_is_undispatched_where_a_launch_is_the_proof(make_cell: MakeCell) -> None:
    result, _ = judged(make_cell("double", proof="launch"))
    assert result.outcome is Outcome.UNDISPATCHED
    assert "the answer is right" in result.detail
    wrong, _ = judged(make_cell("off", proof="launch"))
    assert "the answer is wrong" in wrong.detail
    empty, _ = judged(make_cell("double", "T[0]", proof="launch"))
    assert empty.outcome is Outcome.PASS


def test_an_out_argument_is_poisoned_and_compared(make_cell: MakeCell) -> None:
    result, _ = judged(make_cell("into", "T[5], out=like(0)", "double"))
    assert result.outcome is Outcome.PASS


def test_an_illegal_call_with_an_out_argument_has_one_to_write_to(make_cell: MakeCell) -> None:
    result, _ = judged(make_cell("picky", "T[2, 2], out=like(0)", "picky_reference", raises=True))
    assert result.outcome is Outcome.PASS


def test_an_impostor_that_would_pass_is_named(make_cell: MakeCell) -> None:
    result, _ = judged(make_cell("zero_of", "T[5].fill(0)"))
    assert result.comparison is not None
    assert result.comparison.vacuous == ("identity", "zeros")


def test_torch_is_judged_by_its_own_name_and_through_its_own_road(make_cell: MakeCell) -> None:
    result, _ = judged(make_cell("double", "T[5]", "aten", name="neg", base="neg"))
    assert result.outcome is Outcome.WRONG


def test_memory_that_nobody_wrote_shows(make_cell: MakeCell) -> None:
    result, _ = judged(make_cell("unwritten", "T[64]"))
    assert result.outcome is Outcome.WRONG
    assert "64 of 64" in result.detail
    assert "got nan" in result.detail


@pytest.mark.parametrize(("provider", "words"), [("beyond", "element 9"), ("astray", "illegal memory access")])
def test_an_access_out_of_bounds_is_no_refusal_of_an_illegal_call(
    make_cell: MakeCell, provider: str, words: str
) -> None:
    result, _ = judged(make_cell(provider, "T[2, 2]", "picky_reference", raises=True))
    assert result.outcome is Outcome.ERROR
    assert words in result.detail


def test_a_fault_that_the_device_reports_late_is_the_runs(make_cell: MakeCell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a kernel's access out of bounds is: the launch returns, and who waits for the device is told."""

    class Device:
        @staticmethod
        def synchronize() -> None:
            raise RuntimeError("an illegal memory access was encountered")

    monkeypatch.setattr(torch, "chip", Device, raising=False)
    cell = make_cell("double", "3")
    result, phases = judged(replace(cell, profile=replace(cell.profile, device="chip")))
    assert (result.outcome, result.phase) == (Outcome.ERROR, Phase.RUN), result.detail
    assert phases[-1] is Phase.RUN


def test_a_device_that_is_asked_for_has_the_number_of_the_one_that_the_tensors_lie_on() -> None:
    with FakeTensorMode():
        there = on_device(torch.device("cpu"), "cuda")
    assert there == torch.device("cuda:0")


def test_the_output_that_used_most_of_its_bound_speaks_for_the_call(make_cell: MakeCell) -> None:
    result, _ = judged(make_cell("nearly_pair", "T[64]", "pair"))
    assert result.outcome is Outcome.PASS, result.detail
    assert result.comparison is not None
    assert result.comparison.output == 1
