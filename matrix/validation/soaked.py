"""What a soak's record says: hours, crashes, growth of memory, drift of speed. The record is one JSON line per round.

    {"event": "soak", "profile": p, "evidence": e, "started": iso, "cells": n, "seed": s, "machine": {}, "stack": {}}
    {"event": "round", "number": k, "seconds": s, "visits": n, "calls": n, "outcomes": {}, "crashes": [...],
     "memory": {"host": [[bytes of each lap] of each worker], ...}, "latency": {row: seconds}}

It comes from another company's machine like any journal: what does not read is left out and named.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matrix.outcome import Outcome
from matrix.record import Json
from matrix.runner.journal import Event, Tail
from matrix.validation.growth import Growth, drift, grown

FILE = "soak.jsonl"
# What ends a stress test: the process died, hung, or ran out of memory.
CRASHES = (Outcome.CRASH, Outcome.TIMEOUT, Outcome.OOM)
# What a worker tells of memory after each visit (matrix/validation/soaking.py), and how a person calls it.
MEMORIES = {
    "host": "host memory of the worker",
    "allocated": "device memory in use by torch",
    "reserved": "device memory held by torch",
    "used": "device memory in use in all",
}


@dataclass(frozen=True)
class Crash:
    """A case that ended its process in a soak."""

    cell: str
    outcome: str
    detail: str


@dataclass(frozen=True)
class Round:
    """One session of a soak: one warm worker, or several where it died, and some laps over all cases.

    memory   kind -> for each worker, the median of each of its laps, in bytes;  latency: row -> median seconds of a call
    """

    number: int
    seconds: float
    visits: int
    calls: int
    outcomes: Mapping[str, int]
    crashes: tuple[Crash, ...] = ()
    memory: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    latency: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Soak:
    """A whole soak, as far as it has come."""

    profile: str
    evidence: str
    started: str
    cells: int
    seed: int
    machine: Mapping[str, str]
    stack: Mapping[str, str]
    rounds: tuple[Round, ...]
    warnings: tuple[str, ...] = ()

    @property
    def hours(self) -> float:
        """Hours of rounds that were brought to their end; what a kill cut off is not counted."""
        return math.fsum(each.seconds for each in self.rounds) / 3600

    @property
    def visits(self) -> int:
        return sum(each.visits for each in self.rounds)

    @property
    def calls(self) -> int:
        return sum(each.calls for each in self.rounds)

    @property
    def crashes(self) -> tuple[Crash, ...]:
        return tuple(crash for each in self.rounds for crash in each.crashes)

    @property
    def outcomes(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for each in self.rounds:
            total.update(each.outcomes)
        return total

    @property
    def growths(self) -> tuple[Growth, ...]:
        """How each kind of memory grew over the laps of a worker's life, for the kinds that were seen."""
        seen = {kind: [list(one) for each in self.rounds for one in each.memory.get(kind, ())] for kind in MEMORIES}
        return tuple(grown(MEMORIES[kind], series) for kind, series in seen.items() if series)

    @property
    def drift(self) -> tuple[tuple[str, float], ...]:
        """Cases by how much slower they became, the worst first."""
        return drift([each.latency for each in self.rounds])


def read_soak(path: Path) -> Soak | None:
    """The soak of a file; None where there is none, or its first line is none."""
    if not path.is_file():
        return None
    warnings: list[str] = []
    events = list(Tail(path, warnings.append).read())
    head = next((event for event in events if event["event"] == "soak"), None)
    if head is None:
        return None
    rounds: dict[int, Round] = {}
    for event in events:
        if event["event"] == "round":
            found = _round(event)
            if found is None or found.number in rounds:
                warnings.append(f"{path.name}: a round is no round, or stands there twice; it is skipped")
            else:
                rounds[found.number] = found
    return Soak(
        profile=str(head.get("profile")),
        evidence=str(head.get("evidence")),
        started=str(head.get("started")),
        cells=_whole(head.get("cells")),
        seed=_whole(head.get("seed")),
        machine=_texts(head.get("machine")),
        stack=_texts(head.get("stack")),
        rounds=tuple(rounds[number] for number in sorted(rounds)),
        warnings=tuple(warnings),
    )


def write_round(each: Round) -> Event:
    """A round as the fields of its event."""
    return {
        "number": each.number,
        "seconds": each.seconds,
        "visits": each.visits,
        "calls": each.calls,
        "outcomes": dict(each.outcomes),
        "crashes": [{"cell": one.cell, "outcome": one.outcome, "detail": one.detail} for one in each.crashes],
        "memory": {kind: [list(laps) for laps in series] for kind, series in each.memory.items()},
        "latency": dict(each.latency),
    }


def _round(event: Event) -> Round | None:
    number, seconds = _whole(event.get("number")), _number(event.get("seconds"))
    if not number or seconds is None:
        return None
    crashes = event.get("crashes")
    memory = event.get("memory")
    return Round(
        number=number,
        seconds=seconds,
        visits=_whole(event.get("visits")),
        calls=_whole(event.get("calls")),
        outcomes={name: _whole(value) for name, value in _mapping(event.get("outcomes")).items()},
        crashes=tuple(_crash(item) for item in crashes) if isinstance(crashes, list) else (),
        memory={kind: _series(value) for kind, value in _mapping(memory).items() if kind in MEMORIES},
        latency=_positive(_mapping(event.get("latency"))),
    )


def _crash(item: Json) -> Crash:
    fields = _mapping(item)
    return Crash(*(str(fields.get(name, ""))[:500] for name in ("cell", "outcome", "detail")))


def _series(value: Json) -> tuple[tuple[float, ...], ...]:
    if not isinstance(value, list):
        return ()
    return tuple(tuple(_numbers(laps)) for laps in value if isinstance(laps, list))


def _numbers(values: Sequence[Json]) -> list[float]:
    return [number for value in values if (number := _number(value)) is not None]


def _positive(values: Mapping[str, Json]) -> dict[str, float]:
    return {name: number for name, value in values.items() if (number := _number(value))}


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _texts(value: Json) -> dict[str, str]:
    return {name: str(item) for name, item in _mapping(value).items()}


def _whole(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _number(value: Json) -> float | None:
    """A finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e15 else None
