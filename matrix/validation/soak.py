"""Soaking: rounds of laps over a selection of cases, through the real runner, until the hours are spent.

A round is one session with one warm worker. What it came to is one line of `soak.jsonl`; its own folder is kept where something
went wrong and removed otherwise, because days of journals would fill a disk. A killed soak loses the seconds of its round in
flight, never what that round had found, and goes on where it was.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matrix.cell import Cell
from matrix.outcome import Outcome
from matrix.runner.controller import OnProgress, carry
from matrix.runner.directory import locked
from matrix.runner.journal import Event, Journal, now
from matrix.runner.session import RunSettings
from matrix.usage import UsageError
from matrix.validation.laps import chosen, course
from matrix.validation.soaked import FILE, Round, Soak, read_soak, write_round
from matrix.validation.visits import FOLDER_VARIABLE, SECONDS_VARIABLE, summarise, wall_seconds

JUDGE = "matrix.validation.soaking:judge"
SEED = 20261125


@dataclass(frozen=True)
class Pace:
    """How a soak spends its time.

    visit_seconds  for which a case is called in one visit
    round_seconds  for which one worker lives, about;  first_laps: of the first round, which finds out how long a lap takes
    most_cells     of one round (the next takes others);  most_visits: of one round, whose journals must stay small
    """

    visit_seconds: float = 0.25
    round_seconds: float = 1800.0
    first_laps: int = 1
    most_cells: int = 200
    most_visits: int = 6000


@dataclass(frozen=True)
class Asked:
    """A soak as it was asked for: what, where, how long, and the facts that its record opens with."""

    cells: tuple[Cell, ...]
    directory: Path
    settings: RunSettings
    hours: float
    machine: Mapping[str, str]
    stack: Mapping[str, str]
    pace: Pace = Pace()
    seed: int = SEED


def soak(
    asked: Asked, on_progress: OnProgress = lambda _: None, on_round: Callable[[Soak], None] = lambda _: None
) -> str:
    """Soak until the hours are spent; why it ended earlier, if it did.

    Raises UsageError where the folder holds another soak, BusyError, and KeyboardInterrupt.
    """
    with locked(asked.directory):
        path = asked.directory / FILE
        journal = Journal(path, "soak")
        found = read_soak(path)
        if found is None:
            journal.write("soak", _head(asked))
            found = read_soak(path)
        assert found is not None
        _refuse_other(found, asked)
        laps = asked.pace.first_laps
        while found.hours < asked.hours:
            last, laps = _round(asked, len(found.rounds) + 1, laps, asked.hours - found.hours, on_progress)
            if not last.visits and not found.rounds:
                return _why_nothing(last)  # nothing was ever soaked: the fault of the set-up, and no finding
            journal.write("round", write_round(last))
            _tidy(asked, last)
            found = replace(found, rounds=(*found.rounds, last))
            on_round(found)
            if not last.visits:
                return _why_nothing(last)
    return ""


def _why_nothing(last: Round) -> str:
    said = next((crash.detail for crash in last.crashes), "nothing was carried")
    return f"round {last.number} could visit no case: {said}"


def folder_of(asked: Asked, number: int) -> Path:
    return asked.directory / "rounds" / f"{number:05d}"


def _round(asked: Asked, number: int, laps: int, hours_left: float, on_progress: OnProgress) -> tuple[Round, int]:
    """Carry one round; what it came to, and how many laps the next one should have."""
    folder = folder_of(asked, number)
    cells = chosen(asked.cells, asked.pace.most_cells, asked.seed, number)
    own = {FOLDER_VARIABLE: str(folder.resolve()), SECONDS_VARIABLE: f"{asked.pace.visit_seconds:g}"}
    settings = replace(asked.settings, judge=JUDGE, workers=1, environment={**asked.settings.environment, **own})
    began = time.monotonic()
    carry(course(cells, laps, asked.seed, number), folder, settings, on_progress, confirm=lambda _: False)
    seconds = time.monotonic() - began
    found = summarise(folder, number, seconds)
    visiting = wall_seconds(folder)
    left = min(hours_left * 3600 - seconds, asked.pace.round_seconds) - max(0.0, seconds - visiting)
    return found, next_laps(asked.pace, len(cells), visiting / laps, left)


def next_laps(pace: Pace, cells: int, lap_seconds: float, left: float) -> int:
    """How many laps fit into what is left, at least one."""
    fitting = int(left / lap_seconds) if lap_seconds > 0 else 1
    return max(1, min(fitting, pace.most_visits // cells))


def _tidy(asked: Asked, found: Round) -> None:
    """Remove a round that went well."""
    if set(found.outcomes) <= {Outcome.PASS.value}:
        shutil.rmtree(folder_of(asked, found.number), ignore_errors=True)


def _head(asked: Asked) -> Event:
    return {
        "profile": asked.cells[0].profile.name,
        "evidence": asked.cells[0].evidence.value,
        "started": now(),
        "cells": len(asked.cells),
        "seed": asked.seed,
        "machine": dict(asked.machine),
        "stack": dict(asked.stack),
    }


def _refuse_other(found: Soak, asked: Asked) -> None:
    """A soak is gone on with only with the same cells, on the same stack."""
    cell = asked.cells[0]
    before = (found.profile, found.evidence, found.cells, dict(found.stack))
    here = (cell.profile.name, cell.evidence.value, len(asked.cells), dict(asked.stack))
    if before != here:
        raise UsageError(
            f"{asked.directory} holds a soak of {found.cells} cells of {found.profile}@{found.evidence} with "
            f"{_listed(found.stack)}; this one has {len(asked.cells)} of {cell.profile.name}@{cell.evidence} with "
            f"{_listed(asked.stack)}: start a new one with --out"
        )


def _listed(stack: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in stack.items()) or "no stack"


def soakable(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Cells that can be called again and again: an illegal call raises."""
    return tuple(cell for cell in cells if not cell.case.sample.raises)
