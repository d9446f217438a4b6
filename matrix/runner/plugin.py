"""The pytest plugin: turns the tasks of a session into items, so that pytest-xdist spreads them over workers.

    python -m pytest -p matrix.runner.plugin --matrix-session FILE -n 2

In the controller of pytest-xdist it is the warden, in a worker it carries the cells, and without pytest-xdist it
carries them in this very process (for --pdb). Pytest's own outcomes are for people; the journal is the truth.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, cast

import pytest

from matrix.outcome import Outcome
from matrix.result import Result
from matrix.runner.output import Inherited, Output
from matrix.runner.processes import die_with_parent
from matrix.runner.session import Session, Task, load_session
from matrix.runner.warden import Warden
from matrix.runner.worker import Worker, isolate

OPTION = "--matrix-session"
WELL = (Outcome.PASS, Outcome.WRONG)


class CellFailed(AssertionError):  # noqa: N818 - pytest prints the name: it says what happened
    """A cell did not pass."""


class CellItem(pytest.Item):
    """One task as pytest sees it."""

    task: Task
    carrier: Carrier

    def runtest(self) -> None:
        """Carry the cell in the ordinary protocol of pytest; used with --pdb."""
        result = self.carrier.carry(self.task)
        if result.outcome is not Outcome.PASS:
            raise CellFailed(f"{result.outcome} in {result.phase}: {result.detail}")

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class Carrier:
    """The plugin of a worker."""

    def __init__(self, session: Session, name: str, output: Inherited) -> None:
        self.session = session
        self.worker = Worker(session, name, output)

    def carry(self, task: Task) -> Result:
        if not self.worker.ready:
            self.worker.start(task.cell)
        return self.worker.carry(task)

    def settle(self, task: Task, result: Result) -> None:
        """After a case: end what it left, and after one that raised see whether the device is still well."""
        self.worker.tidy()
        if result.outcome not in WELL or task.cell.case.sample.raises:
            self.worker.check()

    def pytest_collection(self, session: pytest.Session) -> bool:
        session.items = [self.item(session, task) for task in self.session.tasks]
        session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)
        session.config.hook.pytest_collection_finish(session=session)
        session.testscollected = len(session.items)
        return True

    def item(self, session: pytest.Session, task: Task) -> pytest.Item:
        item: CellItem = CellItem.from_parent(session, name=task.id, nodeid=task.id)
        item.task = task
        item.carrier = self
        return item

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Carry one cell with one report: set-up and tear-down have nothing to do here and would cost three."""
        if item.config.getoption("usepdb", default=False):
            return None
        began = time.time()
        task = cast("CellItem", item).task
        result = self.carry(task)
        item.ihook.pytest_runtest_logreport(report=report(item, result, began))
        self.settle(task, result)
        return True


def report(item: pytest.Item, result: Result, began: float) -> pytest.TestReport:
    """A result as pytest's report."""
    passed = result.outcome is Outcome.PASS
    ended = time.time()
    return pytest.TestReport(
        nodeid=item.nodeid,
        location=("", None, item.name),
        keywords={},
        outcome="passed" if passed else "failed",
        longrepr=None if passed else f"{result.outcome} in {result.phase}: {result.detail}",
        when="call",
        duration=ended - began,
        start=began,
        stop=ended,
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, type=Path, required=True, help="file of the session whose cells are carried")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    session = load_session(config.getoption("matrix_session"))
    given = getattr(config, "workerinput", None)
    if given is not None:
        # What pytest prints in a worker nobody reads, and a closed standard output would end the worker.
        config.pluginmanager.unregister(name="terminalreporter")
        name = given["workerid"]
        isolate(given["matrix_parent"], speaking_through(config))
        config.pluginmanager.register(Carrier(session, name, Output(session.output(name))), "matrix-carrier")
    elif config.getoption("tx", default=None):
        die_with_parent(session.parent)
        config.pluginmanager.register(Warden(session), "matrix-warden")
    else:
        config.pluginmanager.register(Carrier(session, f"main{os.getpid()}", Inherited()), "matrix-carrier")


def speaking_through(config: pytest.Config) -> tuple[int, ...]:
    """The descriptors of pytest-xdist's channel in a worker."""
    io = _interactor(config).channel.gateway._io  # noqa: SLF001 - execnet has no public name for it
    return io.infile.fileno(), io.outfile.fileno()


def _interactor(config: pytest.Config) -> Any:
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":
            return plugin
    raise LookupError("pytest-xdist's WorkerInteractor is not registered in this worker")
