"""Scorecards of made-up entries, written as the judge writes its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from matrix.challenge.ranking.entrant import Entrant
from matrix.challenge.ranking.reading import read_entrants
from matrix.challenge.scoring.card import Ground, Scorecard, Subject, TimedOn
from matrix.challenge.scoring.hardware import UTILISATION
from matrix.challenge.scoring.score import Loss, Part, Score
from matrix.challenge.task import load_task
from matrix.record import Json
from reports.scorecard import scorecard_document

OUT_OF = {
    "correctness": 30,
    "performance": 20,
    "completeness": 20,
    "adaptability": 10,
    "hardware": 8,
    "readability": 10,
}
REACHED = 2
EVERYTHING = {**OUT_OF, "utilisation": REACHED}
# All but what takes a chip.
CHIPLESS = {"correctness": 30.0, "completeness": 20.0, "adaptability": 10.0, "hardware": 8.0, "readability": 10.0}


def part(title: str, out_of: float, points: float | None) -> Part:
    """A part with these points; None: it was not measured."""
    if points is None:
        return Part(title, out_of, unmeasured="no chip was asked")
    return Part(title, out_of, (Loss("a reason", 1 - points / out_of),) if points < out_of else ())


def card(
    *team: str,
    task: str = "roll",
    points: Mapping[str, float] = CHIPLESS,
    device: str = "",
    speedup: float = 1.0,
    profile: str = "chip",
    tampering: Sequence[str] = (),
    problems: Sequence[str] = (),
    weights: str = "made-up",
) -> dict[str, Json]:
    """scorecard.json of a team's entry. `points` by dimension; what is not in it was not measured."""
    scores = []
    for name, out_of in OUT_OF.items():
        parts = [part(f"of {name}", out_of, points.get(name))]
        if name == "hardware":
            parts.append(part(UTILISATION, REACHED, points.get("utilisation")))
        scores.append(Score(name, name.capitalize(), sum(each.out_of for each in parts), tuple(parts)))
    digest = hashlib.sha256(f"{team}{task}{dict(points)}{device}".encode()).hexdigest()
    timed = (TimedOn(profile, device, 3, speedup, speedup * 0.9, speedup * 1.1, scored=True),) if device else ()
    tier = load_task(task).tier
    found = Scorecard(
        subject=Subject(task, tier, team, "MIT", "somewhere", digest, (f"{task}.py",), (f"test_{task}.py",)),
        weights=weights,
        scores=tuple(scores),
        grounds=(Ground("own", "a run", "2026-11-26T00:00:00Z", ("cpu-interpreter@interpret",), 1, {}, {}),),
        date="2026-11-26",
        tampering=tuple(tampering),
        problems=tuple(problems),
        devices=timed,
    )
    return scorecard_document(found)


def write(folder: Path, *cards: Mapping[str, Json]) -> list[Path]:
    """Each card in a file of its own."""
    paths = [folder / f"{place}.json" for place in range(len(cards))]
    for path, each in zip(paths, cards, strict=True):
        path.write_text(json.dumps(each), encoding="utf-8")
    return paths


def entrants(folder: Path, *cards: Mapping[str, Json]) -> tuple[Entrant, ...]:
    """The entries of these cards, read as they are from files."""
    return read_entrants(write(folder, *cards))
