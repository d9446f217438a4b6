"""Strict reading of the TOML files beside this module: every problem of a file at once, each in one sentence.

A sentence says where (file and key), what was found, what is allowed and what to do. A reader asks a `Table` for each
key it knows; what it never asked for is an unknown key, and refused. A wrong value is replaced by a harmless one and
reading goes on to the next problem; `refuse` then raises before anybody sees what was built from it.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"  # the names of an id (matrix/identity.py): a profile must be writable in one
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
MODULE = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"

_KINDS: dict[type, str] = {
    str: "text",
    bool: "truth value",
    int: "whole number",
    float: "number",
    list: "list",
    dict: "table",
}


class Problem(NamedTuple):
    """One thing that is wrong with a file."""

    path: str
    key: str
    found: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.path}: {self.key}" if self.key else self.path
        return f"{place}: found {self.found}; allowed is {self.allowed}; {self.remedy}"


class ReadingError(ValueError):
    """A declaration cannot be read: all of its problems, one a line."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(problems: Collection[Problem]) -> None:
    """Raise ReadingError when there is any problem."""
    if problems:
        raise ReadingError(problems)


def nearest(word: str, words: Collection[str]) -> str:
    """A suggestion for a mistyped word: `did you mean 'probe'?`, or nothing when none is near."""
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(repr(item) for item in near)}?" if near else ""


def describe(value: object) -> str:
    """What was found, short enough for a sentence."""
    kind = next((name for type_, name in _KINDS.items() if type(value) is type_), type(value).__name__)
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} (a {kind})"


