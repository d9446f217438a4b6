"""Judging one cell, in the worker: inputs, reference, the provider's call, comparison. Every way out is a Result.

Blame follows the phase: what fails before the provider is called is the suite's fault, never the provider's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from matrix import providers
from matrix.cell import Cell
from matrix.compilation import Compiler
from matrix.compilation import activate as activate_compiler
from matrix.emulation import Emulator, activate
from matrix.inference.case import WorkloadCase
from matrix.judging.attempt import Announce, Attempt, blame, describe
from matrix.judging.comparing import Judged, compare_outputs
from matrix.judging.device_launches import device_launches
from matrix.judging.fallback import fallen_back
from matrix.judging.inputs import Arguments, draw, poison, torch_dtype
from matrix.judging.outputs import Labelled, changed_arguments, flatten, untouched_tensors
from matrix.judging.reference import Answer, answer, written_by
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Compiled, Launch, Result
from operators.call import parse_call

CACHE_VARIABLE = "MATRIX_CACHE"


class SuiteFault(Exception):  # noqa: N818 - a fault of ours, told apart from errors of those we judge
    """Inputs or reference could not be had: the case is at fault."""


def judge(cell: Cell, announce: Announce) -> Result:
    """Judge one cell. `announce` is told of every phase before it begins, so that a death can be charged to it."""
    return guarded(Attempt(cell, announce), _judge)


def guarded(attempt: Attempt, judge_it: Callable[[Attempt], Result]) -> Result:
    """What judging comes to, whatever is raised."""
    try:
        return judge_it(attempt)
    except BaseException as error:  # noqa: BLE001 - the one boundary: candidates raise anything, SystemExit included
        return blame(attempt, error)


def begin(attempt: Attempt) -> tuple[Callable[..., Any], Arguments] | Result:
    """The provider's function and the arguments it is to be called with; a Result where something else would answer."""
    cell = attempt.cell
    attempt.enter(Phase.IMPORT)
    attempt.emulator = emulator_of(cell)
    function = providers.load(cell)
    if silent := fallen_back(cell, function):
        return attempt.result(Outcome.UNDISPATCHED, silent)
    attempt.enter(Phase.INPUTS)
    return function, draw(parse_call(cell.case.sample.call), cell.case.dtype, cell.id.seed_text)


def _judge(attempt: Attempt) -> Result:
    if isinstance(attempt.cell.case, WorkloadCase):
        from matrix.inference.judge import judge_workload

        return judge_workload(attempt)
    cell, begun = attempt.cell, begin(attempt)
    if isinstance(begun, Result):
        return begun
    function, arguments = begun
    if cell.evidence is Evidence.COMPILE:
        return _judge_compiled(attempt, function, arguments)
    if cell.evidence is Evidence.TIME:
        from matrix.judging.timed import judge_timed

        return judge_timed(attempt, function, arguments)
    attempt.enter(Phase.REFERENCE)
    due = reference_of(cell, arguments)
    mine = provider_arguments(cell, arguments, due)
    attempt.enter(Phase.RUN)
    if cell.case.sample.raises:
        return _must_raise(attempt, function, mine, due)
    returned = call_provider(attempt, function, mine)
    attempt.enter(Phase.COMPARE)
    return compare_returned(attempt, arguments, mine, returned, due)


def emulator_of(cell: Cell) -> Emulator | Compiler | None:
    """What stands in for the chip in this process, where the evidence takes none."""
    if cell.evidence is Evidence.COMPILE:
        return activate_compiler(cell.profile)
    return activate(cell.profile) if cell.evidence is Evidence.INTERPRET else None


