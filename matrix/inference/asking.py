"""Asking one side of a workload: a fresh child process, watched to its end, and what it said or how it died.

The child has the environment of the worker that starts it, which is the profile's. Its phases are announced as the worker's
own, so that the death of either is charged alike.
"""

from __future__ import annotations

import importlib.util
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from matrix.inference.request import OUTPUT, AnswerError, Request, read_answer
from matrix.outcome import SUITE_PHASES, Outcome, Phase
from matrix.record import RecordError, read_launch
from matrix.result import Launch
from matrix.runner.death import describe_status
from matrix.runner.output import read_tail
from workloads.kinds import NEEDED

if TYPE_CHECKING:
    from matrix.judging.attempt import Announce

LOOK_SECONDS = 0.05
OUTPUT_TAIL = 4000


@dataclass(frozen=True)
class Fault:
    """Why a side has no answer: what the cell is then. Fields as of Result.

    operator  the one that the provider was answering for;  entered: as of Answer, as far as it is known
    """

    outcome: Outcome
    phase: Phase
    detail: str
    gap: str | None = None
    traceback: str | None = None
    output: str | None = None
    operator: str = ""
    entered: Mapping[str, int] = field(default_factory=dict)
    offered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a side said.

    found    what its step returned;  facts: of its engine
    entered  ATen name -> how often the provider was asked;  launches: kernels of the provider that ran
    offered  ATen names that the provider was registered for
    seconds  from the start of the process to its end
    """

    found: Mapping[str, Any]
    facts: Mapping[str, str]
    entered: Mapping[str, int] = field(default_factory=dict)
    launches: tuple[Launch, ...] = ()
    offered: tuple[str, ...] = ()
    needs_launch: bool = False
    seconds: float = 0.0

    @property
    def strange(self) -> str:
        """Why the answer is not torch's own kernels'; empty when it is."""
        return f"the plug-in was switched off, and replaced {len(self.entered)} operators" if self.entered else ""

    @property
    def undispatched(self) -> str:
        """Why the answer is not the provider's; empty when it is."""
        if not self.entered:
            return "torch never came by any of the provider's functions"
        if self.needs_launch and not self.launches:
            return "the provider's functions launched no kernel of their own"
        return ""


def ask(
    request: Request,
    announce: Announce,
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float = math.inf,
) -> Answer | Fault:
    """Start a child, wait for it, and read its answer.

    environment  None: this process's, as of a worker, whose own watchdog limits the time as well
    """
    started = time.monotonic()
    process = start(request, environment)
    try:
        overdue = _watch(process, request, announce, started + seconds)
    finally:
        process.kill()
        process.wait()
    if overdue:
        phase = request.phase()
        outcome = Outcome.INFRA if phase in SUITE_PHASES else Outcome.TIMEOUT
        return Fault(outcome, phase, f"did not finish within {seconds:g} s and was ended")
    return read_side(request, process.returncode, time.monotonic() - started)


def start(request: Request, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The child process of a request, with this process's environment unless another is given. Whoever starts it ends it."""
    path = request.save()
    with (request.folder / OUTPUT).open("wb") as output:
        return subprocess.Popen(
            [str(request.python or sys.executable), "-P", "-m", "matrix.inference.child", str(path)],
            env=dict(os.environ if environment is None else environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _watch(process: subprocess.Popen[bytes], request: Request, announce: Announce, deadline: float) -> bool:
    """Announce the phases until the process has ended; whether time was up before."""
    said: Phase | None = None
    while True:
        ended = process.poll() is not None
        if (phase := request.phase()) is not said:
            announce(phase)
            said = phase
        if ended or time.monotonic() > deadline:
            return not ended
        time.sleep(LOOK_SECONDS)


def read_side(request: Request, status: int, seconds: float) -> Answer | Fault:
    """What a child that has ended said, or how it died."""
    phase, output = request.phase(), read_tail(request.folder / OUTPUT, OUTPUT_TAIL)
    try:
        found = read_answer(request.folder)
        if "raised" in found:
            fault = _raised(found["raised"], phase, output, request.cell.case.provider)
            operator = str(found["raised"].get("operator") or "")
            return replace(fault, entered=_entered(found), offered=_offered(found), operator=operator)
        return answer_of(found, seconds)
    except (AnswerError, RecordError, TypeError, ValueError, AttributeError) as error:
        if status != 0:
            return _died(status, phase, output)
        outcome = Outcome.INFRA if phase in SUITE_PHASES else Outcome.CRASH
        return Fault(outcome, phase, f"the process ended without a result: {error}", output=output)


def answer_of(found: Mapping[str, Any], seconds: float) -> Answer:
    """What a child wrote, as an answer. Raises RecordError, TypeError, ValueError or AttributeError for what is none."""
    proof = found.get("proof") or {}
    return Answer(
        found=found,
        facts={str(name): str(text) for name, text in dict(found.get("facts") or {}).items()},
        entered=_entered(found),
        offered=_offered(found),
        launches=tuple(read_launch(item) for item in proof.get("launches") or ()),
        needs_launch=bool(proof.get("needs_launch")),
        seconds=seconds,
    )


def _entered(found: Mapping[str, Any]) -> dict[str, int]:
    proof = found.get("proof") or {}
    return {str(name): int(count) for name, count in dict(proof.get("entered") or {}).items()}


def _offered(found: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(name) for name in (found.get("proof") or {}).get("offered") or ())


def _raised(raised: Mapping[str, Any], phase: Phase, output: str | None, provider: str) -> Fault:
    detail, inside = str(raised.get("detail")), str(raised.get("operator") or "")
    where = f" in {provider}'s {inside}" if inside else ""
    trace = str(raised.get("traceback") or "") or None
    if raised.get("gap"):
        detail = f"emulation gap {raised['gap']}{where}: {raised.get('gap_detail')}"
        return Fault(Outcome.INFRA, phase, detail, str(raised["gap"]), trace, output)
    if phase in SUITE_PHASES:
        return Fault(Outcome.INFRA, phase, f"{phase} failed: {detail}", None, trace, output)
    outcome = Outcome.OOM if raised.get("memory") else Outcome.ERROR
    return Fault(outcome, phase, f"{detail}{where}", None, trace, output)


def _died(status: int, phase: Phase, output: str | None) -> Fault:
    detail = f"the process was {describe_status(status)}" if status < 0 else f"the process {describe_status(status)}"
    if phase in SUITE_PHASES:
        return Fault(Outcome.INFRA, phase, f"{detail} (in phase {phase}, which is the suite's own)", output=output)
    bad_alloc = any(sign in (output or "") for sign in ("std::bad_alloc", "Cannot allocate memory"))
    return Fault(Outcome.OOM if bad_alloc else Outcome.CRASH, phase, detail, output=output)


def missing(engine: str) -> str:
    """What has to be installed for an engine that is not there; empty when it is."""
    lacking = [
        f"{module} is not installed: {remedy}"
        for module, remedy in NEEDED.get(engine, {}).items()
        if importlib.util.find_spec(module) is None
    ]
    return "; ".join(lacking)
