"""What a generator gives: pairs of input and label, drawn one by one from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

# Draws in a row that gave nothing new before there is taken to be nothing more.
MISSES = 5000


class Pair(NamedTuple):
    """An input and its label. `check` says how a generated operator is tried (task 8)."""

    input: str
    label: str
    check: dict[str, object] | None = None


@dataclass(frozen=True)
class Maker:
    """How a task's data is made: what the task says, one pair from a source of chance, and how many there can be."""

    definition: str
    draw: Callable[[random.Random], Pair]


def pairs(maker: Maker, task: int, seed: int, number: int) -> list[Pair]:
    """That many pairs of different inputs; the same seed gives the same pairs. Raises ValueError where there are too few."""
    chance = random.Random(f"annotation/{task}/{seed}")  # noqa: S311 - data to be repeated, no secret
    found: dict[str, Pair] = {}
    misses = 0
    while len(found) < number and misses < MISSES:
        pair = maker.draw(chance)
        misses = misses + 1 if pair.input in found else 0
        found.setdefault(pair.input, pair)
    if len(found) < number:
        raise ValueError(f"only {len(found)} different samples could be made; ask for fewer than {number}")
    return list(found.values())
