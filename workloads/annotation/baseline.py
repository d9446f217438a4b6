"""What the baseline is made of: which examples are near, how a budget is filled, and how a reply is read strictly."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from workloads.annotation.answers import fault
from workloads.annotation.data_file import Example
from workloads.annotation.tasks import AnnotationTask, Kind

# Examples whose tokens are counted in one call.
BATCH = 64
_WORD = re.compile(r"\w+|[^\w\s]")
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_FENCED = re.compile(r"```[A-Za-z]*\n(.*?)```", re.DOTALL)


def words(text: str) -> set[str]:
    """What is compared of a text: its words and marks, in lower case."""
    return set(_WORD.findall(text.lower()))


class Nearest:
    """Orders examples by how many words a text shares with them (Jaccard's index), by an index from words to examples."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._examples = tuple(examples)
        self._sizes = []
        self._holders: dict[str, list[int]] = defaultdict(list)
        for number, example in enumerate(examples):
            own = words(example.input)
            self._sizes.append(len(own))
            for word in own:
                self._holders[word].append(number)

    def order(self, text: str) -> list[Example]:
        """All examples, the nearest first; equally near ones in their own order."""
        own, shared = words(text), Counter[int]()
        for word in own:
            shared.update(self._holders.get(word, ()))
        near = {number: both / (len(own) + self._sizes[number] - both) for number, both in shared.items()}
        numbers = sorted(range(len(self._examples)), key=lambda number: (-near.get(number, 0.0), number))
        return [self._examples[number] for number in numbers]


def fill(
    ordered: Sequence[Example], cost: Callable[[Sequence[Example]], list[int]], aim: int, limit: int
) -> list[Example]:
    """The first examples that together reach `aim` tokens; one that would go beyond `limit` is passed over."""
    chosen: list[Example] = []
    used = 0
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        for example, tokens in zip(batch, cost(batch), strict=True):
            if used >= aim:
                return chosen
            if used + tokens <= limit:
                chosen.append(example)
                used += tokens
    return chosen


def answer_in(task: AnnotationTask, reply: str) -> str | None:
    """The answer where a reply is one of the task's form; thoughts, and fences around source, are taken off. Else None."""
    text = _THOUGHT.sub("", reply).strip()
    if task.kind is Kind.SOURCE and (fenced := _FENCED.search(text)):
        text = fenced[1].strip()
    return None if fault(task, text) else text
