"""Reading JSON that a stranger wrote: each field is asked for by kind and limits, and what is wrong is noted, not raised."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from matrix.bundle.limits import shown
from matrix.record import Json

TEXT = 1000


@dataclass
class Problems:
    """What is wrong with a file, in sentences, up to so many."""

    place: str
    found: list[str] = field(default_factory=list)

    def note(self, where: str, what: str) -> None:
        """One more; beyond the limit they are counted only."""
        self.found.append(f"{self.place}: {where}: {what}" if where else f"{self.place}: {what}")


@dataclass(frozen=True)
class Fields:
    """An object, and where it stands in its file."""

    data: dict[str, Json]
    where: str
    problems: Problems

    @classmethod
    def of(cls, value: Json, where: str, problems: Problems) -> Fields:
        """The object; an empty one, and a problem, where the value is none."""
        if isinstance(value, dict):
            return cls(value, where, problems)
        problems.note(where, f"{_kind(value)}, where an object must stand")
        return cls({}, where, problems)

    def _at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def _wrong(self, key: str, allowed: str) -> None:
        found = shown(str(self.data[key]), 40) if key in self.data else "nothing"
        if isinstance(self.data.get(key), dict | list):
            found = _kind(self.data[key])
        self.problems.note(self._at(key), f"found {found}; allowed is {allowed}")

    def only(self, keys: Sequence[str]) -> None:
        """Note keys that are none of these."""
        if unknown := sorted(set(self.data) - set(keys)):
            self.problems.note(self.where, f"unknown keys {', '.join(shown(key, 40) for key in unknown[:5])}")

    def text(self, key: str, *, pattern: str = "", choices: Sequence[str] = (), limit: int = TEXT) -> str:
        """A text of 1 to `limit` characters."""
        value = self.data.get(key)
        fits = isinstance(value, str) and 0 < len(value) <= limit and value.strip()
        if fits and (not pattern or re.fullmatch(pattern, str(value))) and (not choices or value in choices):
            return str(value)
        self._wrong(
            key, ", ".join(choices) or (f"a text like {pattern}" if pattern else f"a text of 1 to {limit} characters")
        )
        return ""

    def number(self, key: str, high: float, low: float = 0.0) -> float:
        """A finite number from `low` to `high`."""
        value = self.data.get(key)
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and low <= value <= high
        ):
            return float(value)
        self._wrong(key, f"a number from {low:g} to {high:g}")
        return low

    def optional_number(self, key: str, high: float) -> float | None:
        return None if key in self.data and self.data[key] is None else self.number(key, high)

    def integer(self, key: str, high: int, low: int = 0) -> int:
        value = self.data.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(key, f"a whole number from {low} to {high}")
        return low

    def truth(self, key: str) -> bool:
        value = self.data.get(key)
        if isinstance(value, bool):
            return value
        self._wrong(key, "true or false")
        return False

    def _list(self, key: str, most: int, least: int = 0) -> list[Json]:
        value = self.data.get(key)
        if isinstance(value, list) and least <= len(value) <= most:
            return value
        self._wrong(key, f"a list of {least} to {most}")
        return []

    def texts(self, key: str, most: int, *, least: int = 0, limit: int = TEXT) -> tuple[str, ...]:
        """A list of texts."""
        found = self._list(key, most, least)
        for place, value in enumerate(found):
            if not isinstance(value, str) or not value.strip() or len(value) > limit:
                self.problems.note(f"{self._at(key)}[{place}]", f"allowed is a text of 1 to {limit} characters")
                return ()
        return tuple(str(value) for value in found)

    def objects(self, key: str, most: int, least: int = 0) -> Iterator[Fields]:
        """A list of objects."""
        for place, value in enumerate(self._list(key, most, least)):
            yield Fields.of(value, f"{self._at(key)}[{place}]", self.problems)


def _kind(value: Json) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")