def _judge_compiled(attempt: Attempt, function: Callable[..., Any], arguments: Arguments) -> Result:
    """PASS when every kernel that the call launches was compiled. The reference gives the form of `out=` and no more."""
    due = Answer()
    if arguments.like:
        attempt.enter(Phase.REFERENCE)
        due = reference_of(attempt.cell, arguments)
    mine = provider_arguments(attempt.cell, arguments, due)
    attempt.enter(Phase.COMPILE)
    returned = call_provider(attempt, function, mine)
    if isinstance(attempt.emulator, Compiler) and attempt.emulator.unknown.stopped is not None:
        raise attempt.emulator.unknown.stopped  # host code caught it and went on without the value
    got = flatten(returned) + changed_arguments(mine, written_by(attempt.cell.case.operator, arguments))
    if silent := undispatched(attempt, arguments, got):
        return attempt.result(Outcome.UNDISPATCHED, silent)
    if not attempt.compiled:
        nothing = Comparison("nothing to compute, so no kernel to compile", 0, 0)
        return attempt.result(Outcome.PASS, phase=Phase.COMPARE, comparison=nothing)
    return attempt.result(Outcome.PASS)


def reference_of(cell: Cell, arguments: Arguments) -> Answer:
    """The reference's answer. Raises SuiteFault when it is not what the case says: an answer, or an exception."""
    key = f"{cell.id.seed_text}|{cell.case.sample.call}"
    found = answer(cell.case.operator, arguments, key, cache_folder())
    if cell.case.sample.raises and found.raised is None:
        raise SuiteFault("the case says that the call must raise, and the reference takes it")
    if not cell.case.sample.raises and found.raised is not None:
        raise SuiteFault(f"the reference raised {found.raised}")
    return found


def cache_folder() -> Path | None:
    """Where references are kept between runs; an empty variable switches that off."""
    folder = os.environ.get(CACHE_VARIABLE)
    return _references(folder) if folder else None


@cache
def _references(folder: str) -> Path:
    return Path(folder) / "references"


def provider_arguments(cell: Cell, arguments: Arguments, due: Answer) -> Arguments:
    """The provider's own copy of the arguments, on its device, with poisoned tensors for `out=`."""
    mine = arguments.copied()
    outputs = due.native if due.native is not None else due.exact
    for name, index in arguments.like.items():
        model = outputs[index][1] if outputs else torch.empty(0, dtype=torch_dtype(cell.case.dtype, cell.case.dtype))
        mine.kwargs[name] = torch.full(model.shape, poison(model.dtype), dtype=model.dtype)
    device = "cpu" if cell.evidence.emulated else cell.profile.device
    if device == "cpu":
        return mine
    return mine.mapped(lambda leaf: on_device(leaf, device))


def on_device(leaf: Any, device: str) -> Any:
    """A leaf of the arguments on a device, with what lies between its elements."""
    if isinstance(leaf, torch.Tensor):
        whole = torch.empty(0, dtype=leaf.dtype).set_(leaf.untyped_storage())
        return whole.to(device).as_strided(leaf.shape, leaf.stride(), leaf.storage_offset())
    if isinstance(leaf, torch.device):
        return torch.empty(0, device=device).device  # with its number, as torch's own front end hands it on
    return leaf


def call_provider(attempt: Attempt, function: Callable[..., Any], mine: Arguments) -> Any:
    """What the provider returns; its launches are noted in the attempt, whatever it raises."""
    emulator = attempt.emulator
    key = providers.INTERPRETED_KEY if emulator is not None else attempt.cell.profile.dispatch_key
    torch.manual_seed(0)
    launches: list[Launch] | list[Compiled] = []
    if isinstance(emulator, Compiler):
        function = emulator.watched(function)
    try:
        with (
            torch.no_grad(),
            _poisoned_memory(),
            providers.provided(attempt.cell, function, key) as there,
            _watched(attempt) as launches,
            emulator.window() if emulator is not None else nullcontext(),
        ):
            try:
                returned = there.call(*mine.args, **mine.kwargs)
                wait_for_device(attempt)
                return returned
            finally:
                attempt.entered, attempt.handed = there.entered, there.handed
    finally:
        attempt.note(launches)


def wait_for_device(attempt: Attempt) -> None:
    """What a kernel does wrong on a chip is known when it has ended: later the fault would be another phase's."""
    if attempt.emulator is None and attempt.cell.profile.device != "cpu":
        module: Any = getattr(torch, attempt.cell.profile.device.partition(":")[0], None)
        if hasattr(module, "synchronize"):
            module.synchronize()


