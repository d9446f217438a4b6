"""What a generator gives: pairs of input and label, drawn one by one from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


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
    for _ in range(200 * number + 1000):
        if len(found) == number:
            break
        pair = maker.draw(chance)
        found.setdefault(pair.input, pair)
    if len(found) < number:
        raise ValueError(f"only {len(found)} different samples could be made; ask for fewer than {number}")
    return list(found.values())
