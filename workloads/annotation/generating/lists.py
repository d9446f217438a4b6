"""Tasks 1, 3 and 4: lists in, a rule, an answer out. The rules are the tasks' own; the data is ours."""

from __future__ import annotations

import itertools
import random

from workloads.annotation.generating.made import Maker, Pair

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def smallest_difference(numbers: list[int]) -> int:
    """The smallest absolute difference between two integers of a list: of neighbours, once it is sorted."""
    return min(abs(after - before) for before, after in itertools.pairwise(sorted(numbers)))


def collatz(numbers: list[int]) -> list[int]:
    """Each even x becomes x/2, each odd one 3x+1."""
    return [number // 2 if number % 2 == 0 else 3 * number + 1 for number in numbers]


def _closest(chance: random.Random) -> Pair:
    numbers = [chance.randrange(-100, 101) for _ in range(chance.randrange(3, 11))]
    return Pair(str(numbers), str(smallest_difference(numbers)))


def _collatz(chance: random.Random) -> Pair:
    numbers = [chance.randrange(1, 201) for _ in range(chance.randrange(3, 11))]
    return Pair(str(numbers), str(collatz(numbers)))


def _concatenation(chance: random.Random) -> Pair:
    strings = ["".join(chance.choices(LETTERS, k=chance.randrange(1, 6))) for _ in range(chance.randrange(3, 11))]
    return Pair(str(strings), "".join(strings))


CLOSEST = Maker(
    "You are given a list of integers. Find the smallest absolute difference between any two of them.", _closest
)
COLLATZ = Maker(
    "You are given a list of integers. Divide each even one by two; multiply each odd one by three and add one. "
    "Give the list of results.",
    _collatz,
)
CONCATENATION = Maker(
    "You are given a list of strings. Write them one after the other, as one string without blanks between.",
    _concatenation,
)
