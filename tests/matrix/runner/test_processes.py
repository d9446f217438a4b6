"""Processes are known by pid and birth, found by their mark, and ended with all they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from matrix.runner.processes import SESSION_VARIABLE, alive, birth, children, end, end_marked, kill, marked

ROOT = Path(__file__).resolve().parents[3]
SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def mark() -> Iterator[str]:
    name = uuid.uuid4().hex
    yield name
    end_marked(name)


def python(code: str, mark: str = "none") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {SESSION_VARIABLE: mark},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_this_process_lives_and_another_birth_is_another_process() -> None:
    born = birth(os.getpid())
    assert born is not None
    assert alive(os.getpid(), born)
    assert not alive(os.getpid(), born + 1)


def test_a_zombie_does_not_live() -> None:
    process = python("")
    deadline = time.monotonic() + 20
    while alive(process.pid, None):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert birth(process.pid) is not None
    process.communicate()
    assert birth(process.pid) is None


def test_a_name_that_looks_like_the_fields_after_it_does_not_deceive() -> None:
    code = "open('/proc/self/comm', 'w').write(') Z 1 2'); print('named', flush=True); import time; time.sleep(60)"
    process = python(code)
    assert process.stdout is not None
    process.stdout.readline()
    assert alive(process.pid, birth(process.pid))
    process.kill()
    process.communicate()


def test_children_are_found_and_ended() -> None:
    process = python(SLEEP)
    assert process.pid in children(os.getpid())
    assert end([process.pid])
    assert process.wait() == -signal.SIGKILL
    process.communicate()


def test_what_carries_a_mark_is_ended_even_as_a_daemon(mark: str) -> None:
    daemon = "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); time.sleep(60)"
    parent = python(daemon, mark)
    parent.wait()
    other = python(SLEEP, uuid.uuid4().hex)
    deadline = time.monotonic() + 20
    while not any(os.getsid(pid) != os.getsid(0) for pid in marked(mark)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    end_marked(mark)
    assert [pid for pid in marked(mark) if alive(pid, None)] == []
    assert alive(other.pid, None)
    other.kill()
    other.communicate()
    parent.communicate()


def test_a_process_that_ties_its_life_to_its_parent_dies_with_it() -> None:
    child = (
        "import os, time; from matrix.runner.processes import die_with_parent as tie; tie(os.getppid()); "
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    parent = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid, None)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 20
    while alive(pid, None):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_process_whose_parent_is_gone_already_ends_at_once() -> None:
    process = python("from matrix.runner.processes import die_with_parent as d; d(1234567); print('went on')")
    assert process.communicate()[0] == ""
    assert process.returncode == 1


def test_killing_what_is_not_there_is_no_error() -> None:
    process = python("")
    process.communicate()
    kill(process.pid)
    assert birth(process.pid) is None
