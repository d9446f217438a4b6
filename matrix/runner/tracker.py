"""The tracker: follows the journals of a directory while they grow, and knows at any time what has a result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from matrix.outcome import Outcome
from matrix.result import Result
from matrix.run import Run
from matrix.runner.journal import PATTERN, Event, Reading, Tail
from matrix.runner.progress import Progress


class Tracker:
    """What the journals say, kept up to date by `look`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.quarantine: str | None = None
        self.started: set[str] = set()
        self.confirming = 0
        self._reading = Reading()
        self._tails: dict[str, Tail] = {}
        self._planned: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._counts: Counter[Outcome] = Counter()
        self._running: dict[str, str] = {}
        self._session = ""
        self._first: tuple[float, int] | None = None
        self._moved = time.monotonic()
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

    def begin(self, session: str) -> None:
        """A session starts: what was running has ended."""
        self._session = session
        self.quarantine = None
        self.started.clear()
        self._running.clear()
        self._moved = time.monotonic()

    def look(self) -> None:
        """Take in what was written since the last look."""
        for path in sorted(self.directory.glob(PATTERN)):
            tail = self._tails.setdefault(path.name, Tail(path, self._reading.warn))
            if not tail.grown():
                continue
            current = bool(self._session) and path.name.startswith(f"journal-{self._session}-")
            for event in tail.read():
                self._take(event, path.name, current=current)

    def _take(self, event: Event, place: str, *, current: bool) -> None:
        self._reading.take(event, place)
        cell = event.get("cell")
        if current:
            self._moved = time.monotonic()
            self._follow(event, place)
        if event["event"] == "result" and isinstance(cell, str) and cell in self._planned:
            self._count(cell)

    def _follow(self, event: Event, place: str) -> None:
        """Take in an event of the session at work."""
        match event:
            case {"event": "start", "cell": str(cell)}:
                self.started.add(cell)
                self._running[place] = cell
            case {"event": "result", "cell": str(cell)}:
                self._running = {where: what for where, what in self._running.items() if what != cell}
            case {"event": "quarantine", "reason": str(reason)}:
                self.quarantine = reason

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
        """Whether a cell has a result that need not be repeated."""
        return any(result.outcome is not Outcome.NOT_RUN for result in self.attempts(cell))

    def next_attempt(self, cell: str) -> int:
        return max(self._reading.results.get(cell, ()), default=0) + 1

    @property
    def idle_seconds(self) -> float:
        """How long the session at work has written nothing."""
        return time.monotonic() - self._moved

    def progress(self) -> Progress:
        return Progress(
            done=len(self._outcomes),
            total=len(self._planned),
            outcomes=+self._counts,
            seconds_left=self._seconds_left(),
            running=tuple(self._running.values()),
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
