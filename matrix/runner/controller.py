"""The orchestrator: carries the cells of a plan through pytest sessions, confirms bad news, and leaves no cell without
a result.

Everything it knows it reads from the journal, so that it can be killed at any moment and started again.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from matrix.cell import Cell
from matrix.inference.case import WorkloadCase
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Result
from matrix.run import Header
from matrix.runner.directory import end_leftovers, locked, next_run
from matrix.runner.journal import Journal, write_header
from matrix.runner.output import read_tail
from matrix.runner.progress import Progress
from matrix.runner.session import RunSettings, Session, Task
from matrix.runner.spawn import Carrying
from matrix.runner.tracker import Quarantine, Tracker

# Times that a session may end early without a single new result before its cells are given up.
FRUITLESS = 2
KILLED_SESSION = "ended all processes of its session, twice, the second time while it ran alone"

# Seconds between two looks at the sessions.
LOOK_SECONDS = 0.1

OnProgress = Callable[[Progress], None]
Group = dict[str, Cell]
# The work of a group, done in steps between which others have their turn; it returns why it was given up early, if it was.
Steps = Generator[None, None, str | None]


def blames_provider(result: Result) -> bool:
    """What is confirmed unless the caller decides otherwise: every result that blames the provider."""
    return result.outcome.blames_provider


def carry(  # noqa: PLR0913 - the one entry of the runner: what, where, how, and who is told
    cells: Sequence[Cell],
    directory: Path,
    settings: RunSettings,
    on_progress: OnProgress = lambda _: None,
    *,
    header: Header | None = None,
    given: Iterable[Result] = (),
    confirm: Callable[[Result], bool] = blames_provider,
) -> None:
    """Carry every cell that has no result in the directory yet, and write all results to its journals.

    given    results that need no carrying (UNSUPPORTED, NOT_RUN), written as they are
    confirm  which results are tried once more, in a fresh worker

    Raises BusyError when another run is at work there, and KeyboardInterrupt after an orderly end when interrupted.
    """
    with locked(directory):
        end_leftovers(directory)
        orchestrator = Orchestrator(directory, settings, on_progress, confirm, header or Header())
        settled = list(given)
        orchestrator.note(settled)
        names = {result.cell for result in settled}
        with interruptible():
            orchestrator.run([cell for cell in cells if str(cell.id) not in names], names)


@dataclass
class Orchestrator:
    """One run over a directory that it holds."""

    directory: Path
    settings: RunSettings
    on_progress: OnProgress
    confirm: Callable[[Result], bool]
    header: Header
    sessions: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    # Devices in quarantine, by profile.
    unwell: dict[str, set[str]] = field(default_factory=dict)
    # Cells that were at work when their whole session died, with how often: each is tried alone the next time.
    suspects: Counter[str] = field(default_factory=Counter)
    last_words: str = ""

    def __post_init__(self) -> None:
        self.number = next_run(self.directory)
        self.journal = Journal(self.directory / f"journal-{self.number:03d}-run.jsonl", f"run-{os.getpid()}")
        self.journal.write("run", write_header(self.header))
        self.journal.opened()
        self.tracker = Tracker(self.directory)

    def run(self, cells: Sequence[Cell], settled: Set[str]) -> None:
        """Carry all groups, then fill in what has no result, whatever happened before."""
        named = {str(cell.id): cell for cell in cells}
        self.tracker.plan(named, settled)
        reasons: dict[str, str] = {}
        ended = "interrupted"
        try:
            for lanes in share_out(groups(named), self.settings.workers):
                self.carry_lanes(lanes, reasons)
            ended = ""
        finally:
            self.fill(named, reasons, ended)
            self.tell()

    def carry_lanes(self, lanes: Lanes, reasons: dict[str, str]) -> None:
        """Carry groups side by side, each to its end; where one was given up, note the reason for its cells."""
        waiting = list(lanes.groups)
        at_work: list[tuple[Group, Steps]] = []
        try:
            while waiting or at_work:
                while waiting and len(at_work) < lanes.number:
                    at_work.append((waiting[0], self.carry_group(waiting.pop(0), lanes.workers)))
                for group, steps in list(at_work):
                    try:
                        next(steps)
                    except StopIteration as end:
                        at_work.remove((group, steps))
                        reasons.update(dict.fromkeys(group, end.value or self.last_words))
                self.tell()
                time.sleep(LOOK_SECONDS)
        finally:
            for _, steps in at_work:
                steps.close()

    def carry_group(self, group: Group, workers: int) -> Steps:
        """Carry the cells of one profile and evidence, then confirm; why it was given up early, if it was."""
        quarantine = yield from self.exhaust(group, self.to_carry, workers)
        if quarantine is None:
            quarantine = yield from self.exhaust(group, self.to_confirm, max(1, len(self.devices(group))))
        return quarantine

    def exhaust(self, group: Group, due: Callable[[str], bool], workers: int) -> Steps:
        """Hold sessions until no cell is due any more, or they get nowhere."""
        fruitless = 0
        while fruitless < FRUITLESS and (todo := [name for name in group if due(name)]):
            batch, side_by_side = self.choose(todo, workers)
            confirming = len(todo) if due == self.to_confirm else 0
            self.tracker.confirming += confirming
            tasks = [self.task(group[name], name) for name in batch]
            devices = self.devices(group)
            if _evidence(group) is Evidence.TIME:
                side_by_side = max(1, len(devices))
            started, quarantine = yield from self.carry_session(tasks, side_by_side, devices)
            self.tracker.confirming -= confirming
            if quarantine is not None:
                self.unwell.setdefault(tasks[0].cell.profile.name, set()).add(quarantine.device)
                if not self.devices(group):
                    return quarantine.reason
            left = [name for name in batch if due(name)]
            fruitless = 0 if len(left) < len(batch) else fruitless + 1
            self.suspect([name for name in left if name in started], alone=len(batch) == 1)
        return None

    def devices(self, group: Group) -> tuple[str, ...]:
        """The devices of a group's profile that are well, where it has several or they were named."""
        profile = next(iter(group.values())).profile
        named = self.settings.devices.get(profile.name, ()) if profile.one_device else ()
        return tuple(device for device in named if device not in self.unwell.get(profile.name, ()))

    def choose(self, todo: list[str], workers: int) -> tuple[list[str], int]:
        """What the next session carries: everything free of suspicion, and then each suspect alone."""
        clear = [name for name in todo if not self.suspects[name]]
        return (clear, workers) if clear else (todo[:1], 1)

    def suspect(self, left: list[str], *, alone: bool) -> None:
        """Remember the cells that were started by a session that died without charging anybody."""
        for name in left:
            self.suspects[name] += 1
            if alone and self.suspects[name] > 1:
                self.write(Result(name, Outcome.CRASH, Phase.RUN, KILLED_SESSION))
                self.tracker.look()

    def to_carry(self, name: str) -> bool:
        return not self.tracker.carried(name)

    def to_confirm(self, name: str) -> bool:
        """Whether a cell has bad news that were found once. A session that died of a cell has died twice already."""
        found = [result for result in self.tracker.attempts(name) if result.outcome is not Outcome.NOT_RUN]
        if len(found) != 1 or found[0].detail == KILLED_SESSION:
            return False
        return found[0].outcome.blames_provider and self.confirm(found[0])

    def task(self, cell: Cell, name: str) -> Task:
        return Task(cell, name, self.tracker.next_attempt(name))

    def carry_session(
        self, tasks: Sequence[Task], workers: int, devices: tuple[str, ...] = ()
    ) -> Generator[None, None, tuple[frozenset[str], Quarantine | None]]:
        """Carry tasks in one pytest process; which cells it began, and which device was put in quarantine, if one was."""
        profile = tasks[0].cell.profile
        name = f"{self.number:03d}-{next(self.sessions):02d}"
        mark = uuid.uuid4().hex
        limits = max((task.cell.limits for task in tasks), key=lambda limits: limits.seconds)
        session = Session(name, self.directory, mark, os.getpid(), limits, self.settings, tuple(tasks), devices)
        self.journal.write("session", {"name": name, "mark": mark, "cells": len(tasks)})
        watched = self.tracker.begin(name)
        try:
            with Carrying(session, profile, workers) as carrying:
                while carrying.alive() and watched.quarantine is None and watched.idle_seconds <= patience(session):
                    yield
        finally:
            self.tracker.end(name)
        said = " ".join((read_tail(session.log, 500) or "").split())
        self.last_words = f"pytest ended early, see {session.log.name}: {said}"
        return frozenset(watched.started), watched.quarantine

    def note(self, results: Iterable[Result]) -> None:
        """Write results that were known beforehand, unless the journal has them already."""
        for result in results:
            self.write(result)
        self.tracker.look()

    def write(self, result: Result) -> None:
        """Write a result under the next attempt, unless it repeats the last one."""
        last = self.tracker.attempts(result.cell)[-1:]
        if [(seen.outcome, seen.detail) for seen in last] != [(result.outcome, result.detail)]:
            self.journal.result(replace(result, attempt=self.tracker.next_attempt(result.cell)))

    def fill(self, named: dict[str, Cell], reasons: dict[str, str], otherwise: str) -> None:
        """The last act: every planned cell without a result is NOT_RUN, with the reason."""
        self.tracker.look()
        for name in named:
            if not self.tracker.carried(name):
                self.write(Result(name, Outcome.NOT_RUN, Phase.START, reasons.get(name, otherwise)))
        self.tracker.look()

    def tell(self) -> None:
        self.tracker.look()
        self.on_progress(self.tracker.progress())


