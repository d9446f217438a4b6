"""A snapshot: what a comparison of two runs needs of a matrix.json, read strictly. The file may come from another company.

Every field that is used is checked and bounded, and what is not used is dropped while the file is parsed. All problems
of a file come at once (the first of them), each with its place, what was found and what is allowed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from shlex import quote, split

from matrix.identity import CellId, IdentityError, parse_id
from matrix.outcome import SUITE_PHASES, Outcome, Phase
from matrix.record import NOT_FINITE
from matrix.usage import UsageError
from reports.document import SCHEMA
from reports.wording import clean, one_line, shorten

FILE_LIMIT = 1024**3  # bytes; 400,000 cells take about half of it
CELLS_LIMIT = 2_000_000
ID_LIMIT = 500
TEXT_LIMIT = 4_000
FACTS_LIMIT = 200
KERNELS_LIMIT = 1_000
MOST_PROBLEMS = 10
REPEATING = ["python", "-m", "matrix", "rerun"]
ADOPTING = ["python", "-m", "matrix", "adopt"]
# What is kept of a cell while a file is parsed: the rest (outputs, tracebacks, comparisons) is most of the file.
_KEPT = ("id", "base", "outcome", "phase", "detail", "rerun", "launches", "compiled", "timing")
_OUTCOMES: dict[str, Outcome] = {outcome.value: outcome for outcome in Outcome}
_PHASES: dict[str, Phase] = {phase.value: phase for phase in Phase}


@dataclass(frozen=True)
class Speed:
    """How fast a cell was: the ratio baseline / candidate with its 95 % interval, on which device, against what."""

    speedup: float
    low: float
    high: float
    device: str
    against: str = ""

    @property
    def ground(self) -> str:
        """What it was measured on: only speeds with the same ground can be compared."""
        device = self.device or "a device that is not named"
        return f"{device}, against {self.against}" if self.against else device


@dataclass(frozen=True)
class Seen:
    """One cell as a run left it.

    kernels  what answered: (name, source file) of every kernel that was launched, or compiled
    told     the command that repeats it, as the file says
    """

    id: CellId
    base: str
    outcome: Outcome
    phase: Phase
    detail: str = ""
    kernels: frozenset[tuple[str, str]] = frozenset()
    speed: Speed | None = None
    told: str = ""

    @property
    def judged(self) -> bool:
        """Whether the provider was put to the test, and the suite did its part."""
        return self.outcome.judged and (self.outcome is Outcome.PASS or self.phase not in SUITE_PHASES)

    @property
    def rerun(self) -> str:
        """The command that repeats the cell, written here: a command of another machine is never handed on.

        Empty for a test of an adopted suite: its command is pytest's, and what that does is its options' to say.
        """
        words = _words(self.told)
        if words[:4] == ADOPTING:
            return ""
        return " ".join(["python -m matrix rerun", quote(str(self.id)), *map(quote, _options(words))])


@dataclass(frozen=True)
class Snapshot:
    """A run as one value: its cells by id, and the facts about the run as such (plan, stack, machine)."""

    name: str
    cells: Mapping[str, Seen]
    facts: Mapping[str, str] = field(default_factory=dict)

    def only(self, profiles: Iterable[str]) -> Snapshot:
        """The cells of the profiles that the globs name; no glob: all."""
        globs = tuple(profiles)
        if not globs:
            return self
        kept = {
            text: cell
            for text, cell in self.cells.items()
            if any(fnmatchcase(cell.id.profile, pattern) for pattern in globs)
        }
        return Snapshot(self.name, kept, self.facts)


def load_snapshot(path: Path, name: str = "") -> Snapshot:
    """Read a matrix.json. Raises UsageError with everything that is wrong with it."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise UsageError(f"{path}: the file has {path.stat().st_size} bytes; at most {FILE_LIMIT} are read")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: no readable matrix.json ({error}); name a run's directory or its matrix.json"
        ) from None
    return parse_snapshot(text, name or str(path))


