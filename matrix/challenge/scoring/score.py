"""The nouns of a scorecard: a dimension's Score is the sum of its Parts, and a Part is whole but for the Losses that say why.

A share is not set, it is what the losses leave: no point can be lost without a sentence. What was not measured is no loss; its
points are taken out of what the score is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

ROUNDING = 1e-9


@dataclass(frozen=True)
class Loss:
    """Why a part is not whole: a sentence, the share of the part that it costs, and the command that repeats it, if any."""

    text: str
    share: float
    command: str = ""

    def __post_init__(self) -> None:
        if not self.text or not 0 < self.share <= 1 + ROUNDING:
            raise ValueError(f"a loss has a sentence and costs a share of more than 0, up to 1; got {self}")


@dataclass(frozen=True)
class Part:
    """A part of a dimension.

    out_of    points that there are for it;  losses: what it lost of them
    unmeasured  why it was not measured; empty: it was
    note      what was counted, in words and numbers
    """

    title: str
    out_of: float
    losses: tuple[Loss, ...] = ()
    unmeasured: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.unmeasured and self.losses:
            raise ValueError(f"{self.title}: what was not measured loses nothing")
        if sum(loss.share for loss in self.losses) > 1 + 1e-6:
            raise ValueError(f"{self.title}: its losses are more than all of it")

    @property
    def share(self) -> float | None:
        """What is left of 1, or None where it was not measured."""
        return None if self.unmeasured else max(0.0, 1.0 - sum(loss.share for loss in self.losses))

    @property
    def points(self) -> float | None:
        return None if self.share is None else self.out_of * self.share


@dataclass(frozen=True)
class Exhibit:
    """A table that a score rests on. Every cell is text; `command` in `headers` marks a column of commands."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.headers) for row in self.rows):
            raise ValueError(f"{self.title}: a row has another number of columns than the head")


@dataclass(frozen=True)
class Score:
    """A dimension of the card. Its parts' points add up to `out_of`; `remarks` are sentences that cost nothing."""

    name: str
    title: str
    out_of: float
    parts: tuple[Part, ...]
    exhibits: tuple[Exhibit, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if abs(sum(part.out_of for part in self.parts) - self.out_of) > 1e-6:
            raise ValueError(f"{self.name}: its parts are not worth {self.out_of} points together")

    @property
    def measured(self) -> float:
        """Points that could be earned in what was measured."""
        return sum(part.out_of for part in self.parts if part.share is not None)

    @property
    def points(self) -> float | None:
        """Points earned; None where nothing was measured."""
        found = [part.points for part in self.parts if part.points is not None]
        return sum(found) if self.measured > ROUNDING else None

    @property
    def share(self) -> float | None:
        """Of what was measured, the share that was earned."""
        return None if self.points is None else self.points / self.measured

    def withheld(self, why: str) -> Score:
        """The same, with nothing earned of what was measured, for one reason."""
        if not self.measured:
            return self
        lost = Part("all that was measured", self.measured, (Loss(why, 1.0),))
        return replace(self, parts=(lost, *(part for part in self.parts if part.share is None)))


def unmeasured(name: str, title: str, out_of: float, why: str) -> Score:
    """A dimension of which nothing was measured."""
    return Score(name, title, out_of, (Part(title, out_of, unmeasured=why),))


def covered(  # noqa: PLR0913, PLR0917 - both parts of what it makes
    title: str, out_of: float, coverage: float, losses: Sequence[Loss], note: str, missing: str
) -> list[Part]:
    """A part of which only a share was measured, as two: what was, and what was not and why (`missing`)."""
    found = []
    if coverage > ROUNDING:
        found.append(Part(title, out_of * coverage, tuple(losses), note=note))
    if coverage < 1 - ROUNDING:
        found.append(Part(title if not found else f"{title}, the rest", out_of * (1 - coverage), unmeasured=missing))
    return found


def divide(out_of: float, weights: dict[str, float]) -> dict[str, float]:
    """Points by weight; all the same where no weight is above 0."""
    total = sum(weights.values())
    if total <= 0:
        return dict.fromkeys(weights, out_of / max(1, len(weights)))
    return {name: out_of * weight / total for name, weight in weights.items()}