def patience(session: Session) -> float:
    """Seconds without a word after which a session is taken for dead: more than any worker is allowed."""
    settings = session.settings
    return max(settings.start_seconds, session.limits.seconds) + 2 * settings.grace + 30


def groups(named: Group) -> list[Group]:
    """The cells by profile and evidence, in the order of the plan: a process serves one of each, and workloads apart."""
    found: dict[tuple[str, str, bool], Group] = {}
    for name, cell in named.items():
        found.setdefault((cell.profile.name, cell.evidence, is_workload(cell)), {})[name] = cell
    return list(found.values())


@dataclass(frozen=True)
class Lanes:
    """Groups that are carried side by side: so many at a time, with so many workers each."""

    groups: tuple[Group, ...]
    number: int = 1
    workers: int = 1


def share_out(found: Sequence[Group], workers: int) -> list[Lanes]:
    """Who works beside whom.

    Groups that need no device share the workers among them: a worker costs seconds to start, so few for each group is cheaper.
    Those that compile are the slowest: they go early, that none is left alone at the end, and each between others, that what
    is left can be estimated. Groups on a device have the machine for themselves.
    """
    compiled = [group for group in found if _evidence(group) is Evidence.COMPILE]
    interpreted = [group for group in found if _evidence(group) is Evidence.INTERPRET]
    pairs = itertools.zip_longest(compiled, interpreted)
    here = [group for pair in pairs for group in pair if group is not None]
    number = max(1, min(len(here), workers))
    lanes = [Lanes(tuple(here), number, max(1, workers // number))] if here else []
    alone = [group for group in found if not _evidence(group).emulated]
    return lanes + [Lanes((group,), 1, 1 if _of_workloads(group) else workers) for group in alone]


def is_workload(cell: Cell) -> bool:
    """Whether it takes a device, and a time limit, of its own: a model fills both."""
    return isinstance(cell.case, WorkloadCase)


def _of_workloads(group: Group) -> bool:
    return is_workload(next(iter(group.values())))


def _evidence(group: Group) -> Evidence:
    return next(iter(group.values())).evidence


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into KeyboardInterrupt, and ignore more: the orderly end is short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
