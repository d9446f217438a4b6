"""What is wrong with a file of the annotation track: where, what was found, what to do; all of a file at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong. `place` is a file with a line or a key: `openseek-1.jsonl:17`, `task.json: examples[3].id`."""

    place: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; {self.remedy}"


class AnnotationError(ValueError):
    """A file cannot be taken: all of its problems, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise AnnotationError when there is any problem."""
    if found := tuple(problems):
        raise AnnotationError(found)


def shown(value: object, limit: int = 60) -> str:
    """A value from elsewhere within a sentence: in ASCII, with escapes for the rest, and bounded."""
    text = ascii(value if not isinstance(value, str) else value[: limit + 1])
    return text if len(text) <= limit + 2 else f"{text[: limit - 1]}...{text[0]}"
