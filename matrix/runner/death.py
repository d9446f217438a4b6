"""A death: from what a dead worker left behind to the result of the cell that it had announced. Pure; reads no file."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum

from matrix.outcome import SUITE_PHASES, Outcome
from matrix.result import Result
from matrix.runner.announcement import Announced

# The share of its limit that a worker's memory must have reached for a deadly signal to read as lack of memory.
NEAR_LIMIT = 0.8
_MEMORY_SIGNALS = (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)
# Marks of what faulthandler writes and nobody needs: our own frames with all below them, and execnet's receiver thread.
FRAME = '  File "'
HARNESS = "matrix/runner/worker.py"
RECEIVER = "in _thread_receiver"
_BAD_ALLOC = ("std::bad_alloc", "Cannot allocate memory", "can't allocate memory")


class Reason(StrEnum):
    """Why the warden ended a worker."""

    TIME = "time"
    MEMORY = "memory"


@dataclass(frozen=True)
class Death:
    """What is known of a death.

    status     as subprocess has it: the exit status, or minus the signal
    ended_for  why the warden killed it, if it did
    stack      what the worker's own watchdog wrote when time was up;  output: the tail of what the case printed
    memory     the largest share of the memory limit that was seen in use
    kernel     whether the kernel says that it killed something for lack of memory meanwhile
    """

    worker: str
    announced: Announced
    status: int
    limit: float
    ended_for: Reason | None = None
    stack: str | None = None
    output: str | None = None
    memory: float = 0.0
    kernel: bool = False

    @property
    def timed_out(self) -> bool:
        return self.ended_for is Reason.TIME or bool(self.stack) or self.status == -signal.SIGALRM

    @property
    def out_of_memory(self) -> bool:
        if self.ended_for is Reason.MEMORY:
            return True
        if self.status == -signal.SIGABRT and any(sign in (self.output or "") for sign in _BAD_ALLOC):
            return True
        if self.status == -signal.SIGKILL and self.kernel:
            return True
        return -self.status in _MEMORY_SIGNALS and self.memory >= NEAR_LIMIT


def judge_death(death: Death) -> Result:
    """The result of the announced cell. Blame follows the phase: a death among the suite's own acts is INFRA."""
    outcome, detail = _read(death)
    announced = death.announced
    if announced.phase in SUITE_PHASES:
        outcome, detail = Outcome.INFRA, f"{detail} (in phase {announced.phase}, which is the suite's own)"
    return Result(
        cell=announced.cell,
        outcome=outcome,
        phase=announced.phase,
        detail=detail,
        seconds=announced.seconds,
        attempt=max(1, announced.attempt),
        worker=death.worker,
        traceback=trim(death.stack),
        output=trim(death.output),
    )


def _read(death: Death) -> tuple[Outcome, str]:
    if death.timed_out:
        return Outcome.TIMEOUT, f"did not finish within {death.limit:g} s and was ended"
    if death.out_of_memory:
        return Outcome.OOM, f"{describe_status(death.status)}, {_evidence(death)}"
    return Outcome.CRASH, describe_status(death.status)


def _evidence(death: Death) -> str:
    """Why a death reads as lack of memory."""
    if death.memory >= NEAR_LIMIT or death.ended_for is Reason.MEMORY:
        return f"with {death.memory:.0%} of its memory limit in use"
    return "after an allocation had failed" if death.status == -signal.SIGABRT else "for lack of memory on the machine"


def trim(text: str | None) -> str | None:
    """What faulthandler wrote without the frames of the harness, of pytest and of threads that only serve them."""
    if text is None:
        return None
    kept: list[str] = []
    harness = False
    for line in text.splitlines():
        harness = (harness and line.startswith(FRAME)) or (line.startswith(FRAME) and HARNESS in line)
        if not harness:
            kept.append(line)
    blocks = "\n".join(kept).split("\n\n")
    return "\n\n".join(block for block in blocks if RECEIVER not in block).strip() or None


def describe_status(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"exited with status {status} without a result"
    try:
        return f"ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"ended by signal {-status}"
