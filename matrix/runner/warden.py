"""The warden: watches the workers of a session from outside and charges their deaths.

It lives in the controller process of pytest-xdist, as a plugin and one thread. The thread ends a worker that is past its
limits and did not end itself, and notices a dead one whose pipes are held open by what it forked. When pytest-xdist
reports a worker gone, the warden writes the result of the cell that the worker had announced and not finished; a cell that
pytest-xdist takes for the victim but that never started is handed out again.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections import Counter
from typing import Any

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Result
from matrix.runner.announcement import CARRYING, IDLE, STARTING, Announced, read_announcement
from matrix.runner.death import Death, Reason, describe_status, judge_death
from matrix.runner.journal import LINE_LIMIT, Event, Journal
from matrix.runner.limits import GIB, memory
from matrix.runner.output import read_tail
from matrix.runner.processes import adopt_orphans, children, kill
from matrix.runner.session import Session
from matrix.runner.ward import Ward, count_kills
from matrix.runner.worker import RETIRED

PERIOD = 0.05
PATIENCE = 2.0  # seconds for a worker that left the channel to end by itself
TAIL = 4 * LINE_LIMIT
# Shared memory is not private data, so the kernel's limit does not see it; the warden does, and acts a little later.
RESIDENT_MARGIN = 1.25


class Warden:
    """The plugin of the controller."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.journal = Journal(session.journal("warden"), f"warden-{os.getpid()}")
        self.journal.opened()
        self.wards: dict[str, Ward] = {}
        self.bad_starts: Counter[str] = Counter()
        adopt_orphans()
        threading.Thread(target=self.watch, name="warden", daemon=True).start()

    def pytest_configure_node(self, node: Any) -> None:
        """A worker process has just been started."""
        node.workerinput["matrix_parent"] = os.getpid()
        process = node.gateway._io.popen  # noqa: SLF001 - execnet has no public name for it
        name = node.gateway.id
        self.wards[name] = Ward(name, process, count_kills(), device=device_of(node.gateway.spec, self.session))

    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker has left the channel: ended in good order (no error), or died."""
        ward = self.wards.get(node.gateway.id)
        if ward is not None and error is not None:
            self.charge(ward)

    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport, sched: Any) -> None:
        """What pytest-xdist holds for the victim: right when that cell has a result, else it never started."""
        ward = self.wards[report.node.gateway.id]
        last = self.last(ward, "result")
        if crashitem not in (ward.charged, last and last.get("cell")):
            report.outcome = "rerun"  # type: ignore[assignment]
            sched.mark_test_pending(crashitem)

    def charge(self, ward: Ward) -> None:
        """Write what a death means: the result of the announced cell, or one more bad start."""
        deadline = time.monotonic() + PATIENCE
        while not ward.dead() and time.monotonic() < deadline:
            time.sleep(0.005)
        if not ward.dead():
            kill(ward.process.pid)
        status = ward.bury()
        self.end_orphans()
        announced = read_announcement(self.session.announcement(ward.name))
        self.journal.write("death", {"worker": ward.worker, "status": status, "reason": describe_status(status)})
        if announced is not None and announced.doing == CARRYING and not self.judged(ward, announced):
            self.journal.result(self.result(ward, announced, status))
            ward.charged = announced.cell
        elif status == RETIRED or announced is None or announced.doing == STARTING:
            self.bad_start(ward, status)

    def judged(self, ward: Ward, announced: Announced) -> bool:
        """Whether the worker wrote the result of the announced cell before it died."""
        last = self.last(ward, "result")
        return last is not None and last.get("cell") == announced.cell

    def result(self, ward: Ward, announced: Announced, status: int) -> Result:
        return judge_death(
            Death(
                worker=ward.worker,
                announced=announced,
                status=status,
                limit=self.limit(announced),
                ended_for=ward.ended_for,
                stack=read_tail(self.session.stack(ward.name)),
                output=read_tail(self.session.output(ward.name)),
                memory=ward.memory,
                kernel=count_kills() > ward.kills,
            )
        )

    def bad_start(self, ward: Ward, status: int) -> None:
        """Count failed probes and starts in a row; so many of them, and the device goes into quarantine."""
        if self.was_well(ward):
            self.bad_starts[ward.device] = 0
        self.bad_starts[ward.device] += 1
        number = self.bad_starts[ward.device]
        if number < self.session.settings.bad_starts:
            return
        on = f" on device {ward.device}" if ward.device else ""
        reason = f"{number} workers in a row{on} failed to start or left the device unwell"
        probe = self.last(ward, "probe")
        said = read_tail(self.session.output(ward.name), 500) or "it printed nothing"
        why = (probe and probe.get("reason")) or f"{describe_status(status)}; {said}"
        self.journal.write("quarantine", {"device": ward.device, "reason": f"{reason}; the last: {why}"})

    def was_well(self, ward: Ward) -> bool:
        """Whether this worker has seen the device well."""
        kinds = {(event["event"], event.get("outcome"), event.get("reason")) for event in self.events(ward)}
        return ("probe", None, None) in kinds or any(outcome == Outcome.PASS for _, outcome, _ in kinds)

    def last(self, ward: Ward, kind: str) -> Event | None:
        """The last event of a kind that a worker wrote."""
        events = [event for event in self.events(ward) if event["event"] == kind]
        return events[-1] if events else None

    def events(self, ward: Ward) -> list[Event]:
        """The last events of a worker's journal; a torn line is none."""
        try:
            with self.session.journal(ward.name).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
                lines = file.read().split(b"\n")[:-1]
        except OSError:
            return []
        return [event for event in map(_parse, lines) if event is not None]

    def watch(self) -> None:
        """The thread: look after every worker, several times a second."""
        while True:
            for ward in list(self.wards.values()):
                if ward.process.returncode is None:
                    self.look(ward)
            time.sleep(PERIOD)

    def look(self, ward: Ward) -> None:
        """End a worker that is past its limits; bury a dead one, so that its pipes close whoever else holds them."""
        if ward.dead():
            ward.bury()
            self.end_orphans()
            return
        announced = read_announcement(self.session.announcement(ward.name))
        if announced is None or announced.doing == IDLE:
            return
        if announced.serial != ward.serial:
            ward.serial, ward.memory = announced.serial, 0.0
        reason = self.overdue(announced) or self.oversized(ward, announced)
        if reason is not None and read_announcement(self.session.announcement(ward.name)) == announced:
            ward.end(reason)

    def overdue(self, announced: Announced) -> Reason | None:
        return Reason.TIME if announced.seconds > self.patience(announced) + self.session.settings.grace else None

    def patience(self, announced: Announced) -> float:
        """How long a worker may be at what it announced, in seconds, all phases of a cell together."""
        settings = self.session.settings
        return settings.start_seconds if announced.doing == STARTING else self.session.limits.seconds

    def limit(self, announced: Announced) -> float:
        """What the watchdog allowed for the phase that was announced last."""
        limits = self.session.limits
        return limits.timing_seconds if announced.phase is Phase.TIME else limits.seconds

    def oversized(self, ward: Ward, announced: Announced) -> Reason | None:
        """Note how much of its limit a worker takes, and say when that is too much."""
        if announced.doing != CARRYING:
            return None
        try:
            resident, data = memory(ward.process.pid)
        except OSError:
            return None
        limit = self.session.limits.memory_gib * GIB
        ward.memory = max(ward.memory, (data - announced.data) / limit, (resident - announced.resident) / limit)
        return Reason.MEMORY if resident - announced.resident > limit * RESIDENT_MARGIN else None

    def end_orphans(self) -> None:
        """End what dead workers left behind and we inherited: our children in a foreign session that are no workers."""
        known = {ward.process.pid for ward in self.wards.values()}
        for pid in children(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                if pid not in known and os.getsid(pid) != os.getsid(0):
                    kill(pid)


def device_of(spec: Any, session: Session) -> str:
    """Which of the session's devices a worker was given; empty: whatever is there."""
    if not session.devices:
        return ""
    variable = session.tasks[0].cell.profile.one_device
    return str(spec.env.get(variable, "")) if variable else ""


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
