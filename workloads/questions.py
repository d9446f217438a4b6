"""Small tasks of our own, made and not downloaded: questions with four answers, and texts to go on with.

They stand in where the track's data are not given. A trained model gets most of them right. A model with made weights
guesses: then only what changes from one side to the other says anything. It imports no torch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CHOICES = 4
WORDS = (
    "river",
    "stone",
    "window",
    "garden",
    "letter",
    "bridge",
    "candle",
    "forest",
    "silver",
    "market",
    "island",
    "button",
    "kitchen",
    "winter",
    "needle",
    "ladder",
    "mirror",
)


@dataclass(frozen=True)
class Question:
    """prompt: what the model is given;  choices: of which the likeliest is its answer;  right: the index of the right one

    With no choices the model goes on by itself, and has to write `answer` first.
    """

    prompt: str
    choices: tuple[str, ...] = ()
    right: int = 0
    answer: str = ""


def questions_of(task: str, count: int) -> list[Question]:
    """The same questions each time. Raises KeyError for a task that is none."""
    make, draw = TASKS[task], random.Random(f"questions of {task}")  # noqa: S311 - the same each time is what is wanted
    return [make(draw) for _ in range(count)]


def _chosen(draw: random.Random, prompt: str, right: str, wrong: list[str]) -> Question:
    choices = [right, *wrong]
    draw.shuffle(choices)
    return Question(prompt, tuple(f" {choice}" for choice in choices), choices.index(right))


def _sum(draw: random.Random) -> Question:
    one, other = draw.randrange(10, 90), draw.randrange(10, 90)
    wrong = draw.sample([one + other + by for by in (-10, -2, -1, 1, 2, 10)], CHOICES - 1)
    return _chosen(draw, f"{one} + {other} =", str(one + other), [str(number) for number in wrong])


def _largest(draw: random.Random) -> Question:
    numbers = draw.sample(range(100, 1000), CHOICES)
    prompt = f"The largest of the numbers {', '.join(map(str, numbers))} is"
    return _chosen(draw, prompt, str(max(numbers)), [str(number) for number in sorted(numbers)[:-1]])


def _recalled(draw: random.Random) -> Question:
    words = draw.sample(WORDS, CHOICES)
    named = [f"{name} has the {word}." for name, word in zip(("Ann", "Ben", "Cleo", "Dan"), words, strict=True)]
    place = draw.randrange(CHOICES)
    prompt = f"{' '.join(named)} So {('Ann', 'Ben', 'Cleo', 'Dan')[place]} has the"
    return _chosen(draw, prompt, words[place], words[:place] + words[place + 1 :])


def _repeated(draw: random.Random) -> Question:
    words = draw.sample(WORDS, 3)
    line = " ".join(words)
    return Question(f"{line}\n{line}\n{words[0]} {words[1]}", answer=f" {words[2]}")


TASKS: Mapping[str, Callable[[random.Random], Question]] = {
    "sums": _sum,
    "largest": _largest,
    "recall": _recalled,
    "repeat": _repeated,
}