def parse_snapshot(text: str, name: str) -> Snapshot:
    """Read the text of a matrix.json. Raises UsageError with everything that is wrong with it."""
    try:
        document = json.loads(text, object_hook=_slim, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: no JSON ({one_line(str(error), 200)}); a matrix.json is expected") from None
    return read_snapshot(document, name)


def read_snapshot(document: object, name: str) -> Snapshot:
    """Read a matrix.json that was parsed. Raises UsageError with everything that is wrong with it."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else document
        raise UsageError(f"{name}: schema is {_show(found)}; allowed is {SCHEMA!r}; name the matrix.json of a run")
    reading = _Reading(name)
    facts = reading.facts(document)
    cells = reading.cells(document.get("cells"))
    reading.finish()
    return Snapshot(name, cells, facts)


def _slim(record: dict[str, object]) -> dict[str, object]:
    return {key: record[key] for key in _KEPT if key in record} if "id" in record and "outcome" in record else record


def _refuse_constant(token: str) -> object:
    raise ValueError(f"{token} is no number of JSON")


def _show(value: object) -> str:
    # Only the beginning of a giant text or list is looked at.
    if isinstance(value, str):
        return repr(one_line(value, 60))
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return one_line(repr(value), 60) if not isinstance(value, int) or abs(value) < 10**30 else "a giant number"


class _ProblemError(ValueError):
    """One thing wrong with one cell."""


class _Reading:
    """What reading one document gathers: its problems, the first few in words and the rest as a number."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._problems: list[str] = []
        self._more = 0

    def complain(self, problem: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(f"{self._name}: {problem}")
        else:
            self._more += 1

    def finish(self) -> None:
        if self._problems:
            rest = [f"{self._name}: and {self._more} problems more"] if self._more else []
            raise UsageError("\n".join([*self._problems, *rest]))

    def facts(self, document: Mapping[str, object]) -> dict[str, str]:
        """Facts about the run as such, by a name for a person."""
        run = self._object(document.get("run", {}), "run")
        facts = {word: run.get(word) for word in ("id", "tier", "started", "plan")}
        for group, found in (("stack", run.get("stack", {})), ("machine", document.get("machine", {}))):
            facts |= {f"{group} {key}": value for key, value in self._object(found, group).items()}
        return {one_line(key, 60): self._fact(key, value) for key, value in facts.items() if value is not None}

    def _object(self, found: object, place: str) -> Mapping[str, object]:
        if isinstance(found, dict) and len(found) <= FACTS_LIMIT and all(len(key) <= FACTS_LIMIT for key in found):
            return found
        self.complain(
            f"{place} is {_show(found)}; an object of at most {FACTS_LIMIT} facts with short names is allowed"
        )
        return {}

    def _fact(self, key: str, value: object) -> str:
        if isinstance(value, str):
            return one_line(value, FACTS_LIMIT)
        self.complain(f"{one_line(key, 60)} is {_show(value)}; a text is allowed")
        return ""

    def cells(self, found: object) -> dict[str, Seen]:
        if not isinstance(found, list) or len(found) > CELLS_LIMIT:
            self.complain(f"cells is {_show(found)}; a list of at most {CELLS_LIMIT} is allowed")
            return {}
        cells: dict[str, Seen] = {}
        for place, record in enumerate(found):
            try:
                cell = _read_cell(record)
            except _ProblemError as problem:
                self.complain(f"cells[{place}]: {problem}")
                continue
            text = str(cell.id)
            if text in cells:
                self.complain(f"cells[{place}]: a second cell {text}; each stands once")
            cells[text] = cell
        return cells


def _read_cell(record: object) -> Seen:
    if not isinstance(record, dict):
        raise _ProblemError(f"{_show(record)}; an object is allowed")
    text = _text(record, "id", ID_LIMIT)
    try:
        identity = parse_id(text)
    except IdentityError as error:
        raise _ProblemError(one_line(str(error), 300)) from None
    if str(identity) != text:
        raise _ProblemError(f"id is {_show(text)}; it is written without blanks around it")
    outcome, phase = _text(record, "outcome", 40), _text(record, "phase", 40)
    if outcome not in _OUTCOMES or phase not in _PHASES:
        raise _ProblemError(
            f"{_show(outcome)} in phase {_show(phase)} is no outcome in a phase; docs/outcomes.md has them"
        )
    return Seen(
        identity,
        one_line(_text(record, "base", ID_LIMIT, identity.operator), ID_LIMIT),
        _OUTCOMES[outcome],
        _PHASES[phase],
        shorten(_text(record, "detail", TEXT_LIMIT, ""), TEXT_LIMIT),
        _kernels(record.get("launches", [])) | _kernels(record.get("compiled", [])),
        _speed(record.get("timing")),
        _text(record, "rerun", TEXT_LIMIT, ""),
    )


def _text(record: Mapping[str, object], key: str, limit: int, default: str | None = None) -> str:
    found = record.get(key, default)
    if not isinstance(found, str) or len(found) > limit:
        raise _ProblemError(f"{key} is {_show(found)}; a text of at most {limit} characters is allowed")
    return found


def _kernels(found: object) -> frozenset[tuple[str, str]]:
    if not isinstance(found, list) or len(found) > KERNELS_LIMIT or not all(isinstance(item, dict) for item in found):
        raise _ProblemError(f"kernels are {_show(found)}; a list of at most {KERNELS_LIMIT} objects is allowed")
    return frozenset((_text(item, "kernel", TEXT_LIMIT), _text(item, "file", TEXT_LIMIT)) for item in found)


def _speed(found: object) -> Speed | None:
    """A timing that lacks its interval, or has no finite one, says nothing that could be compared."""
    if found is None:
        return None
    if not isinstance(found, dict):
        raise _ProblemError(f"timing is {_show(found)}; an object is allowed")
    numbers = [_positive(found, key) for key in ("speedup", "speedup_low", "speedup_high")]
    device, against = (one_line(_text(found, key, TEXT_LIMIT, ""), FACTS_LIMIT) for key in ("device", "against"))
    speedup, low, high = numbers
    if speedup is None or low is None or high is None:
        return None
    if not low <= speedup <= high:
        raise _ProblemError(f"timing.speedup is {speedup:g} in an interval from {low:g} to {high:g}; it lies within")
    return Speed(speedup, low, high, device, against)


def _positive(record: Mapping[str, object], key: str) -> float | None:
    found = record.get(key)
    if found is None or (isinstance(found, str) and found in NOT_FINITE):
        return None
    if isinstance(found, int | float) and not isinstance(found, bool):
        # A whole number may be too large for a float.
        number = float(found) if abs(found) < 1e300 else math.inf
        if 0 < number < math.inf:
            return number
    raise _ProblemError(f"timing.{key} is {_show(found)}; a number above 0 is allowed")


def _words(told: str) -> list[str]:
    try:
        return split(clean(told))
    except ValueError:
        return []


def _options(words: list[str]) -> list[str]:
    """The files that a command names; nothing where it is not just such a command."""
    head, rest = words[:4], words[5:]
    named = all(word in ("--catalogue", "--profile") for word in rest[::2]) and len(rest) % 2 == 0
    return rest if head == REPEATING and named else []