def read_table(path: Path, problems: list[Problem]) -> Table:
    """The top-level table of a TOML file; an unreadable file is one problem and an empty table."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = "check the path and the file's rights and encoding"
        problems.append(Problem(str(path), "", f"no readable file ({error})", "a TOML file in UTF-8", remedy))
        return Table(str(path), "", {}, problems)
    return parse_table(text, str(path), problems)


def parse_table(text: str, place: str, problems: list[Problem]) -> Table:
    """The top-level table of a TOML text that came from `place`; what is no TOML is one problem and an empty table."""
    data: dict[str, object] = {}
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # a TOMLDecodeError, or a number of thousands of digits
        problems.append(Problem(place, "", f"no TOML ({error})", "a TOML file", "correct that line"))
    except RecursionError:
        problems.append(Problem(place, "", "tables within tables without end", "a TOML file", "nest them less"))
    return Table(place, "", data, problems)


@dataclass
class Table:
    """One table of a TOML file while it is read."""

    path: str
    key: str
    data: Mapping[str, object]
    problems: list[Problem]
    asked: list[str] = field(default_factory=list)

    def complain(self, key: str, found: str, allowed: str, remedy: str) -> None:
        """Note a problem at one key of this table."""
        self.problems.append(Problem(self.path, self._place(key), found, allowed, remedy))

    def text(self, key: str, *, pattern: str | None = None, choices: Collection[str] = ()) -> str:
        """A text that must be there."""
        if key not in self.data:
            self._missing(key, _wanted_text(pattern, choices))
        return self.optional_text(key, pattern=pattern, choices=choices) or ""

    def optional_text(self, key: str, *, pattern: str | None = None, choices: Collection[str] = ()) -> str | None:
        """A text, or None where the key is absent."""
        self.asked.append(key)
        value = self.data.get(key)
        return None if value is None else self._as_text(key, value, pattern, choices)

    def texts(self, key: str, *, pattern: str | None = None, choices: Collection[str] = ()) -> tuple[str, ...]:
        """A list of different texts; empty where the key is absent."""
        self.asked.append(key)
        found = self.data.get(key, [])
        if not isinstance(found, list):
            self.complain(key, describe(found), f"a list of {_wanted_text(pattern, choices)}", "put it in brackets")
            return ()
        values = tuple(self._as_text(f"{key}[{i}]", value, pattern, choices) for i, value in enumerate(found))
        for value in sorted({value for value in values if values.count(value) > 1}):
            self.complain(key, f"{value!r} more than once", "different entries", "leave one of them")
        return values

    def number(self, key: str, *, default: float, low: float, high: float) -> float:
        """A number between two bounds, both allowed."""
        self.asked.append(key)
        found = self.data.get(key, default)
        if isinstance(found, int | float) and not isinstance(found, bool) and low <= found <= high:
            return float(found)
        remedy = f"write one in that range; the default is {default:g}"
        self.complain(key, describe(found), f"a number from {low:g} to {high:g}", remedy)
        return default

    def integer(self, key: str, *, default: int, low: int, high: int) -> int:
        """A whole number between two bounds, both allowed."""
        value = self.optional_integer(key, low=low, high=high)
        return default if value is None else value

    def optional_integer(self, key: str, *, low: int, high: int) -> int | None:
        """A whole number between two bounds, both allowed, or None where the key is absent."""
        self.asked.append(key)
        found = self.data.get(key)
        if found is None or (isinstance(found, int) and not isinstance(found, bool) and low <= found <= high):
            return found
        self.complain(key, describe(found), f"a whole number from {low} to {high}", "write one in that range")
        return None

    def flag(self, key: str) -> bool:
        """True or false; false where it is absent."""
        self.asked.append(key)
        found = self.data.get(key, False)
        if not isinstance(found, bool):
            self.complain(key, describe(found), "true or false", "write it without quotation marks")
        return found is True

    def integers(self, key: str, *, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of exactly as many whole numbers as the default has."""
        self.asked.append(key)
        found = self.data.get(key, list(default))
        right = isinstance(found, list) and len(found) == len(default) and all(type(item) is int for item in found)
        if not right:
            self.complain(key, describe(found), f"a list of {len(default)} whole numbers", f"write {list(default)}")
        return tuple(found) if right and isinstance(found, list) else default

    def text_or_integer(self, key: str, *, default: int | str) -> int | str:
        """A text or a whole number."""
        self.asked.append(key)
        found = self.data.get(key, default)
        if isinstance(found, str) or type(found) is int:
            return found
        self.complain(key, describe(found), "a text or a whole number", f"write {default!r}")
        return default

    def optional_date(self, key: str) -> date | None:
        """A calendar day, as TOML writes it (2027-01-31) or as a text, or None where the key is absent."""
        self.asked.append(key)
        found = self.data.get(key)
        if found is None or type(found) is date:
            return found
        try:
            return date.fromisoformat(found if isinstance(found, str) else "")
        except ValueError:
            self.complain(key, describe(found), "a day", "write it like 2027-01-31")
            return None

    def mapping(self, key: str, *, pattern: str) -> dict[str, str]:
        """A table of texts whose keys match a pattern, such as environment variables."""
        table = self.table(key)
        return {} if table is None else {name: table.text(name) for name in table.keys_like(pattern)}

    def table(self, key: str) -> Table | None:
        """A table within this one, or None where it is absent."""
        self.asked.append(key)
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            self.complain(key, describe(found), "a table", f"write [{self._place(key)}] on a line and its keys below")
            return None
        return Table(self.path, self._place(key), found, self.problems)

    def tables(self, key: str) -> list[Table]:
        """An array of tables, `[[key]]`; empty where it is absent."""
        self.asked.append(key)
        found = self.data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            self.complain(key, describe(found), "an array of tables", f"write [[{self._place(key)}]] before each")
            return []
        return [Table(self.path, f"{self._place(key)}[{i}]", item, self.problems) for i, item in enumerate(found)]

    def keys_like(self, pattern: str) -> list[str]:
        """The keys of a table whose keys are the file's to choose; one that does not match the pattern is a problem."""
        self.asked.extend(self.data)
        for name in self.data:
            if not re.fullmatch(pattern, name):
                self.complain(name, f"the key {name!r}", f"a name like {pattern}", "correct the name")
        return list(self.data)

    def finish(self) -> None:
        """Refuse every key that was never asked for."""
        known = sorted(set(self.asked))
        for key in self.data:
            if key not in known:
                remedy = nearest(key, known) or "remove it"
                self.complain(key, "an unknown key", ", ".join(known), remedy)

    def _place(self, key: str) -> str:
        return f"{self.key}.{key}" if self.key else key

    def _missing(self, key: str, allowed: str) -> None:
        self.complain(key, "nothing", allowed, f"add {key} = ...")

    def _as_text(self, key: str, value: object, pattern: str | None, choices: Collection[str]) -> str:
        if not isinstance(value, str):
            self.complain(key, describe(value), _wanted_text(pattern, choices), "put it in quotation marks")
            return ""
        if choices and value not in choices:
            self.complain(key, repr(value), _wanted_text(pattern, choices), nearest(value, choices) or "choose one")
        elif not value.strip() or (pattern is not None and not re.fullmatch(pattern, value)):
            self.complain(key, repr(value), _wanted_text(pattern, choices), "correct it")
        return value


def _wanted_text(pattern: str | None, choices: Collection[str]) -> str:
    if choices:
        return "one of " + ", ".join(choices)
    return f"a text like {pattern}" if pattern else "a text that is not empty"
