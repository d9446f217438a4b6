"""A directory belongs to one run at a time, and to nobody's leftovers."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from matrix.runner.directory import BusyError, end_leftovers, locked, next_run
from matrix.runner.journal import Journal
from matrix.runner.processes import SESSION_VARIABLE, alive


def test_a_directory_is_made_and_held(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    with locked(directory), pytest.raises(BusyError, match=f"process {os.getpid()}"), locked(directory, patience=0.0):
        pytest.fail("held twice")
    with locked(directory):
        assert directory.is_dir()


def test_runs_are_numbered(tmp_path: Path) -> None:
    assert next_run(tmp_path) == 1
    (tmp_path / "journal-007-run.jsonl").touch()
    (tmp_path / "journal-009-01-gw0.jsonl").touch()
    assert next_run(tmp_path) == 8


def sleeper(mark: str) -> subprocess.Popen[bytes]:
    code = "import time; time.sleep(60)"
    return subprocess.Popen([sys.executable, "-c", code], env=os.environ | {SESSION_VARIABLE: mark})


def test_what_an_earlier_run_left_alive_is_ended_and_nothing_else_is(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    journal = Journal(tmp_path / "journal-001-run.jsonl", "run")
    journal.write("session", {"name": "001-01", "mark": mark})
    journal.write("session", {"name": "001-02", "mark": "not-a-mark"})
    ours, other, foreign = sleeper(mark), sleeper(uuid.uuid4().hex), sleeper("not-a-mark")
    end_leftovers(tmp_path)
    assert not alive(ours.pid, None)
    assert alive(other.pid, None)
    assert alive(foreign.pid, None)
    for process in (ours, other, foreign):
        process.kill()
        process.wait()
