"""The tracker: follows the journals of a directory while they grow, and knows at any time what has a result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from matrix.outcome import Outcome
from matrix.result import Result
from matrix.run import Run
from matrix.runner.journal import PATTERN, Event, Reading, Tail
from matrix.runner.progress import Progress


@dataclass(frozen=True)
class Quarantine:
    """A device that is not used any more, by its name for the profile's variable (empty: the only one), and why."""

    device: str
    reason: str


@dataclass
class Watched:
    """A session at work, as its journals tell.

    started     cells that it began;  running: what is at work now, by journal
    quarantine  which device it gave up, and why, if it did;  moved: when it last wrote anything (monotonic seconds)
    """

    started: set[str] = field(default_factory=set)
    running: dict[str, str] = field(default_factory=dict)
    quarantine: Quarantine | None = None
    moved: float = field(default_factory=time.monotonic)

    @property
    def idle_seconds(self) -> float:
        """How long it has written nothing."""
        return time.monotonic() - self.moved

    def follow(self, event: Event, place: str) -> None:
        """Take in one of its events, which stands in the journal `place`."""
        self.moved = time.monotonic()
        match event:
            case {"event": "start", "cell": str(cell)}:
                self.started.add(cell)
                self.running[place] = cell
            case {"event": "result", "cell": str(cell)}:
                self.running = {where: what for where, what in self.running.items() if what != cell}
            case {"event": "quarantine", "reason": str(reason)}:
                self.quarantine = Quarantine(str(event.get("device") or ""), reason)


class Tracker:
    """What the journals say, kept up to date by `look`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.confirming = 0
        self._reading = Reading()
        self._tails: dict[str, Tail] = {}
        self._planned: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._counts: Counter[Outcome] = Counter()
        self._sessions: dict[str, Watched] = {}
        self._answered: set[str] = set()
        self._first: tuple[float, int] | None = None
        self.look()

    def plan(self, cells: Iterable[str], settled: Iterable[str] = ()) -> None:
        """What progress is measured against; `settled` cells have a result that is not found by carrying them."""
        known = set(settled)
        self._planned = set(cells) | known
        self._outcomes = {}
        self._counts.clear()
        for cell in self._planned & self._reading.results.keys():
            if cell in known or self.carried(cell):
                self._count(cell)
        self._first = None

    def begin(self, session: str) -> Watched:
        """A session starts."""
        watched = self._sessions[session] = Watched()
        return watched

    def end(self, session: str) -> None:
        """A session has ended, and so has what it was at."""
        self.look()
        del self._sessions[session]

    def look(self) -> None:
        """Take in what was written since the last look."""
        for path in sorted(self.directory.glob(PATTERN)):
            tail = self._tails.setdefault(path.name, Tail(path, self._reading.warn))
            if not tail.grown():
                continue
            watched = next((w for name, w in self._sessions.items() if path.name.startswith(f"journal-{name}-")), None)
            for event in tail.read():
                self._take(event, path.name, watched)

    def _take(self, event: Event, place: str, watched: Watched | None) -> None:
        self._reading.take(event, place)
        cell = event.get("cell")
        if watched is not None:
            watched.follow(event, place)
            if event["event"] == "result" and isinstance(cell, str):
                self._answered.add(cell)
        if event["event"] == "result" and isinstance(cell, str) and cell in self._planned:
            self._count(cell)

    def _count(self, cell: str) -> None:
        final = Run.of(self.attempts(cell)).final(cell)
        if final is None:
            return
        before = self._outcomes.get(cell)
        if before is not None:
            self._counts[before] -= 1
        self._outcomes[cell] = final.outcome
        self._counts[final.outcome] += 1
        if self._first is None:
            self._first = (time.monotonic(), len(self._outcomes))

    def attempts(self, cell: str) -> tuple[Result, ...]:
        """All results of a cell, in the order of the attempts."""
        found = self._reading.results.get(cell, {})
        return tuple(found[number] for number in sorted(found))

    def carried(self, cell: str) -> bool:
        """Whether a cell has a result that need not be repeated: one of this run, or any but NOT_RUN of an earlier one."""
        return cell in self._answered or any(result.outcome is not Outcome.NOT_RUN for result in self.attempts(cell))

    def next_attempt(self, cell: str) -> int:
        return max(self._reading.results.get(cell, ()), default=0) + 1

    def progress(self) -> Progress:
        return Progress(
            done=len(self._outcomes),
            total=len(self._planned),
            outcomes=+self._counts,
            seconds_left=self._seconds_left(),
            running=tuple(cell for watched in self._sessions.values() for cell in watched.running.values()),
            confirming=self.confirming,
        )

    def _seconds_left(self) -> float | None:
        """What is left at the pace of this run so far; None before there is a pace."""
        if self._first is None or self.confirming:
            return None
        since, before = self._first
        new = len(self._outcomes) - before
        if new < 3:
            return None
        return (time.monotonic() - since) / new * (len(self._planned) - len(self._outcomes))
