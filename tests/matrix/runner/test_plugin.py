"""The plugin in a pytest of its own, with no orchestrator: what a person sees who uses it directly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matrix.runner.journal import read_run
from matrix.runner.session import RunSettings, Session, Task
from tests.fakes.cells import JUDGE, PROFILE, fake

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("right", "wrong", "raises", "quick")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    cells = [fake(name) for name in NAMES]
    settings = RunSettings(judge=f"{JUDGE}:judge", warm="", probe="")
    tasks = tuple(Task(cell, str(cell.id), 1) for cell in cells)
    found = Session("001-01", tmp_path, "0" * 32, os.getpid(), PROFILE.limits, settings, tasks)
    found.save()
    return found


def run(session: Session, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "matrix.runner.plugin", "-c", os.devnull, "-p", "no:cacheprovider"]
    command += ["--rootdir", str(session.directory), "--matrix-session", str(session.path), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_without_workers_the_cells_run_in_pytest_itself(session: Session) -> None:
    done = run(session, "-n", "0", "-q", "-s")
    assert "2 failed, 2 passed" in done.stdout
    assert len(read_run(session.directory).results) == len(NAMES)


def test_pytest_s_own_selection_works_and_failures_say_why(session: Session) -> None:
    done = run(session, "-n", "0", "-k", "wrong or right", "-rf")
    assert "1 failed, 1 passed, 2 deselected" in done.stdout
    assert "WRONG in compare: got False" in done.stdout
    assert len(read_run(session.directory).results) == 2


def test_workers_carry_them_too(session: Session) -> None:
    done = run(session, "-n", "2", "-q")
    assert "2 failed, 2 passed" in done.stdout
    workers = {result.worker for results in read_run(session.directory).results.values() for result in results}
    assert workers
    assert all(worker and worker.startswith("gw") for worker in workers)


def test_junit_of_pytest_s_own_is_there_for_who_wants_it(session: Session) -> None:
    path = session.directory / "junit.xml"
    run(session, "-n", "0", f"--junitxml={path}")
    assert path.read_text().count("<testcase") == len(NAMES)