@contextmanager
def _poisoned_memory() -> Iterator[None]:
    """While the block lasts torch hands out memory filled with NaN (or the largest integer): what nobody writes shows."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(mode=before)


def _watched(attempt: Attempt) -> AbstractContextManager[list[Launch] | list[Compiled]]:
    """The launches of the block; without emulation and without a device there are none to see."""
    if attempt.emulator is not None:
        return attempt.emulator.launches()
    return nullcontext([]) if attempt.cell.profile.device == "cpu" else device_launches()


def _must_raise(attempt: Attempt, function: Callable[..., Any], mine: Arguments, due: Answer) -> Result:
    try:
        call_provider(attempt, function, mine)
    except Exception as error:  # noqa: BLE001 - raising anything clean is what is due
        refused = blame(attempt, error)
        if refused.outcome is not Outcome.ERROR or is_memory_fault(error):
            return refused
        rule = f"must raise, as torch does ({_short(due.raised)}); raised {_short(describe(error))}"
        return attempt.result(Outcome.PASS, phase=Phase.COMPARE, comparison=Comparison(rule, 0, 0))
    attempt.enter(Phase.COMPARE)
    detail = f"takes an illegal call without an error; torch raises {_short(due.raised)}"
    return attempt.result(Outcome.WRONG, detail, comparison=Comparison("must raise", 1, 1))


def is_memory_fault(error: BaseException) -> bool:
    """An access out of bounds, found by the emulation or by the device, is no refusal of the call."""
    return bool(getattr(error, "memory_fault", False)) or "illegal memory access" in str(error)


def compare_returned(attempt: Attempt, arguments: Arguments, mine: Arguments, returned: Any, due: Answer) -> Result:
    """PASS, WRONG or UNDISPATCHED for what was returned and for what became of the arguments."""
    operator = attempt.cell.case.operator
    written = written_by(operator, arguments)
    got = flatten(returned) + changed_arguments(mine, written)
    got += [(f"argument {name}", mine.kwargs[name]) for name in arguments.like]
    got = [(label, tensor.detach().to("cpu")) for label, tensor in got]
    judged = compare_outputs(attempt.cell, arguments, got, due)
    if silent := undispatched(attempt, arguments, got):
        right = "the answer is right" if not judged.complaint else f"and the answer is wrong: {judged.complaint}"
        return attempt.result(Outcome.UNDISPATCHED, f"{silent}; {right}", phase=Phase.RUN)
    complaint = judged.complaint or trespass(arguments, mine, written)
    if complaint:
        return attempt.result(Outcome.WRONG, complaint, comparison=_failed(judged))
    return attempt.result(Outcome.PASS, comparison=judged.comparison)


def _failed(judged: Judged) -> Comparison:
    comparison = judged.comparison
    return comparison if comparison.mismatched else replace(comparison, rule=f"{comparison.rule}; inputs must stay")


def undispatched(attempt: Attempt, arguments: Arguments, got: list[Labelled]) -> str:
    """Why the answer is not the provider's kernel's; empty when it is, or when there was nothing to compute."""
    if not attempt.entered:
        return "torch never came by the provider's function"
    if attempt.cell.case.operator.proof == "call" or attempt.launches or attempt.compiled:
        return ""
    empty = not got or all(tensor.numel() == 0 for _, tensor in got)
    if empty or any(tensor.numel() == 0 for _, tensor in arguments.tensors()):
        return ""
    return "the provider's function launched no kernel of its own"


def trespass(arguments: Arguments, mine: Arguments, written: tuple[str, ...]) -> str:
    """Which argument was written to that must stay as it is, its surroundings in memory included."""
    before, after = untouched_tensors(arguments, written), untouched_tensors(mine, (*written, *arguments.like))
    for (label, old), (_, new) in zip(before, after, strict=True):
        if not torch.equal(_bytes(old), _bytes(new)):
            return f"{label} was changed, and the operator is not declared to change it"
    return ""


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    """All of the tensor's memory, on the CPU: a device's own copy would leave out what lies between the elements."""
    return torch.empty(0, dtype=torch.uint8, device=tensor.device).set_(tensor.untyped_storage()).cpu()


def _short(text: str | None, limit: int = 160) -> str:
    plain = " ".join((text or "").split())
    return plain if len(plain) <= limit else plain[: limit - 3] + "..."
