"""Judging a cell of a workload, in the worker: which kind it is, whether its engine is here, and what its sides say.

Each side runs in a fresh process (matrix/inference/asking.py). A kind is a module with `judge(Trial) -> Result`.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matrix.addresses import resolve
from matrix.inference import known_references
from matrix.inference.asking import Answer, Fault, answer_of, ask, missing
from matrix.inference.case import WorkloadCase
from matrix.inference.request import REFERENCE, Request
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Result
from workloads.plugins import PLUGINS

if TYPE_CHECKING:
    from matrix.judging.attempt import Attempt

# Kind of workload -> address of its judge.
JUDGES: Mapping[str, str] = {
    "annotation": "matrix.inference.annotation:judge",
    "parity": "matrix.inference.parity:judge",
    "throughput": "matrix.inference.speed:judge",
    "latency": "matrix.inference.speed:judge",
    "accuracy": "matrix.inference.accuracy:judge",
}
MODEL_VARIABLE = "MATRIX_MODEL"
# The interpreter of a baseline that has packages of its own: then the reference side is its provider, not torch's own kernels.
BASELINE_VARIABLE = "MATRIX_BASELINE"
# Kinds that hold one set of packages against another, where a baseline has its own.
COMPARED = ("throughput", "latency", "accuracy")
# The share of a cell's time within which its sides have to answer.
WITHIN = 0.97


class SideError(Exception):
    """A side has no answer; `fault` says what the cell is then."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.detail)


@dataclass
class Trial:
    """One attempt at a cell of a workload: asks its sides, keeps their facts, and makes its result."""

    attempt: Attempt
    case: WorkloadCase
    folder: Path
    facts: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def ask(self, side: str, step: str, given: Mapping[str, Json] | None = None, **more: Any) -> Answer:
        """The answer of one side, from a process of its own.

        Raises SideError, which ends the attempt with what became of the side.
        """
        request, environment = self.switched(side, step, given or {}, **more)
        if side == REFERENCE and environment is None and request.python is None:
            answer = self._recalled(request)
        else:
            answer = ask(request, self.attempt.enter, environment=environment, seconds=self.left)
        if isinstance(answer, Fault):
            raise SideError(answer)
        self.keep(side, answer)
        return answer

    def request(self, side: str, step: str, given: Mapping[str, Json] | None = None, **more: Any) -> Request:
        """What a side's process is asked, in a folder of its own."""
        self.asked += 1
        model = os.environ.get(MODEL_VARIABLE)
        return Request(
            cell=self.attempt.cell,
            side=side,
            step=step,
            folder=self.folder / f"{self.asked}-{side}",
            parent=os.getpid(),
            given=given or {},
            model=Path(model) if model else None,
            **more,
        )

    @property
    def baseline(self) -> Path | None:
        """The interpreter of the reference side, where it is not this one."""
        found = os.environ.get(BASELINE_VARIABLE)
        return Path(found) if found else None

    def switched(
        self, side: str, step: str, given: Mapping[str, Json], **more: Any
    ) -> tuple[Request, Mapping[str, str] | None]:
        """A request, and the environment of its process where the engine's plug-in has to be switched on or off."""
        python = self.baseline if side == REFERENCE and self.case.workload.kind in COMPARED else None
        request = self.request(side, step, given, python=python, **more)
        plugin = PLUGINS.get(self.case.setting.engine)
        if plugin is None or self.attempt.cell.evidence.emulated:
            return request, None
        request = replace(request, listed=request.folder / "listed")
        switch = plugin.on if request.lets_provider_in else plugin.off
        return request, {**os.environ, **switch, plugin.listed: str(request.listed)}

    def keep(self, side: str, answer: Answer) -> None:
        """Remember what reports must say of a side, and what it launched."""
        self.facts |= answer.facts
        if side != REFERENCE:
            self.attempt.note(answer.launches)

    @property
    def left(self) -> float:
        """Seconds until the cell's limit, a little before the worker's own watchdog ends all of it."""
        return self.case.setting.seconds * WITHIN - (time.perf_counter() - self.attempt.started)

    def _recalled(self, request: Request) -> Answer | Fault:
        """What the reference side answered before, or does now."""
        self.attempt.enter(Phase.REFERENCE)
        place = known_references.place_of(request)
        known = known_references.recall(place) if place else None
        if known is not None:
            return answer_of(known, 0.0)
        answer = ask(request, self.attempt.enter, seconds=self.left)
        if place and isinstance(answer, Answer):
            known_references.keep(place, dict(answer.found))
        return answer

    def result(self, outcome: Outcome, detail: str = "", **more: Any) -> Result:
        return self.attempt.result(outcome, detail, facts=dict(self.facts), **more)


def judge_workload(attempt: Attempt) -> Result:
    """What judging a workload's cell comes to."""
    case = attempt.cell.case
    assert isinstance(case, WorkloadCase)
    if lacking := missing(case.setting.engine) or _unplugged(attempt, case):
        return attempt.result(Outcome.NOT_RUN, lacking, phase=Phase.START)
    judge: Callable[[Trial], Result] = resolve(JUDGES[case.workload.kind])
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        trial = Trial(attempt, case, Path(folder))
        try:
            return judge(trial)
        except SideError as error:
            return failed(trial, error.fault)


def _unplugged(attempt: Attempt, case: WorkloadCase) -> str:
    """What has to be installed for an engine's plug-in that is not there; empty when it is, or is not needed."""
    plugin = PLUGINS.get(case.setting.engine)
    if plugin is None or attempt.cell.evidence.emulated or importlib.util.find_spec(plugin.module) is not None:
        return ""
    return f"{plugin.module} is not installed: {plugin.remedy}"


def failed(trial: Trial, fault: Fault) -> Result:
    """The result of a cell one of whose sides has no answer."""
    return trial.result(
        fault.outcome,
        fault.detail,
        phase=fault.phase,
        gap=fault.gap,
        traceback=fault.traceback,
        output=fault.output,
    )
