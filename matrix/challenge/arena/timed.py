"""A cell of an entry with evidence `time`: `matrix/judging/timed.py`'s questions, with the entry in its child.

The entry runs first and by itself, twice, on values of the case and on others; its answer is held against the native
operator's, computed in this process. Then both are timed in the child, and what it says is held against the clock of this
process.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import torch

from matrix.addresses import inner, outer, resolve
from matrix.challenge.arena.timing import (
    Claimed,
    contradictions,
    fresh_tensors,
    how_many,
    read_claims,
    request_of,
    time_outside,
    time_rows,
    variants_of,
)
from matrix.challenge.arena.verdicts import Ended
from matrix.challenge.arena.wire import ROOM, WireError, storage_bytes
from matrix.judging import timed as judging
from matrix.judging.inputs import Arguments, draw
from matrix.judging.judge import provider_arguments, trespass, undispatched
from matrix.judging.outputs import Labelled, changed_arguments, flatten
from matrix.judging.reference import Answer, native_function, written_by
from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result, Timing
from matrix.tampering import Tampering
from matrix.timing import device as devices
from matrix.timing.measuring import DEFAULT
from matrix.timing.statistics import speedup_interval
from matrix.timing.stopwatch import stopwatch_of
from matrix.timing.work import Work
from operators.call import parse_call

if TYPE_CHECKING:
    from matrix.challenge.arena.judge import Bout

PROCEDURE = DEFAULT
RULE = "called on other values, held against the native operator"


def judge_timed(bout: Bout, arguments: Arguments) -> Result:
    """PASS with a timing, or why there is none. Raises Ended."""
    attempt, cell = bout.attempt, bout.cell
    form = judging.form_of_out(cell, arguments)
    attempt.enter(Phase.RUN)
    got = _called(bout, arguments, form, "call")
    if silent := undispatched(attempt, arguments, got):
        return attempt.result(Outcome.UNDISPATCHED, silent)
    launches = attempt.launches
    attempt.enter(Phase.TIME)
    baseline, due, work = judging.baseline_of(attempt, arguments)
    attempt.enter(Phase.COMPARE)
    comparison, complaint = judging.compare_on_device(cell, arguments, got, due)
    if not complaint:
        comparison, complaint = _again(bout, form, due, comparison)
    attempt.launches = launches
    if complaint:
        return attempt.result(Outcome.WRONG, complaint, comparison=comparison)
    attempt.enter(Phase.TIME)
    outside = time_outside(baseline, stopwatch_of(cell.profile.device))
    before = devices.conditions(cell.profile.device)
    claimed, found = _timed(bout, arguments, form, outside)
    bout.keeping.findings.extend(found)
    attempt.enter(Phase.COMPARE)
    if complaint := _picked_wrong(bout, arguments, form, claimed):
        return attempt.result(Outcome.WRONG, complaint, comparison=Comparison(RULE, 1, 1))
    timing = _timing(bout, claimed, work, before)
    return attempt.result(Outcome.PASS, phase=Phase.COMPARE, comparison=comparison, timing=timing)


def _mine(bout: Bout, arguments: Arguments, form: Answer) -> Arguments:
    return provider_arguments(bout.here, arguments, form)


def _called(bout: Bout, arguments: Arguments, form: Answer, operation: str) -> list[Labelled]:
    """What the entry gives for these values. Raises Ended, also when it writes where it must not."""
    mine = _mine(bout, arguments, form)
    got = _labelled(bout, arguments, mine, bout.call(mine, operation))
    if complaint := trespass(arguments, mine, written_by(bout.cell.case.operator, arguments)):
        bout.attempt.enter(Phase.COMPARE)
        raise Ended(bout.attempt.result(Outcome.WRONG, complaint, comparison=Comparison("inputs must stay", 1, 1)))
    return got


def _labelled(bout: Bout, arguments: Arguments, mine: Arguments, returned: Any) -> list[Labelled]:
    got = flatten(returned) + changed_arguments(mine, written_by(bout.cell.case.operator, arguments))
    return got + [(f"argument {name}", mine.kwargs[name]) for name in arguments.like]


def _again(bout: Bout, form: Answer, first: list[Labelled], comparison: Comparison) -> tuple[Comparison, str]:
    """The comparison, unless the same call on other values says that the first answer was none."""
    cell = bout.cell
    other = _drawn(bout)
    bout.attempt.enter(Phase.RUN)
    got = _called(bout, other, form, "again")
    bout.attempt.enter(Phase.TIME)
    due = _native(bout, other)
    bout.attempt.enter(Phase.COMPARE)
    found, complaint = judging.compare_on_device(cell, other, got, due)
    if not complaint:
        return comparison, ""
    if not judging.compare_on_device(cell, other, got, first)[1]:
        bout.keeping.findings.append(
            Tampering("replay", "called again on other values, it gave the answer to the first")
        )
    return found, f"on other values of the same shapes: {complaint}"


def _drawn(bout: Bout) -> Arguments:
    case = bout.cell.case
    return draw(parse_call(case.sample.call), case.dtype, f"{bout.cell.id.seed_text}|{secrets.token_hex(8)}")


def _native(bout: Bout, arguments: Arguments) -> list[Labelled]:
    """The native operator's answer, on this process's own device."""
    cell = bout.cell
    mine = provider_arguments(cell, arguments, judging.form_of_out(cell, arguments))
    if cell.case.operator.reference != "aten":
        for name in arguments.like:
            del mine.kwargs[name]
    with torch.no_grad(), torch.device(cell.profile.device):
        returned = native_function(cell.case.operator)(*mine.args, **mine.kwargs)
    got = flatten(returned) + changed_arguments(mine, written_by(cell.case.operator, arguments))
    return got + [(f"argument {name}", mine.kwargs[name]) for name in arguments.like if name in mine.kwargs]


def _timed(bout: Bout, arguments: Arguments, form: Answer, outside: float) -> tuple[Claimed, list[Tampering]]:
    """What the child says of its laps, and what the clock outside says of that."""
    cell = bout.cell
    count = how_many(arguments)
    sets = [_mine(bout, _drawn(bout), form) for _ in range(count)]
    packed, storages = variants_of(sets)
    fresh = fresh_tensors(parse_call(cell.case.sample.call), cell.case.dtype, sets[0])
    address = cell.case.operator.providers[cell.case.provider]
    adapter = outer(address)
    request = request_of(packed, count, fresh, PROCEDURE)
    request |= {"cell": bout.theirs, "address": inner(address), "adapter": adapter and adapter[0]}
    size = sum(storage.numel() for storage in storages)
    started = time.perf_counter()
    told = bout.ask(request, storages, ROOM + 16 * size)
    whole = time.perf_counter() - started
    bout.check(told, Phase.RUN)
    try:
        claimed = read_claims(told.head, told.parts, len(packed.storages))
    except WireError as error:
        raise bout.forged(str(error)) from error

    def ask(side: str, calls: int, ahead: int) -> None:
        row = {"operation": "burst", "side": side, "count": calls, "ahead": ahead, "cell": bout.theirs}
        bout.check(bout.ask(row), Phase.RUN)

    rows = time_rows(ask, claimed)
    return claimed, [Tampering("timers", said) for said in contradictions(claimed, outside, whole, rows)]


def _picked_wrong(bout: Bout, arguments: Arguments, form: Answer, claimed: Claimed) -> str:
    """A complaint about a call that was picked out of those that were timed."""
    for inputs, changed, returned in claimed.picked:
        given = _filled(arguments.copied(), inputs)
        after = _filled(_mine(bout, arguments, form), changed)
        address = bout.cell.case.operator.providers[bout.cell.case.provider]
        adapter = outer(address)
        found = returned
        if adapter is not None:
            found = resolve(adapter[0])(lambda *_args, _raw=returned, **_kwargs: _raw)(*given.args, **given.kwargs)
        got = _labelled(bout, arguments, after, found)
        complaint = judging.compare_on_device(bout.cell, given, got, _native(bout, given))[1]
        if complaint:
            bout.keeping.findings.append(
                Tampering("replay", "a call that was timed gave another answer than one that was not")
            )
            return f"in a call that was timed: {complaint}"
    if not claimed.picked:
        raise bout.forged("no call was kept of those that were picked")
    return ""


def _filled(mine: Arguments, data: list[bytearray]) -> Arguments:
    """These arguments with these bytes in their memory; those for `out=` come after the others."""
    for (_, tensor), part in zip(mine.tensors(), data, strict=False):
        place = storage_bytes(tensor)
        if place.numel() == len(part) and part:
            place.copy_(torch.frombuffer(part, dtype=torch.uint8))
    return mine


def _timing(bout: Bout, claimed: Claimed, work: Work, before: dict[str, float]) -> Timing:
    cell, device = bout.cell, bout.cell.profile.device
    found = speedup_interval(claimed.baseline.samples, claimed.candidate.samples)
    if found.low is None or found.high is None:
        raise judging.BaselineError(f"{len(claimed.baseline.samples)} samples are too few for an interval")
    operator = cell.case.operator
    conditions = {f"{name} before": value for name, value in before.items()}
    conditions |= {f"{name} after": value for name, value in devices.conditions(device).items()}
    arithmetic = getattr(torch, cell.case.dtype)
    return Timing(
        baseline=claimed.baseline,
        candidate=claimed.candidate,
        against=f"aten::{operator.name}" if operator.reference == "aten" else operator.reference,
        speedup=found.median,
        speedup_low=found.low,
        speedup_high=found.high,
        device=devices.device_name(device),
        stopped=claimed.stopped,
        stable=claimed.stable,
        floor=devices.launch_floor(device),
        moved=work.moved,
        operations=work.operations,
        peak_bandwidth=devices.peak_bandwidth(device),
        peak_arithmetic=devices.peak_arithmetic(device, arithmetic) if work.operations else None,
        conditions=conditions,
    )
