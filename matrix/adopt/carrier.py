"""A worker of an adopted suite: announces each test before it runs, and writes its result down when it has.

It runs nothing itself; it stands around what pytest and the suite's own hooks do. What ends the process is charged by the
overseer (matrix/adopt/overseer.py) to the test, or to the file under collection, that was announced last.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Generator
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from matrix.adopt import sameness
from matrix.adopt.adoption import Adoption
from matrix.adopt.cases import Collected, cases_path, write_cases
from matrix.adopt.naming import cell_of, collection_cell, own_marks
from matrix.adopt.outcomes import Step, result_of
from matrix.outcome import Outcome, Phase
from matrix.result import Launch, Result
from matrix.runner.announcement import Announcement
from matrix.runner.journal import Journal, read_run
from matrix.runner.limits import Watchdog, limit_files, memory
from matrix.runner.output import Inherited
from matrix.runner.plugin import speaking_through
from matrix.runner.worker import RETIRED, isolate

ENDS = (pytest.exit.Exception, KeyboardInterrupt)  # what pytest takes for the end of everything
Hook = Generator[None, Any, Any]
WELL = (Outcome.PASS, Outcome.WRONG, Outcome.NOT_RUN)


class Carrier:
    """The plugin of a process that runs tests."""

    def __init__(self, adoption: Adoption, name: str, output: Inherited) -> None:
        session = adoption.session
        self.adoption = adoption
        self.session = session
        self.journal = Journal(session.journal(name), f"{name}-{os.getpid()}")
        self.journal.opened()
        self.announcement = Announcement(session.announcement(name))
        self.watchdog = Watchdog(session.stack(name))
        self.output = output
        self.pid = os.getpid()
        self.cells: dict[str, str] = {}
        self.steps: list[Step] = []
        self.doubtful = True
        self.printed: str | None = None
        self.starting()

    def starting(self) -> None:
        self.announcement.starting()
        self.watchdog.arm(self.session.settings.start_seconds)

    def rest(self) -> None:
        self.watchdog.rest()
        self.announcement.end()

    def isolate(self, config: pytest.Config) -> None:
        """Be a worker that does not outlive its controller, and whose children do not hold its channel."""
        isolate(self.session.parent, speaking_through(config))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Hook:
        with sameness.standing_clock():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Hook:
        """Announce a file before it is imported."""
        if not isinstance(collector, pytest.File):
            return (yield)
        self.announcement.begin(str(collection_cell(collector.nodeid, self.adoption.profile.name)), 1)
        self.announcement.phase(Phase.PLAN)
        self.watchdog.arm(self.session.settings.start_seconds)
        report = yield
        self.starting()
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        profile, rows = self.adoption.profile.name, self.adoption.rows
        cases = []
        for item in session.items:
            self.cells[item.nodeid] = str(cell_of(item, profile, rows))
            cases.append(Collected(self.cells[item.nodeid], item.nodeid, tuple(own_marks(item))))
        write_cases(cases_path(self.session.directory, self.session.name), cases)
        self.rest()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Hook:
        """One test, from its announcement to its result."""
        if self.doubtful:
            self.check()
        cell = self.cells[item.nodeid]
        self.begin(cell, item.nodeid)
        with watched_launches() as launches:
            done = yield
        result = result_of(cell, self.steps, launches, self.adoption.kernels)
        if os.getpid() != self.pid:
            os._exit(0)  # a forked child that came back from the test
        self.end(result)
        return done

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Hook:
        self.output.begin()  # only now: pytest itself has announced the test on what is our file too
        return (yield from alone())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Hook:
        return (yield from alone())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Hook:
        return (yield from alone())

    def begin(self, cell: str, node: str) -> None:
        self.steps = []
        self.printed = None
        self.announcement.memory(*memory())
        self.announcement.begin(cell, 1)
        self.announcement.phase(Phase.RUN)
        self.journal.start(cell, 1)
        sameness.seed(node)
        self.watchdog.arm(self.session.limits.seconds)

    def end(self, result: Result) -> None:
        self.watchdog.rest()
        self.journal.result(replace(result, worker=self.journal.worker, output=self.printed))
        self.announcement.end()
        self.doubtful = result.outcome not in WELL
        self.steps = []
        if self.doubtful:
            give_back_memory(self.adoption.profile.device)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        self.steps.append(Step(report, call.excinfo.value if call.excinfo else None))
        if not report.passed:
            self.printed = self.output.tail()
        if report.failed and self.printed:
            report.sections.append(("Captured by matrix.adopt", self.printed))
        return report

    def check(self) -> None:
        """Probe the device before the first test and after one that raised; a process whose device is not well ends."""
        self.starting()
        reason = unwell(self.adoption.profile.device)
        if reason is not None:
            self.retire(f"the probe failed: {reason}")
        self.doubtful = False
        limit_files()
        self.journal.write("probe", {"worker": self.journal.worker, "reason": None})
        self.rest()

    def retire(self, reason: str) -> NoReturn:
        self.journal.write("probe", {"worker": self.journal.worker, "reason": reason[:2000]})
        os._exit(RETIRED)


class EndsTheSession(RuntimeError):  # noqa: N818 - reports print the name: it says what the test did
    """A test raised what pytest takes for the end of everything."""


def alone() -> Hook:
    """A step of a test, which may end itself and no other test."""
    try:
        return (yield)
    except ENDS as error:
        raise EndsTheSession(f"{type(error).__name__}: {error}") from error


class LeftOut:
    """Leaves out the files that have ended a worker while they were imported: what replaces it would end of them too."""

    def __init__(self, adoption: Adoption) -> None:
        self.profile = adoption.profile.name
        self.files = {cell for cell in read_run(adoption.session.directory).results if "sample=collection-" in cell}

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        if (
            not isinstance(collector, pytest.File)
            or str(collection_cell(collector.nodeid, self.profile)) not in self.files
        ):
            return None
        return pytest.CollectReport(collector.nodeid, "passed", None, [])


def give_back_memory(device: str) -> None:
    """Free what a test that raised still holds by its traceback: else the next one may find the device full."""
    for name in ("last_exc", "last_value", "last_traceback", "last_type"):
        if hasattr(sys, name):
            delattr(sys, name)
    gc.collect()
    module: Any = getattr(sys.modules.get("torch"), device.partition(":")[0], None)
    if hasattr(module, "empty_cache"):
        module.empty_cache()


def unwell(device: str) -> str | None:
    """Why a device is not well, where the suite has brought what it takes to ask."""
    if device == "cpu" or not {"torch", "triton"} <= sys.modules.keys():
        return None
    from matrix.judging.readiness import probe, use_device

    use_device(device)
    return probe()


@contextlib.contextmanager
def watched_launches() -> Generator[list[Launch], None, None]:
    """The kernels launched inside the block, where the suite has imported Triton."""
    if "triton" not in sys.modules:
        yield []
        return
    from matrix.judging.device_launches import device_launches

    with device_launches() as launches:
        yield launches
