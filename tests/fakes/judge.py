"""A judge for the fakes: it calls the candidate, and a candidate that returns True is right.

It stands where `matrix.judging.judge` stands in a real run, and is as small as a judge can be: what is tested with it is
the runner, not the judging.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result
from tests.fakes.cells import fake

POISONED = "FAKES_POISONED"


def judge(cell: Cell, announce: Callable[[Phase], None]) -> Result:
    """Announce the phases as a real judge does, and compare with True."""
    operator = cell.case.operator
    if operator.base == "lie":
        return replace(judge(fake("right"), lambda _: None), cell="fakes:another")
    announce(Phase.INPUTS)
    inputs = resolve(operator.reference)() if operator.reference.endswith("inputs") else None
    announce(Phase.REFERENCE)
    if operator.reference.endswith("reference"):
        resolve(operator.reference)()
    announce(Phase.RUN)
    got = resolve(operator.providers[cell.case.provider])()
    if operator.reference.endswith("baseline"):
        announce(Phase.TIME)
        resolve(operator.reference)()
    announce(Phase.COMPARE)
    if operator.reference.endswith("slow_after_baseline"):
        time.sleep(2 * cell.profile.limits.timing_seconds)
    total = 1 if inputs is None else 2
    if got is True:
        return Result(str(cell.id), Outcome.PASS, Phase.COMPARE, comparison=Comparison("equal", total, 0))
    comparison = Comparison("equal", total, 1, got=str(got)[:100], expected="True")
    return Result(str(cell.id), Outcome.WRONG, Phase.COMPARE, f"got {str(got)[:100]}", comparison=comparison)


def judge_run(cell: Cell, announce: Callable[[Phase], None]) -> Result:
    """As `judge`; a cell with evidence `time` answers that it is not run, so that it needs no timing."""
    found = judge(cell, announce)
    return Result(found.cell, Outcome.INFRA, found.phase, "not timed")


def probe() -> str | None:
    """Not well once a candidate has poisoned this process."""
    return "poisoned" if os.environ.get(POISONED) else None


def warm(cell: Cell) -> None:
    """Import what the candidates need before memory and time are counted, as a real judge imports its provider."""
    if "torch" in cell.profile.name:
        import torch

        torch.ones(1)


def judge_nothing(cell: Cell, announce: Callable[[Phase], None]) -> Result:
    """What a cell needs is not there, and the judge says so."""
    announce(Phase.START)
    return Result(str(cell.id), Outcome.NOT_RUN, Phase.START, "an engine is not installed")
