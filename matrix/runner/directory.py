"""The directory of a run: one orchestrator at a time, and nothing left alive of those before it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from matrix.runner.journal import Tail
from matrix.runner.processes import end_marked

LOCK = "lock"
_RUN = re.compile(r"journal-(\d{3,})-run\.jsonl")
_MARK = re.compile(r"[0-9a-f]{32}")


class BusyError(RuntimeError):
    """Another run is at work in the directory."""


@contextlib.contextmanager
def locked(directory: Path, patience: float = 2.0) -> Iterator[None]:
    """Hold the directory for this process.

    Raises BusyError when another process holds it for longer than `patience` seconds. The kernel lets go of the lock
    when its holder dies, however it dies.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / LOCK).open("a+") as file:
        _acquire(file.fileno(), directory, patience)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _acquire(file: int, directory: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = (directory / LOCK).read_text().strip() or "unknown"
                raise BusyError(
                    f"{directory} is in use by another run (process {holder}); wait for it, or end it"
                ) from None
            time.sleep(0.05)
        else:
            return


def next_run(directory: Path) -> int:
    """The number of the next run in the directory."""
    numbers = [int(match[1]) for path in directory.iterdir() if (match := _RUN.fullmatch(path.name))]
    return max(numbers, default=0) + 1


def end_leftovers(directory: Path) -> None:
    """End what earlier runs in this directory left alive. Nothing is ended but what carries the mark of such a run."""
    for path in directory.glob("journal-*-run.jsonl"):
        for event in Tail(path).read():
            mark = event.get("mark")
            if event["event"] == "session" and isinstance(mark, str) and _MARK.fullmatch(mark):
                end_marked(mark)
