"""The judge of a soak: judges a case as ever, calls it for a while, and tells how much memory there is in use afterwards.

What it tells goes to a file of its own beside the journals, one line a visit, because a result has no place for it. Leaks show
only in a process that lives through many visits: the soak has one worker (matrix/validation/soak.py).
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from matrix.cell import Cell
from matrix.judging.attempt import Announce, Attempt
from matrix.judging.judge import guarded
from matrix.judging.judge import judge as judge_once
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Comparison, Result
from matrix.runner.journal import Journal
from matrix.runner.limits import memory
from matrix.validation.laps import without_lap
from matrix.validation.repeating import prepare
from matrix.validation.visits import FOLDER_VARIABLE, SECONDS_VARIABLE, visits_file

# What one visit is left at, however quick the calls are.
MOST_CALLS = 10_000


def judge(cell: Cell, announce: Announce) -> Result:
    """One visit of a case: judged once, then called until its time is up."""
    began = time.monotonic()
    original, lap = without_lap(cell)
    seconds: list[float] = []
    result = judge_once(original, announce)
    if result.outcome is Outcome.PASS:
        further = guarded(Attempt(original, announce), lambda attempt: _call(attempt, seconds))
        result = result if further.outcome is Outcome.PASS else further
    visit: dict[str, Json] = {
        "row": original.id.row,
        "lap": lap,
        "calls": 1 + len(seconds),
        "seconds": statistics.median(seconds) if seconds else None,
        "wall": time.monotonic() - began,
    }
    _journal(os.environ[FOLDER_VARIABLE]).write("visit", visit | memory_in_use(original))
    return replace(result, cell=str(cell.id))


def _call(attempt: Attempt, seconds: list[float]) -> Result:
    """Call until time is up, at least once; `seconds` is given what each call took, its arguments' copies included."""
    ready = prepare(attempt)
    if isinstance(ready, Result):
        return ready
    deadline = time.monotonic() + float(os.environ[SECONDS_VARIABLE])
    attempt.enter(Phase.RUN)
    while not seconds or (time.monotonic() < deadline and len(seconds) < MOST_CALLS):
        began = time.perf_counter()
        ready.call()
        seconds.append(time.perf_counter() - began)
    return attempt.result(Outcome.PASS, comparison=Comparison("called, not compared", 0, 0))


def memory_in_use(cell: Cell) -> dict[str, Json]:
    """Bytes in use: resident in this process, and on the device what torch's module for it tells, where it tells."""
    found: dict[str, Json] = {"host": memory()[0]}
    if cell.evidence.emulated or cell.profile.device == "cpu":
        return found
    module: Any = getattr(torch, cell.profile.device.partition(":")[0], None)
    for name, function in (("allocated", "memory_allocated"), ("reserved", "memory_reserved")):
        if callable(ask := getattr(module, function, None)):
            found[name] = int(ask())
    if callable(ask := getattr(module, "mem_get_info", None)):
        free, total = ask()
        found["used"] = int(total) - int(free)
    return found


@cache
def _journal(folder: str) -> Journal:
    return Journal(visits_file(Path(folder), os.getpid()), f"soak-{os.getpid()}")
