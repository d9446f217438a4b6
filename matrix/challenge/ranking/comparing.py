"""Comparing entries where they were measured alike, and only there.

Two entries are compared in a dimension if it was measured to the same extent of both, and, where its points are of a device,
on the same one. What was not measured is neither 0 nor full marks: it leaves open what it could change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matrix.challenge.ranking.entrant import Entrant, Measure

# Points are given to the hundredth: entries that agree to it are tied.
DIGITS = 2
STEP = 0.5 * 10**-DIGITS


@dataclass(frozen=True)
class Place:
    """An entry's rank among others. `tied`: another has the same points."""

    rank: int
    tied: bool
    points: float
    entrant: Entrant


@dataclass(frozen=True)
class Table:
    """Entries that are ranked by these dimensions, because all of them were measured alike in them.

    names   the dimensions;  titles: for a reader;  out_of: points that there are in what was measured of them
    basis   the device of the speed-ups among them; empty: none is among them
    """

    names: tuple[str, ...]
    titles: tuple[str, ...]
    out_of: float
    basis: str
    places: tuple[Place, ...]

    @property
    def first(self) -> tuple[Entrant, ...]:
        return tuple(place.entrant for place in self.places if place.rank == 1)


def ranked(entrants: Sequence[Entrant], points: Callable[[Entrant], float]) -> tuple[Place, ...]:
    """By points to the hundredth, most first; those that tie share a rank, and the ranks after them are left out."""
    scores = {each.place: round(points(each), DIGITS) for each in entrants}
    values = list(scores.values())
    return tuple(
        Place(1 + sum(other > own for other in values), values.count(own) > 1, own, each)
        for each in sorted(entrants, key=lambda each: (-scores[each.place], each.task, each.name, each.digest))
        for own in [scores[each.place]]
    )


def alike(entrants: Sequence[Entrant]) -> tuple[Table, ...]:
    """Entries in groups that were measured alike in every dimension, those with the most measured points first."""
    groups: dict[tuple[object, ...], list[Entrant]] = {}
    for each in entrants:
        groups.setdefault(tuple(measure.extent for measure in each.measures), []).append(each)
    tables = [over_common(group) for group in groups.values()]
    return tuple(sorted(tables, key=lambda table: (-table.out_of, table.basis, table.names)))


def over_common(entrants: Sequence[Entrant]) -> Table:
    """All of these entries, over the dimensions in which all of them were measured alike."""
    first = entrants[0]
    common = [
        measure
        for measure in first.measures
        if measure.extent is not None and all(each.measure(measure.name).extent == measure.extent for each in entrants)
    ]
    names = tuple(measure.name for measure in common)
    return Table(
        names=names,
        titles=tuple(measure.title for measure in common),
        out_of=sum(measure.measured for measure in common),
        basis=next((measure.basis for measure in common if measure.basis), ""),
        places=ranked(entrants, lambda each: each.over(names)),
    )


def margin(ahead: Entrant, behind: Entrant) -> float:
    """By how many points one is ahead of another at least, whatever is measured later."""
    return sum(_least_margin(measure, behind.measure(measure.name)) for measure in ahead.measures)


def _least_margin(ahead: Measure, behind: Measure) -> float:
    if ahead.basis and behind.basis and ahead.basis != behind.basis:
        return -max(ahead.out_of, behind.out_of)  # points of different devices say nothing of each other
    return ahead.least - behind.most


def obstacles(one: Entrant, other: Entrant) -> list[str]:
    """Why two entries cannot be compared in all dimensions, a sentence for each dimension."""
    found = []
    for measure in one.measures:
        against = other.measure(measure.name)
        if measure.extent == against.extent and measure.measured > measure.out_of - STEP:
            continue
        if measure.basis and against.basis and measure.basis != against.basis:
            why = f"{one.name} on {measure.basis}, {other.name} on {against.basis}: not comparable"
        elif (sizes := {round(each.measured, DIGITS) for each in (measure, against)}) == {0.0}:
            why = "measured of neither"
        elif len(sizes) == 1:
            why = f"{measure.measured:g} of {measure.out_of:g} points measured of both"
        else:
            why = (
                f"{measure.measured:g} of {measure.out_of:g} points measured of {one.name}, "
                f"{against.measured:g} of {other.name}"
            )
        if max(measure.out_of, against.out_of) > STEP:
            found.append(f"{measure.title}: {why}")
    return found
