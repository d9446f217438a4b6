"""The worker: one warm process that carries cells one after another, and says what it does before it does it.

Whatever the code under test does to the process, exactly one result is written for each cell: by this module when the
process lives on, by the warden (matrix/runner/warden.py) when it does not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.outcome import SUITE_PHASES, Outcome, Phase
from matrix.result import Result
from matrix.runner.announcement import Announcement
from matrix.runner.journal import Journal
from matrix.runner.limits import Watchdog, is_out_of_memory, limit_files, limit_memory, memory
from matrix.runner.output import Inherited
from matrix.runner.processes import KEPT, adopt_orphans, children, die_with_parent, end
from matrix.runner.session import Session, Task

Judge = Callable[[Cell, Callable[[Phase], None]], Result]

BROKEN = 71  # exit status of a worker whose own code raised
RETIRED = 70  # exit status of a worker that ends itself because its probe failed
TRACEBACK_LIMIT = 16 * 1024


class Worker:
    """Carries tasks in this process."""

    def __init__(self, session: Session, name: str, output: Inherited) -> None:
        self.session = session
        self.pid = os.getpid()
        self.name = f"{name}-{self.pid}"
        self.ready = False
        self.carrying = False
        signal.signal(signal.SIGINT, self.interrupt)
        self.judge: Judge
        self.probe: Callable[[], str | None] | None
        self.journal = Journal(session.journal(name), self.name)
        self.journal.opened()
        self.announcement = Announcement(session.announcement(name))
        self.output = output
        self.watchdog = Watchdog(session.stack(name))

    def start(self, cell: Cell) -> None:
        """Import what the cells need and see that the device is well; ends the process when it is not."""
        self.announcement.starting()
        self.watchdog.arm(self.session.settings.start_seconds)
        try:
            self.load(cell)
        except BaseException as error:  # noqa: BLE001 - the boundary: a worker that cannot start says why
            self.retire(f"a worker could not start: {describe(error)}")
        self.check()
        limit_files()
        limit_memory(self.session.limits.memory_gib)
        self.announcement.memory(*memory())
        self.ready = True

    def load(self, cell: Cell) -> None:
        """Find the judge and have it import what it needs."""
        settings = self.session.settings
        self.judge = resolve(settings.judge)
        self.probe = resolve(settings.probe) if settings.probe else None
        if settings.warm:
            resolve(settings.warm)(cell)

    def carry(self, task: Task) -> Result:
        """Judge one cell and write the result down."""
        self.output.begin()
        self.announcement.begin(task.id, task.attempt)
        self.journal.start(task.id, task.attempt)
        began = time.monotonic()
        self.watchdog.arm(self.session.limits.seconds)
        try:
            self.carrying = True
            result = self.judge(task.cell, self.enter)
            self.carrying = False
        except BaseException as error:  # noqa: BLE001 - the boundary: sys.exit and Ctrl-C of a candidate end here too
            self.leave_if_forked()
            self.carrying = False
            result = self.excuse(task, error)
        self.leave_if_forked()
        self.watchdog.rest()
        result = self.complete(task, result, time.monotonic() - began)
        self.journal.result(result)
        self.announcement.end()
        return result

    def enter(self, phase: Phase) -> None:
        """Announce a phase. Timing has a limit of its own, from when it begins: the native operator may be the slow one."""
        before, limits = self.announcement.current(), self.session.limits
        self.announcement.phase(phase)
        if os.getpid() != self.pid:
            return
        if phase is Phase.TIME:
            self.watchdog.arm(min(limits.timing_seconds, limits.seconds))
        elif before is Phase.TIME:  # what follows is not timing, and must not be ended by its limit
            self.watchdog.arm(limits.seconds)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """On SIGINT: raise in the case that sent it; between cases it is a late one and means nothing."""
        if self.carrying:
            signal.default_int_handler(number, frame)

    @contextlib.contextmanager
    def fatal(self) -> Iterator[None]:
        """End the process on an exception of the harness itself: a worker that goes on would end the whole session."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - the boundary: whatever it is, this process is done
            self.leave_if_forked()
            self.announcement.phase(Phase.START)  # ours, not the provider's
            os.write(2, trace(error).encode(errors="replace"))
            os._exit(BROKEN)

    def complete(self, task: Task, result: Result, seconds: float) -> Result:
        """The result as it is written: who found it, at which attempt, how long it took, and what it printed."""
        if not isinstance(result, Result) or result.cell != task.id:
            detail = f"the judge answered {str(result)[:200]!r}, which is no result of this cell"
            result = Result(task.id, Outcome.INFRA, self.announcement.current(), detail)
        output = result.output
        if result.outcome is not Outcome.PASS and output is None:
            output = self.output.tail()
        seconds = seconds if result.seconds is None else result.seconds
        return replace(result, attempt=task.attempt, worker=self.name, seconds=seconds, output=output)

    def excuse(self, task: Task, error: BaseException) -> Result:
        """The result of a case whose judge raised."""
        phase = self.announcement.current()
        if phase in SUITE_PHASES:
            outcome = Outcome.INFRA
        elif is_out_of_memory(error):
            outcome = Outcome.OOM
        else:
            outcome = Outcome.ERROR
        return Result(task.id, outcome, phase, describe(error), traceback=trace(error))

    def leave_if_forked(self) -> None:
        """End a forked child that came back from the code under test: only the worker itself goes on."""
        if os.getpid() != self.pid:
            os._exit(0)

    def tidy(self) -> None:
        """End what the case left running."""
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return  # it left nothing, as nearly always
        left = [pid for pid in children(self.pid) if pid not in KEPT]
        end(left)
        for pid in left:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue  # somebody else waited for it

    def check(self) -> None:
        """Probe the device, and end this process when it is not well: the next cells run in another one."""
        self.announcement.starting()
        self.watchdog.arm(self.session.settings.start_seconds)
        try:
            reason = None if self.probe is None else self.probe()
        except BaseException as error:  # noqa: BLE001 - the boundary: a probe that raises has failed
            reason = describe(error)
        self.leave_if_forked()
        if reason is not None:
            self.retire(f"the probe failed: {reason}")
        self.watchdog.rest()
        self.announcement.end()
        self.journal.write("probe", {"worker": self.name, "reason": None})

    def retire(self, reason: str) -> NoReturn:
        """End this process; pytest-xdist starts another one in its place."""
        self.leave_if_forked()
        self.journal.write("probe", {"worker": self.name, "reason": reason[:2000]})
        os._exit(RETIRED)


def describe(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())[:500]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def trace(error: BaseException) -> str:
    """The traceback of an exception, its beginning left out when it is long."""
    text = "".join(traceback.format_exception(error))
    return text[-TRACEBACK_LIMIT:]


def isolate(parent: int, channel: tuple[int, ...]) -> None:
    """Give this process a session of its own, tie its life to its parent's and keep forked children off the channel.

    channel  descriptors through which pytest-xdist speaks: a child that holds them would keep a dead worker alive
    """
    die_with_parent(parent)
    os.setsid()
    adopt_orphans()
    worker = os.getpid()

    def in_child() -> None:
        if os.getppid() == worker:
            die_with_parent(worker)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in channel:
            os.dup2(nothing, descriptor)
        os.close(nothing)

    os.register_at_fork(after_in_child=in_child)
