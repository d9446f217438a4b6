"""Processes: who one is (a pid alone is reused), what it left behind, and how all of it is ended. Linux, by /proc."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
SESSION_VARIABLE = "MATRIX_SESSION"  # marks every process of a run, whatever it forked, exec'd or daemonised into
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
# Children that this process started for itself, by pid: what a case leaves is ended without them.
KEPT: set[int] = set()


def birth(pid: int) -> int | None:
    """When a process started, in clock ticks since boot: with the pid it names a process for good. None: it is gone."""
    stat = _stat(pid)
    return int(stat[19]) if stat else None


def alive(pid: int, born: int | None) -> bool:
    """Whether exactly that process still runs (a zombie does not)."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in ("Z", "X") and (born is None or int(stat[19]) == born)


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()  # the name before it may hold anything, also ')'


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; end at once if the parent has ended already."""
    _control(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of what our children leave behind, so that it can be found and ended."""
    _control(CHILD_SUBREAPER, 1)


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def children(pid: int) -> list[int]:
    """The living children of a process."""
    found = []
    for path in (PROC / str(pid) / "task").glob("*/children"):
        try:
            found += [int(child) for child in path.read_text().split()]
        except OSError:
            continue  # the thread has ended
    return found


def marked(session: str) -> Iterator[int]:
    """Every process of this user whose environment carries the mark of a session, except this one."""
    mark = f"{SESSION_VARIABLE}={session}".encode()
    for path in PROC.iterdir():
        if not path.name.isdigit() or int(path.name) == os.getpid():
            continue
        try:
            environment = (path / "environ").read_bytes()
        except OSError:
            continue  # gone, or another user's
        if mark in environment.split(b"\0"):
            yield int(path.name)


def end(pids: Iterable[int], patience: float = 5.0) -> bool:
    """Kill processes and wait until they are gone; false if one would not go."""
    known = [(pid, birth(pid)) for pid in pids]
    for pid, _ in known:
        kill(pid)
    deadline = time.monotonic() + patience
    while any(alive(pid, born) for pid, born in known):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def end_marked(session: str) -> None:
    """Kill all that carries the mark of a session, until none is left.

    It has to be found empty twice: a process that forks and ends while its kind is listed hides its child.
    """
    empty = 0
    for _ in range(20):
        pids = [pid for pid in marked(session) if alive(pid, None)]
        empty = 0 if pids else empty + 1
        if empty == 2:
            return
        end(pids)


def kill(pid: int) -> None:
    """Kill a process, if it is there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
