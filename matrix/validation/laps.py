"""Laps: a soak carries a case again and again, and each time is a cell of its own: the runner knows no laps."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from matrix.cell import Cell

_LAP = re.compile(r"(?P<sample>.+)\.lap-(?P<lap>\d+)")


def lapped(cell: Cell, lap: int) -> Cell:
    """The cell as it is carried in a lap: its sample is named `typical-0.lap-3`."""
    sample = replace(cell.case.sample, name=f"{cell.case.sample.name}.lap-{lap}")
    return replace(cell, case=replace(cell.case, sample=sample))


def without_lap(cell: Cell) -> tuple[Cell, int]:
    """The cell that was lapped, which has the inputs and the reference, and the lap."""
    match = _LAP.fullmatch(cell.case.sample.name)
    if match is None:
        raise ValueError(f"{cell.id} is no cell of a lap")
    sample = replace(cell.case.sample, name=match["sample"])
    return replace(cell, case=replace(cell.case, sample=sample)), int(match["lap"])


def chosen(cells: Sequence[Cell], most: int, seed: int, number: int) -> list[Cell]:
    """The cells of a round: of all in a seeded order, the next `most` after those of the round before, and round again."""
    order = sorted(cells, key=lambda cell: str(cell.id))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
    start = (number - 1) * most % len(order)
    return (order[start:] + order[:start])[:most]


def course(cells: Sequence[Cell], laps: int, seed: int, number: int) -> list[Cell]:
    """All visits of a round: each lap over all cells, in an order of its own."""
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 - an order, not a secret
    visits: list[Cell] = []
    for lap in range(1, laps + 1):
        order = list(cells)
        draw.shuffle(order)
        visits += [lapped(cell, lap) for cell in order]
    return visits
