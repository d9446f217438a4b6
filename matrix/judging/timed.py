"""Judging a cell with evidence `time`: the provider against the native operator, on the device, alone.

The provider runs first and by itself (phase run), so what fails there is its own. Then its answer is held against the native
operator's: the speed of another computation is worth nothing. How exact it is, the `run` evidence says. What fails once both
are timed is the native operator's fault or the measuring's, and never the provider's: INFRA in phase time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from matrix.cell import Cell
from matrix.judging import judge as judging
from matrix.judging.aten import functional
from matrix.judging.attempt import Attempt
from matrix.judging.indices import same_values
from matrix.judging.inputs import Arguments
from matrix.judging.outputs import Labelled, changed_arguments, flatten
from matrix.judging.reference import Answer, native_function, written_by
from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result, Sampled, Timing
from matrix.timing import device as devices
from matrix.timing.measuring import DEFAULT, Contender, Procedure, measure
from matrix.timing.stopwatch import Lap, stopwatch_of
from matrix.timing.work import Work, bytes_moved, operations
from operators.adapters.values import VALUES

# How far the provider may be from the native operator, as the norm of the difference over the norm of what is due. Wide
# enough for TF32 and for sums in another order, and far from the distance of another computation, which is about 1.
DISTANCE = {torch.float64: 1e-6, torch.float32: 2e-3, torch.float16: 1e-2, torch.bfloat16: 5e-2}
DISTANCE_OF_NARROW = 0.2  # eight bits and fewer
# A native operator slower than this cannot be repeated often enough for an interval.
SLOWEST_BASELINE = 5.0
REPEATS = 3  # calls of the provider, by itself, before it is timed


class BaselineError(RuntimeError):
    """The native operator cannot serve as a baseline."""


@dataclass
class Prepared:
    """A contender: its own arguments on the device, how it is called with them, and what it is called with again and again."""

    arguments: Arguments
    call: Callable[[], Any]
    restored: list[tuple[torch.Tensor, torch.Tensor]]

    def restore(self) -> None:
        """Give the arguments that a call changes their first values again."""
        for tensor, first in self.restored:
            tensor.copy_(first)

    @property
    def contender(self) -> Contender:
        return Contender(self.call, self.restore)


def judge_timed(
    attempt: Attempt, function: Callable[..., Any], arguments: Arguments, procedure: Procedure = DEFAULT
) -> Result:
    """PASS with a timing, or why there is none."""
    cell = attempt.cell
    attempt.enter(Phase.RUN)
    candidate, got = _candidate(attempt, function, arguments)
    if silent := judging.undispatched(attempt, arguments, got):
        return attempt.result(Outcome.UNDISPATCHED, silent)
    attempt.enter(Phase.TIME)
    baseline, due, work = baseline_of(attempt, arguments)
    attempt.enter(Phase.COMPARE)
    comparison, complaint = compare_on_device(cell, arguments, got, due)
    if complaint:
        return attempt.result(Outcome.WRONG, complaint, comparison=comparison)
    attempt.enter(Phase.TIME)
    timing = _measure(cell, baseline, candidate, procedure, work)
    return attempt.result(Outcome.PASS, phase=Phase.COMPARE, comparison=comparison, timing=timing)


def _candidate(attempt: Attempt, function: Callable[..., Any], arguments: Arguments) -> tuple[Prepared, list[Labelled]]:
    """The provider, ready to be timed, and what it gave back the first time.

    It is entered through torch once, and then called with just what torch handed to it: while it is timed it is not registered,
    or the native operator would be it too.
    """
    prepared = _prepared(attempt.cell, arguments, function)
    mine = prepared.arguments
    returned = judging.call_provider(attempt, function, mine)
    got = [(label, tensor.clone()) for label, tensor in _outputs(attempt.cell, arguments, mine, returned)]
    args, kwargs = attempt.handed or (tuple(mine.args), mine.kwargs)
    prepared.call = lambda: function(*args, **kwargs)
    with torch.no_grad():
        for _ in range(REPEATS):
            prepared.restore()
            prepared.call()
        judging.wait_for_device(attempt)
    return prepared, got


def baseline_of(attempt: Attempt, arguments: Arguments) -> tuple[Prepared, list[Labelled], Work]:
    """The native operator, ready to be timed, its answer on the device, and how much work that is.

    Raises BaselineError when it is too slow to be repeated, and whatever it raises itself.
    """
    cell = attempt.cell
    prepared = _prepared(cell, arguments, native_function(cell.case.operator))
    if cell.case.operator.reference != "aten":
        for name in arguments.like:  # a reference of our own takes no `out`
            del prepared.arguments.kwargs[name]
    with torch.no_grad(), torch.device(cell.profile.device):
        flops = operations(prepared.call)
        prepared.restore()
        judging.wait_for_device(attempt)
        started = time.perf_counter()
        returned = prepared.call()
        judging.wait_for_device(attempt)
        seconds = time.perf_counter() - started
    if seconds > SLOWEST_BASELINE:
        raise BaselineError(f"a call takes {seconds:.1f} s; at most {SLOWEST_BASELINE:g} s can be timed")
    outputs = _outputs(cell, arguments, prepared.arguments, returned)
    inputs = (tensor for _, tensor in arguments.tensors())
    moved = bytes_moved(inputs, (tensor for _, tensor in outputs), cell.case.sample.moves)
    return prepared, [(label, tensor.clone()) for label, tensor in outputs], Work(moved, flops)


def _prepared(cell: Cell, arguments: Arguments, function: Callable[..., Any]) -> Prepared:
    """A contender with arguments of its own."""
    mine = judging.provider_arguments(cell, arguments, form_of_out(cell, arguments))
    written = {id(tensor) for _, tensor in changed_arguments(mine, written_by(cell.case.operator, arguments))}
    restored = [(tensor, tensor.clone()) for _, tensor in mine.tensors() if id(tensor) in written]
    return Prepared(mine, lambda: function(*mine.args, **mine.kwargs), restored)


def form_of_out(cell: Cell, arguments: Arguments) -> Answer:
    """What an `out=` must be like, from the device: at these sizes a reference on the CPU would take minutes."""
    if not arguments.like:
        return Answer()
    operator = cell.case.operator
    call: Callable[..., Any] = native_function(operator)
    if operator.reference == "aten":
        call = functional(operator.name, arguments)
    there = judging.provider_arguments(cell, replace(arguments, like={}), Answer())
    with torch.no_grad(), torch.device(cell.profile.device):
        outputs = flatten(call(*there.args, **there.kwargs))
    return Answer(outputs, outputs)


def _outputs(cell: Cell, arguments: Arguments, mine: Arguments, returned: Any) -> list[Labelled]:
    got = flatten(returned) + changed_arguments(mine, written_by(cell.case.operator, arguments))
    return got + [(f"argument {name}", mine.kwargs[name]) for name in arguments.like if name in mine.kwargs]


def compare_on_device(
    cell: Cell, arguments: Arguments, got: list[Labelled], due: list[Labelled]
) -> tuple[Comparison, str]:
    """Whether both computed the same, judged where they did: the comparison, and a complaint if there is one."""
    operator = cell.case.operator
    if operator.against == "none":
        return Comparison("returned without raising", 0, 0), ""
    found = dict(got)
    worst, total = 0.0, 0
    for label, wanted in due:
        if wanted.numel() == 0 and len(due) > 1:
            continue
        if label not in found:
            return Comparison("number of outputs", 1, 1), f"{label} is missing: gave {sorted(found) or 'nothing'}"
        mine = found[label].to(wanted.device)
        if mine.shape != wanted.shape or mine.dtype != wanted.dtype:
            seen, asked = (f"{list(one.shape)} {one.dtype}" for one in (mine, wanted))
            return Comparison("shape and dtype", 1, 1), f"{label} is {seen}, the native operator's is {asked}"
        total += wanted.numel()
        if operator.against == "distribution":
            continue
        apart = distance(mine, wanted)
        allowed = allowed_distance(wanted.dtype)
        if not apart <= allowed and not _same_values(cell, arguments, mine, wanted):
            rule = f"distance to the native operator at most {allowed:g}"
            comparison = Comparison(rule, wanted.numel(), wanted.numel(), max_rel=apart, bound=allowed)
            return comparison, f"{label} is another answer than the native operator's: relative distance {apart:.3g}"
        worst = max(worst, min(apart, allowed))
    if operator.against == "distribution":
        return Comparison("shape and dtype as the native operator's", total, 0), ""
    return Comparison(
        "the same computation as the native operator (norm of the difference)", total, 0, max_rel=worst
    ), ""


def distance(got: torch.Tensor, due: torch.Tensor) -> float:
    """|got - due| / |due| in the 2-norm, over what is finite; infinite where one is finite and the other is not."""
    if not due.is_floating_point() and not due.is_complex():
        return float((got != due).sum()) / max(1, due.numel())
    wide = torch.complex64 if due.is_complex() else torch.float32
    wide = due.dtype if due.dtype in (torch.float64, torch.complex128) else wide
    one, other = got.to(wide), due.to(wide)
    finite = torch.isfinite(other)
    if not torch.equal(finite, torch.isfinite(one)):
        return float("inf")
    difference = torch.where(finite, one - other, 0).norm()
    size = torch.where(finite, other, 0).norm()
    return float(difference / size) if float(size) else float(difference)


def allowed_distance(dtype: torch.dtype) -> float:
    """What DISTANCE says of an element type; whole numbers must be equal."""
    if dtype.is_complex:
        return DISTANCE[torch.float32]
    return DISTANCE.get(dtype, DISTANCE_OF_NARROW) if dtype.is_floating_point else 0.0


def _same_values(cell: Cell, arguments: Arguments, got: torch.Tensor, due: torch.Tensor) -> bool:
    """Positions may differ where values are equal."""
    operator = cell.case.operator
    if operator.reference != "aten" or due.dtype is not torch.int64:
        return False
    return same_values(operator.name, operator.base, arguments, got.cpu(), due.cpu())


def _measure(cell: Cell, baseline: Prepared, candidate: Prepared, procedure: Procedure, work: Work) -> Timing:
    device = cell.profile.device
    before = devices.conditions(device)
    VALUES.computed = False  # putting an answer in order serves the comparison, which has been made
    try:
        with torch.no_grad():
            measured = measure(baseline.contender, candidate.contender, stopwatch_of(device), procedure)
    finally:
        VALUES.computed = True
    conditions = {f"{name} before": value for name, value in before.items()}
    conditions |= {f"{name} after": value for name, value in devices.conditions(device).items()}
    low, high = measured.speedup.low, measured.speedup.high
    if low is None or high is None:
        raise BaselineError(f"{len(measured.baseline)} samples are too few for an interval")
    operator = cell.case.operator
    return Timing(
        baseline=_sampled(measured.baseline),
        candidate=_sampled(measured.candidate),
        against=f"aten::{operator.name}" if operator.reference == "aten" else operator.reference,
        speedup=measured.speedup.median,
        speedup_low=low,
        speedup_high=high,
        device=devices.device_name(device),
        stopped=measured.stopped,
        stable=measured.stable,
        floor=devices.launch_floor(device),
        moved=work.moved,
        operations=work.operations,
        peak_bandwidth=devices.peak_bandwidth(device),
        peak_arithmetic=devices.peak_arithmetic(device, getattr(torch, cell.case.dtype)) if work.operations else None,
        conditions=conditions,
    )


def _sampled(laps: tuple[Lap, ...]) -> Sampled:
    return Sampled(tuple(lap.seconds for lap in laps), statistics.median(lap.host for lap in laps))
