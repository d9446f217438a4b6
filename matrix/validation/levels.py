"""Gates and levels: which are reached, which are not, and which cannot be told. What cannot be told is never reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from backends.gate import Gate, Level, Scheme
from matrix.validation.measures import Grounds, Measured, measure


class Answer(StrEnum):
    """Whether a gate is passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Standing:
    """A gate, what its measure came to, and what that means."""

    gate: Gate
    measured: Measured
    answer: Answer


def judge_gate(gate: Gate, measured: Measured) -> Answer:
    """A gate fails early where what is missing could not save it, and passes only on enough evidence."""
    if measured.best is not None and measured.best < gate.at_least:
        return Answer.FAILED
    if measured.value is None or measured.coverage is None or measured.coverage < gate.coverage:
        return Answer.NOT_MEASURED
    return Answer.PASSED if measured.value >= gate.at_least else Answer.FAILED


def judge_gates(scheme: Scheme, grounds: Grounds) -> tuple[Standing, ...]:
    """How the evidence stands to every gate of the scheme."""
    found = ((gate, measure(gate, grounds)) for gate in scheme.gates)
    return tuple(Standing(gate, measured, judge_gate(gate, measured)) for gate, measured in found)


def reached(scheme: Scheme, standings: Sequence[Standing]) -> Level | None:
    """The highest level of which every gate, and every gate of the levels below, is passed."""
    passed = {standing.gate.name for standing in standings if standing.answer is Answer.PASSED}
    highest = None
    for level in scheme.levels:
        if not passed.issuperset(level.gates):
            break
        highest = level
    return highest


def following(scheme: Scheme, level: Level | None) -> Level | None:
    """The level after one; the first after none; None after the last."""
    place = 0 if level is None else scheme.levels.index(level) + 1
    return scheme.levels[place] if place < len(scheme.levels) else None


def missing(scheme: Scheme, level: Level | None, standings: Sequence[Standing]) -> tuple[Standing, ...]:
    """What keeps a profile from a level: its gates that are not passed. None needs nothing."""
    if level is None:
        return ()
    needed = {gate.name for gate in scheme.needed(level)}
    return tuple(
        standing for standing in standings if standing.gate.name in needed and standing.answer is not Answer.PASSED
    )
