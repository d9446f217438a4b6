"""What a scorecard says of an entry, as far as ranking needs it. The cards are files from elsewhere: see `reading.py`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# What may differ by rounding: a card's numbers have six digits after the dot.
ROUNDING = 1e-5


@dataclass(frozen=True)
class Device:
    """A device that an entry was timed on. A speed-up is relative to the native operator on the same device."""

    profile: str
    name: str
    calls: int
    speedup: float
    low: float
    high: float
    scored: bool


@dataclass(frozen=True)
class Measure:
    """A dimension of an entry, as far as it was measured.

    points   earned; None where nothing was measured
    measured, out_of  points that there were in what was measured, and in all of it
    basis    the devices that the points are of; empty: they are of no device, and can be compared between any two entries
    """

    name: str
    title: str
    points: float | None
    measured: float
    out_of: float
    basis: str = ""

    @property
    def extent(self) -> tuple[str, float, str] | None:
        """What must be the same for two to be compared; None where nothing was measured."""
        return None if self.points is None else (self.name, round(self.measured, 4), self.basis)

    @property
    def least(self) -> float:
        """The points if all that was not measured earned nothing."""
        return self.points or 0.0

    @property
    def most(self) -> float:
        """The points if all that was not measured earned everything."""
        return self.least + self.out_of - self.measured


@dataclass(frozen=True)
class Entrant:
    """An entry with its card. `place`: the file that says so;  invalid: why it is not ranked, empty where it is."""

    place: str
    task: str
    tier: str
    team: tuple[str, ...]
    digest: str
    date: str
    weights: str
    measures: tuple[Measure, ...]
    devices: tuple[Device, ...]
    invalid: str = ""

    @property
    def people(self) -> frozenset[str]:
        return frozenset(map(same_name, self.team))

    @property
    def name(self) -> str:
        return ", ".join(self.team)

    @property
    def short(self) -> str:
        """Eight digits of the entry's digest: tells two entries of one team apart."""
        return self.digest[:8]

    @property
    def points(self) -> float:
        return sum(measure.least for measure in self.measures)

    @property
    def measured(self) -> float:
        return sum(measure.measured for measure in self.measures)

    @property
    def out_of(self) -> float:
        return sum(measure.out_of for measure in self.measures)

    @property
    def scored_device(self) -> Device | None:
        """The device that the points of performance are of."""
        return next((device for device in self.devices if device.scored), None)

    def measure(self, name: str) -> Measure:
        return next(measure for measure in self.measures if measure.name == name)

    def over(self, names: Iterable[str]) -> float:
        """The points in these dimensions."""
        return sum(self.measure(name).least for name in names)


def same_name(name: str) -> str:
    """How names of people are compared: without capitals, accents of form, and doubled spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
