"""Judging a cell of an entry: a judge for the runner, as `matrix.judging.judge` is, in a process that never loads the entry.

Inputs, reference and comparison are made here. The entry's function is called in a child (`keeping.py`), first on the
case's own values, then again, in the same memory, on values that nobody could know: drawn from the case with a secret. What
the child finds, and what its answers contradict, is tampering: it stands in the result with its kind, and no such result is
a PASS.
"""

from __future__ import annotations

import atexit
import secrets
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from matrix.addresses import inner, outer, resolve
from matrix.cell import Cell
from matrix.challenge.arena.keeping import Died, Keeping, Served, StartError, Told
from matrix.challenge.arena.spawning import Started, start
from matrix.challenge.arena.timed import judge_timed
from matrix.challenge.arena.verdicts import Ended, near, short, with_tampering
from matrix.challenge.arena.wire import ROOM, Overdue, WireError, pack_arguments, rebuild, storage_bytes
from matrix.judging.attempt import Announce, Attempt
from matrix.judging.comparing import compare_outputs
from matrix.judging.inputs import Arguments, draw
from matrix.judging.judge import compare_returned, guarded, provider_arguments, reference_of, trespass, undispatched
from matrix.judging.outputs import Labelled, changed_arguments, flatten
from matrix.judging.reference import Answer, answer, written_by
from matrix.outcome import Evidence, Outcome, Phase
from matrix.record import RecordError, result_from_json
from matrix.result import Comparison, Result
from matrix.runner.announcement import CARRYING, Announced
from matrix.runner.death import Death, judge_death
from matrix.tampering import Tampering
from operators.call import parse_call

# A child is given a little less time than the worker, whose watchdog would end us as well.
SHARE_OF_LIMIT = 0.9
# The outcomes that a child can find by itself.
OF_CHILD = (Outcome.ERROR, Outcome.OOM, Outcome.UNCOMPILED, Outcome.INFRA)
# Modules whose names no file of an entry may have.
RELIED_ON = ("backends", "flag_gems", "matrix", "numpy", "operators", "os", "sys", "time", "torch", "triton")
# The second call of a case.
AGAIN = "again"
# After these the child is asked what became of things; after these and no finding it goes on.
ANSWERED = (Outcome.PASS, Outcome.WRONG, Outcome.ERROR, Outcome.UNDISPATCHED)
WELL = (Outcome.PASS, Outcome.WRONG, Outcome.UNDISPATCHED)
REST_SECONDS = 2.0
# What takes longer in the interpreter, or is larger, is not called a second time: a second reference would take minutes, and
# where nothing is timed a replay gains nothing.
REPEATED_ELEMENTS = 1 << 22
REPEATED_SECONDS = 3.0


@dataclass
class _Kept:
    """The keeper of this process, if it has one."""

    keeping: list[Keeping] = field(default_factory=list)


_kept = _Kept()


def judge(cell: Cell, announce: Announce) -> Result:
    """Judge one cell. `announce` is told of every phase before it begins, so that a death can be charged to it."""
    attempt = Attempt(cell, announce)
    bout: list[Bout] = []

    def judge_it(attempt: Attempt) -> Result:
        bout.append(Bout(attempt, keeping_of(cell)))
        return bout[0].judge()

    result = guarded(attempt, judge_it)
    return bout[0].close(result) if bout else result


