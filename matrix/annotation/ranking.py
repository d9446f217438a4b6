"""The leaderboard: 60 % prediction and 40 % technical part. What is missing is said, and ranks nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matrix.annotation.judgements import CRITERIA, Judgement
from matrix.annotation.score_file import Standing
from matrix.usage import UsageError

PREDICTION, TECHNICAL = 0.6, 0.4
# Totals are told apart, and ties called, at the digits that are shown.
DIGITS = 2


@dataclass(frozen=True)
class Placed:
    """An entry on the leaderboard. All marks are from 0 to 100.

    place    1 is the first; entries with the same total share one, and `tied` says so; None: not ranked, for `lacks`
    judges   who judged it;  marks: by criterion, the mean over the judges
    """

    standing: Standing
    prediction: float | None
    technical: float | None
    marks: Mapping[str, float]
    judgements: tuple[Judgement, ...]
    lacks: tuple[str, ...]
    place: int | None = None
    tied: bool = False

    @property
    def total(self) -> float | None:
        if self.prediction is None or self.technical is None:
            return None
        return round(PREDICTION * self.prediction + TECHNICAL * self.technical, DIGITS)

    @property
    def shown_place(self) -> str:
        return "-" if self.place is None else f"{self.place}=" if self.tied else str(self.place)


def rank(standings: Sequence[Standing], judgements: Sequence[Judgement]) -> tuple[Placed, ...]:
    """The entries in the order of the leaderboard; those that cannot be ranked stand last, by name.

    Raises UsageError for two scores of one entry, and for a judgement of an entry that there is not.
    """
    names = Counter(standing.entry for standing in standings)
    if twice := sorted(name for name, number in names.items() if number > 1):
        raise UsageError(f"{', '.join(twice)}: there is more than one score of it; name one file for each entry")
    if strange := sorted({each.entry for each in judgements} - set(names)):
        raise UsageError(
            f"judgements are of {', '.join(strange)}, of which there is no score; there are {', '.join(names)}"
        )
    placed = [_gathered(each, [own for own in judgements if own.entry == each.entry]) for each in standings]
    whole = [each for each in placed if each.total is not None]
    whole.sort(key=lambda each: (-(each.total or 0.0), each.standing.entry))
    totals = [each.total for each in whole]
    ranked = [_with_place(each, totals.index(each.total) + 1, tied=totals.count(each.total) > 1) for each in whole]
    rest = sorted((each for each in placed if each.total is None), key=lambda each: each.standing.entry)
    return (*ranked, *rest)


def _gathered(standing: Standing, judgements: Sequence[Judgement]) -> Placed:
    lacks = [f"task {number}: {why}" for number, why in sorted(standing.absent.items())]
    if not judgements:
        lacks.append("no judge has marked the technical part")
    marks = (
        {name: sum(each.marks[name] for each in judgements) / len(judgements) for name in CRITERIA}
        if judgements
        else {}
    )
    technical = sum(weight * marks[name] for name, weight in CRITERIA.items()) if judgements else None
    prediction = None if standing.prediction is None else 100 * standing.prediction
    return Placed(standing, prediction, technical, marks, tuple(judgements), tuple(lacks))


def _with_place(placed: Placed, place: int, *, tied: bool) -> Placed:
    given = (placed.standing, placed.prediction, placed.technical, placed.marks, placed.judgements, placed.lacks)
    return Placed(*given, place=place, tied=tied)
