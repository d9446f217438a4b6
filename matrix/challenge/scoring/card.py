"""A scorecard: six scores, what they rest on, and what they come to over the points that could be measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matrix.challenge.scoring.cases import Case, share_right
from matrix.challenge.scoring.score import Score


@dataclass(frozen=True)
class Ground:
    """A run that the card rests on. `kind`: `own` or `given`;  counted: its cells;  held: what held the entry while it ran."""

    kind: str
    name: str
    started: str
    columns: tuple[str, ...]
    counted: int
    machine: Mapping[str, str]
    stack: Mapping[str, str]
    held: str = ""


@dataclass(frozen=True)
class Subject:
    """Whose card it is."""

    task: str
    tier: str
    team: tuple[str, ...]
    licence: str
    folder: str
    digest: str
    files: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class TimedOn:
    """A device that the entry was timed on, beside the native operator there; `scored`: its speed-up earned points."""

    profile: str
    name: str
    calls: int
    speedup: float
    low: float
    high: float
    scored: bool


@dataclass(frozen=True)
class Scorecard:
    """All of it. `tampering`: what the entry did to its judge; then it earns nothing. `missing`: what is still to be done."""

    subject: Subject
    weights: str
    scores: tuple[Score, ...]
    grounds: tuple[Ground, ...]
    date: str
    tampering: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    devices: tuple[TimedOn, ...] = ()

    @property
    def points(self) -> float:
        return sum(score.points or 0.0 for score in self.scores)

    @property
    def measured(self) -> float:
        """Points that there were in what was measured."""
        return sum(score.measured for score in self.scores)

    @property
    def out_of(self) -> float:
        return sum(score.out_of for score in self.scores)

    @property
    def complete(self) -> bool:
        return self.measured > self.out_of - 1e-6

    def score(self, name: str) -> Score:
        return next(score for score in self.scores if score.name == name)


def hold(
    scores: Sequence[Score], cases: Sequence[Case], policy: str, due: float, tampering: Sequence[str]
) -> list[Score]:
    """The scores as they stand: an entry that cheats has none, and one that is mostly wrong has that of its correctness."""
    if tampering:
        return [score.withheld(f"the entry tampers with its judge: {tampering[0]}") for score in scores]
    right = share_right(cases, policy)
    if right is None or right >= due:
        return list(scores)
    why = f"{right:.1%} of the cases are right, and {due:.0%} are due before anything but correctness earns points"
    return [score if score.name == "correctness" else score.withheld(why) for score in scores]
