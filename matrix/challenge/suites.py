"""What mutants are run against, in the worker: the cases of a task by the judge, or the tests of an entry by pytest."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from _pytest.runner import runtestprotocol

from matrix.cell import Cell
from matrix.challenge.mutant import How
from matrix.emulation import EmulationGap, Emulator
from matrix.judging.judge import judge
from matrix.outcome import Outcome

DETAIL = 300


class Noticed(NamedTuple):
    """A test that did not pass. `how` is None where the interpreter is to blame, which says nothing."""

    how: How | None
    detail: str


class Suite(Protocol):
    """Tests that can be run one by one, again and again, in one process."""

    @property
    def names(self) -> Sequence[str]: ...

    def run(self, name: str) -> Noticed | None:
        """Run one test; None when it passes."""


class Cases:
    """The cases of a task."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = {cell.id.row: cell for cell in cells}
        self.names = tuple(self._cells)

    def run(self, name: str) -> Noticed | None:
        result = judge(self._cells[name], lambda _phase: None)
        if result.outcome is Outcome.PASS:
            return None
        hows = {Outcome.WRONG: How.WRONG, Outcome.UNDISPATCHED: How.WRONG, Outcome.INFRA: None}
        return Noticed(hows.get(result.outcome, How.RAISED), _short(f"{result.outcome}: {result.detail}"))


class Tests:
    """The tests of an entry. It is a plugin of pytest too: it hears of what a test raised."""

    def __init__(self, items: Sequence[pytest.Item], emulator: Emulator) -> None:
        self._items = {item.nodeid: item for item in items}
        self.names = tuple(self._items)
        self._emulator = emulator
        self._raised: BaseException | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Keep the first exception of a test."""
        if call.excinfo is not None and self._raised is None:
            self._raised = call.excinfo.value

    def run(self, name: str) -> Noticed | None:
        self._raised = None
        item: Any = self._items[name]
        if hasattr(item, "_initrequest"):
            item._initrequest()  # noqa: SLF001 - what a test is run again with; pytest offers no other way
        reports = runtestprotocol(item, log=False, nextitem=None)
        failed = next((report for report in reports if report.failed), None)
        if failed is None:
            return None
        error = self._raised
        if error is None:
            return Noticed(How.WRONG, "failed without an exception")
        if isinstance(error, EmulationGap) or self._emulator.classify(error) is not None:
            return Noticed(None, _short(repr(error)))
        wrong = isinstance(error, AssertionError | pytest.fail.Exception)
        return Noticed(How.WRONG if wrong else How.RAISED, _short(f"{type(error).__name__}: {error}"))


class _Loop:
    """Does something with the collected tests in place of running them."""

    def __init__(self, work: Callable[[Tests], None], emulator: Emulator) -> None:
        self.work = work
        self.emulator = emulator
        self.problems: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(_short(f"{report.nodeid}: {report.longreprtext.splitlines()[-1:]}"))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        tests = Tests(session.items, self.emulator)
        session.config.pluginmanager.register(tests)
        self.work(tests)
        return True


def with_tests(folder: Path, emulator: Emulator, work: Callable[[Tests], None]) -> str:
    """Collect the tests of an entry's folder and hand them to `work`, inside of pytest. Why it could not be; empty: it was."""
    files = [str(path) for path in sorted(folder.glob("test_*.py"))]
    if not files:
        return f"{folder} holds no test_*.py"
    loop = _Loop(work, emulator)
    plugins = ["cacheprovider", "faulthandler", "terminal"]
    arguments = [part for name in plugins for part in ("-p", f"no:{name}")]
    arguments += ["-c", os.devnull, "--rootdir", str(folder), "--confcutdir", str(folder)]
    arguments += ["--import-mode=importlib", *files]
    code = pytest.main(arguments, [loop])
    if loop.problems:
        return f"tests cannot be collected: {'; '.join(loop.problems)}"
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        return "the test files hold no test"
    return "" if code == pytest.ExitCode.OK else f"pytest ended with {code}"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= DETAIL else plain[: DETAIL - 3] + "..."