def warm(cell: Cell, started: Started | None = None) -> None:
    """Have a keeper for cells like this one, and see that a child of it is well. It may have been started already."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if started is not None:
        end()
        _kept.keeping.append(Keeping(started))
    keeping_of(cell).have(cell, entry_folder(cell))


def probe() -> str | None:
    """Why no child is well; None when one is. One that made bad news was ended: then a new one is had, and asked."""
    for keeping in _kept.keeping:
        try:
            keeping.have(keeping.cell, entry_folder(keeping.cell))
        except (StartError, Died, Overdue, WireError) as error:
            return f"no child of the arena is well: {error}"
    return None


def keeping_of(cell: Cell) -> Keeping:
    """The keeper for a profile and evidence; one that serves others is ended."""
    if _kept.keeping and (
        _kept.keeping[0].serves != (cell.profile.name, cell.evidence) or not _kept.keeping[0].lives()
    ):
        end()
    if not _kept.keeping:
        _kept.keeping.append(Keeping(start(cell)))
    return _kept.keeping[0]


@atexit.register
def end() -> None:
    """End the keeper of this process."""
    while _kept.keeping:
        _kept.keeping.pop().close()


def entry_folder(cell: Cell) -> Path:
    """The folder of the entry that answers a cell."""
    return Path(inner(cell.case.operator.providers[cell.case.provider]).rpartition(":")[0]).resolve().parent


class Bout:
    """One cell against the child."""

    def __init__(self, attempt: Attempt, keeping: Keeping) -> None:
        self.attempt = attempt
        self.cell = attempt.cell
        self.keeping = keeping
        self.address = inner(self.cell.case.operator.providers[self.cell.case.provider])
        limits = self.cell.profile.limits
        self.deadline = time.monotonic() + SHARE_OF_LIMIT * limits.seconds
        own = replace(self.cell.case.operator, providers={self.cell.case.provider: self.address})
        self.theirs = replace(self.cell, case=replace(self.cell.case, operator=own))
        keeping.begin()
        self.memory_fault = False
        self.held: str | None = None
        self.rested = False

    def judge(self) -> Result:
        try:
            return self._judge()
        except Ended as ended:
            return ended.result

    def _judge(self) -> Result:
        attempt, cell = self.attempt, self.cell
        child = self.keeping.have(self.theirs, entry_folder(cell))  # in phase start: what fails there is ours
        self.held = child.held
        attempt.enter(Phase.IMPORT)
        self.load(child)
        attempt.enter(Phase.INPUTS)
        arguments = draw(parse_call(cell.case.sample.call), cell.case.dtype, cell.id.seed_text)
        if cell.evidence is Evidence.COMPILE:
            return self._judge_compiled(arguments)
        if cell.evidence is Evidence.TIME:
            return judge_timed(self, arguments)
        attempt.enter(Phase.REFERENCE)
        due = reference_of(cell, arguments)
        mine = provider_arguments(self.here, arguments, due)
        attempt.enter(Phase.RUN)
        if cell.case.sample.raises:
            return self._must_raise(mine, due)
        began = time.monotonic()
        returned = self.call(mine)
        took = time.monotonic() - began
        attempt.enter(Phase.COMPARE)
        result = compare_returned(attempt, arguments, mine, returned, due)
        slow = cell.evidence.emulated and took > REPEATED_SECONDS
        large = sum(tensor.numel() for _, tensor in arguments.tensors()) > REPEATED_ELEMENTS
        if result.outcome is not Outcome.PASS or slow or large:
            return result
        return self._repeat(result, arguments, due)

    @property
    def here(self) -> Cell:
        """The cell as it is on this process's own device, the host."""
        return replace(self.cell, evidence=Evidence.INTERPRET)

    def load(self, child: Served) -> None:
        """Have the child import the entry."""
        self._find_shadows(child.entry)
        if child.loaded == self.address:
            return
        told = self.ask({"operation": "load", "address": self.address, "cell": self.theirs})
        self.check(told, Phase.IMPORT)
        child.loaded = self.address

    def _find_shadows(self, entry: Path) -> None:
        """Files that would be taken for modules that the judge relies on, were the entry's folder not the last on the path."""
        for name in RELIED_ON:
            if (entry / f"{name}.py").exists() or (entry / name / "__init__.py").exists():
                self.keeping.findings.append(
                    Tampering("shadow", f"{name} is the name of a module that the judge relies on")
                )

    def call(self, mine: Arguments, operation: str = "call") -> Any:
        """What the entry returns for these arguments, whose memory becomes what it is after the call. Raises Ended."""
        address = self.cell.case.operator.providers[self.cell.case.provider]
        return self.made(address, operation)(*mine.args, **mine.kwargs)

    def made(self, address: str, operation: str) -> Callable[..., Any]:
        """The entry's function as it is to be called here: adapters are ours, and stay in this process."""
        if (maker := outer(address)) is None:
            return lambda *args, **kwargs: self._remote(operation, Arguments(list(args), kwargs))
        made: Callable[..., Any] = resolve(maker[0])(self.made(maker[1], operation))
        return made

    def _remote(self, operation: str, arguments: Arguments) -> Any:
        packed = pack_arguments(arguments)
        again = operation == AGAIN  # the last call of a case: what becomes of things is looked at with it
        request = {"operation": operation, "arguments": packed.arguments, "cell": self.theirs, "rest": again}
        sent = sum(part.numel() for part in packed.storages)
        told = self.ask(request, packed.storages, ROOM + 4 * sent)
        self.rested = told.head.get("rested") is True
        self.memory_fault = bool(told.head.get("memory_fault"))
        self.check(told, Phase.RUN)
        return self._read(told, arguments)

    def _read(self, told: Told, arguments: Arguments) -> Any:
        """What came: the memory of the arguments, put in its place, and what was returned."""
        tensors = [tensor for _, tensor in arguments.tensors()]
        places = [storage_bytes(tensor) for tensor in tensors]
        data = told.parts[: len(places)]
        if [len(part) for part in data] != [place.numel() for place in places]:
            raise self.forged("the arguments came back in another size")
        for place, part in zip(places, data, strict=True):
            if part:
                place.copy_(torch.frombuffer(part, dtype=torch.uint8))
        try:
            facts = result_from_json(told.head.get("facts"))
            returned = rebuild(told.head.get("returned"), told.parts[len(places) :])
        except (RecordError, WireError, KeyError, TypeError, ValueError) as error:
            raise self.forged(str(error)) from error
        self.attempt.entered, self.attempt.launches, self.attempt.compiled = True, facts.launches, facts.compiled
        return returned

    def check(self, told: Told, phase: Phase) -> None:
        """Raises Ended with what the child's code raised, if it did."""
        if "refused" not in told.head:
            return
        try:
            found = result_from_json(told.head["refused"])
        except RecordError as error:
            raise self.forged(str(error)) from error
        if found.outcome not in OF_CHILD or (found.outcome is Outcome.INFRA and found.gap is None):
            raise self.forged(f"the child said {found.outcome}")
        self.attempt.launches, self.attempt.compiled = found.launches, found.compiled
        facts: dict[str, Any] = {"traceback": found.traceback, "gap": found.gap, "phase": phase}
        if phase is Phase.RUN and self.cell.evidence is Evidence.COMPILE:
            facts["phase"] = Phase.COMPILE
        raise Ended(self.attempt.result(found.outcome, found.detail, **facts))

    def ask(self, request: dict[str, Any], parts: tuple[torch.Tensor, ...] = (), limit: int = 0) -> Told:
        """Ask the child. Raises Ended when it dies, is overdue, or answers what is no answer."""
        try:
            return self.keeping.ask(request, parts, self.deadline, limit)
        except Died as death:
            raise Ended(self._death(death)) from death
        except Overdue as overdue:
            seconds = SHARE_OF_LIMIT * self.cell.profile.limits.seconds
            detail = f"did not finish within {seconds:g} s and was ended"
            raise Ended(self.attempt.result(Outcome.TIMEOUT, detail)) from overdue
        except WireError as error:
            raise self.forged(str(error)) from error

    def _death(self, death: Died) -> Result:
        attempt = self.attempt
        announced = Announced(1, time.monotonic(), 0, 0, 1, attempt.phase, CARRYING, str(self.cell.id))
        limit = self.cell.profile.limits.seconds
        found = judge_death(Death("", announced, death.status, limit, output=death.output))
        return attempt.result(found.outcome, found.detail, output=found.output)

    def forged(self, what: str) -> Ended:
        self.keeping.findings.append(Tampering("forged", what[:300]))
        self.keeping.end_child()
        return Ended(self.attempt.result(Outcome.ERROR, f"the child's answer is none: {what[:300]}", phase=Phase.RUN))

    def _must_raise(self, mine: Arguments, due: Answer) -> Result:
        try:
            self.call(mine)
        except Ended as ended:
            if ended.result.outcome is not Outcome.ERROR or self.memory_fault or self.keeping.findings:
                return ended.result
            rule = f"must raise, as torch does ({short(due.raised)}); raised {short(ended.result.detail)}"
            return self.attempt.result(Outcome.PASS, phase=Phase.COMPARE, comparison=Comparison(rule, 0, 0))
        self.attempt.enter(Phase.COMPARE)
        detail = f"takes an illegal call without an error; torch raises {short(due.raised)}"
        return self.attempt.result(Outcome.WRONG, detail, comparison=Comparison("must raise", 1, 1))

    def _judge_compiled(self, arguments: Arguments) -> Result:
        due = Answer()
        if arguments.like:
            self.attempt.enter(Phase.REFERENCE)
            due = reference_of(self.cell, arguments)
        mine = provider_arguments(self.here, arguments, due)
        self.attempt.enter(Phase.COMPILE)
        returned = self.call(mine)
        got = flatten(returned) + changed_arguments(mine, written_by(self.cell.case.operator, arguments))
        if silent := undispatched(self.attempt, arguments, got):
            return self.attempt.result(Outcome.UNDISPATCHED, silent)
        if not self.attempt.compiled:
            nothing = Comparison("nothing to compute, so no kernel to compile", 0, 0)
            return self.attempt.result(Outcome.PASS, phase=Phase.COMPARE, comparison=nothing)
        return self.attempt.result(Outcome.PASS)

    def _repeat(self, first: Result, arguments: Arguments, due: Answer) -> Result:
        """The result, unless the same call on other values shows that the first answer was none."""
        attempt, cell = self.attempt, self.cell
        launches, compiled = attempt.launches, attempt.compiled
        secret = secrets.token_hex(8)
        other = draw(parse_call(cell.case.sample.call), cell.case.dtype, f"{cell.id.seed_text}|{secret}")
        attempt.enter(Phase.REFERENCE)
        wanted = answer(cell.case.operator, other, "", None)
        if wanted.raised is not None:
            return first  # drawn outside of what the operator takes: says nothing
        mine = provider_arguments(self.here, other, wanted)
        attempt.enter(Phase.RUN)
        returned = self.call(mine, AGAIN)
        attempt.enter(Phase.COMPARE)
        complaint = self._again_wrong(other, mine, returned, wanted)
        complaint = complaint or trespass(other, mine, written_by(cell.case.operator, other))
        attempt.launches, attempt.compiled = launches, compiled
        if not complaint:
            return first
        if not self._again_wrong(arguments, None, returned, due):
            self.keeping.findings.append(
                Tampering("replay", "called again on other values, it gave the answer to the first")
            )
        comparison = Comparison(f"called again on other values of the same shapes (drawn with {secret})", 1, 1)
        return attempt.result(Outcome.WRONG, f"on other values of the same shapes: {complaint}", comparison=comparison)

    def _again_wrong(self, arguments: Arguments, mine: Arguments | None, returned: Any, due: Answer) -> str:
        """A complaint about a repeated call; what its own bound refuses is held to a wider one, which replays do not meet."""
        got: list[Labelled] = flatten(returned)
        if mine is not None:
            got += changed_arguments(mine, written_by(self.cell.case.operator, arguments))
            got += [(f"argument {name}", mine.kwargs[name]) for name in arguments.like]
        return "" if near(dict(got), due) else compare_outputs(self.cell, arguments, got, due).complaint

    def close(self, result: Result) -> Result:
        """The result with what was found. After bad news, or an exception on a device, the child is ended."""
        if self.keeping.child is not None and result.outcome in ANSWERED and not self.rested:
            self.deadline = max(self.deadline, time.monotonic() + REST_SECONDS)
            try:
                self.ask({"operation": "rest", "cell": self.theirs})
            except Ended as ended:
                result = ended.result if result.outcome is Outcome.PASS else result
        findings = tuple(self.keeping.findings)
        if result.outcome is not Outcome.PASS and result.output is None:
            result = replace(result, output=self.keeping.output())
        raised = self.cell.case.sample.raises and not self.cell.evidence.emulated
        if findings or raised or result.outcome not in WELL:
            self.keeping.end_child()
        return replace(with_tampering(result, findings), confined=self.held)
