"""Expectations: which failures of a profile are known, why, whose they are and until when. They lie beside the profile.

An expectation never changes what is recorded; it changes how a record is read (matrix/verdict.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from backends.pattern import Pattern, PatternError, parse_pattern
from backends.reading import NAME, Problem, Table, read_table, refuse

FOLDER = Path(__file__).parent / "expectations"

# What can be expected: the faults of a provider, and INFRA. Nothing is expected to pass or not to run.
OUTCOMES = ("WRONG", "ERROR", "UNCOMPILED", "CRASH", "TIMEOUT", "OOM", "UNDISPATCHED", "INFRA")
# Outcomes that no provider can answer for: they are excused for a time only, so they need `expires`.
FOR_A_TIME = ("INFRA",)
# How a reason begins that a person has still to write: `matrix expect` drafts it, and a strict run refuses it.
DRAFT = "TODO:"


@dataclass(frozen=True)
class Expectation:
    """Cells that are known to end in one outcome.

    patterns  which cells, as backends/pattern.py says
    outcome   the outcome they have;  reason: why, in one sentence
    owner     who has to act;  issue: where it is discussed
    expires   the last day on which it excuses anything; None: as long as it is true
    inherited whether it is another column's, taken over by `like`: it excuses the same failure here, and promises none
    """

    profile: str
    patterns: tuple[Pattern, ...]
    outcome: str
    reason: str
    owner: str
    issue: str | None = None
    expires: date | None = None
    place: str = ""
    inherited: bool = False

    @property
    def pattern(self) -> str:
        """The patterns as written, for a person to read."""
        return ", ".join(pattern.text for pattern in self.patterns)

    @property
    def evidences(self) -> frozenset[str]:
        """The evidences that its patterns name; one that names none speaks of all that there are."""
        named = (pattern.text.partition("@")[2] for pattern in self.patterns)
        return frozenset(evidence for text in named for evidence in text.split("|") if evidence)

    @property
    def is_draft(self) -> bool:
        """Whether nobody has yet said what is wrong."""
        return self.reason.lstrip().startswith(DRAFT)

    def matches(self, cell: str) -> bool:
        """Whether the cell, given by its id, is one of those meant."""
        profile, _, row = cell.partition(":")
        return profile == self.profile and any(pattern.matches(row) for pattern in self.patterns)

    def is_expired(self, today: date) -> bool:
        return self.expires is not None and today > self.expires


class Expectations:
    """All expectations of one profile in the order of their file, found quickly by the cell's operator."""

    def __init__(self, items: Iterable[Expectation] = ()) -> None:
        self._items = tuple(items)
        self._by_operator: dict[str, list[int]] = {}
        self._anywhere: list[int] = []
        for index, item in enumerate(self._items):
            for place in self._places(item):
                place.append(index)

    def __iter__(self) -> Iterator[Expectation]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def matching(self, cell: str) -> tuple[Expectation, ...]:
        """The expectations that mean the cell, expired or not, in the order of their file."""
        operator = cell.partition(":")[2].partition("/")[0]
        candidates = sorted({*self._by_operator.get(operator, ()), *self._anywhere})
        return tuple(self._items[index] for index in candidates if self._items[index].matches(cell))

    def _places(self, item: Expectation) -> list[list[int]]:
        places = {id(self._anywhere): self._anywhere} if any(p.operators is None for p in item.patterns) else {}
        for pattern in item.patterns:
            for operator in pattern.operators or ():
                place = self._by_operator.setdefault(operator, [])
                places[id(place)] = place
        return list(places.values())


def load_expectations(profile: str, folder: Path | str | None = None) -> Expectations:
    """The expectations of a profile; a profile without a file has none.

    A file may say at its top `like = "other"`: where this column fails in the same cells with the same outcome as the
    other is expected to, the other's reason holds here. Those come last, and are never stale.

    Raises ReadingError with every problem of the files.
    """
    where = Path(folder or FOLDER)
    items: list[Expectation] = []
    problems: list[Problem] = []
    read: list[str] = []
    name: str | None = profile
    while name is not None and (where / f"{name}.toml").exists():
        read.append(name)
        table = read_table(where / f"{name}.toml", problems)
        own = [_read(item, profile) for item in table.tables("expect")]
        name = _like(table, read, where)
        table.finish()
        _refuse_repetition(own, problems, table.path)
        items += own if len(read) == 1 else [replace(item, inherited=True) for item in own]
    refuse(problems)
    return Expectations(items)


def folder_of(profile_path: str | None) -> Path:
    """Where the expectations of a profile lie: in `expectations/` beside its file."""
    return Path(profile_path).parent / FOLDER.name if profile_path else FOLDER


def _like(table: Table, read: list[str], folder: Path) -> str | None:
    """The profile whose expectations are taken over."""
    name = table.optional_text("like", pattern=NAME)
    if name in read:
        table.complain("like", repr(name), "another profile", "break the circle")
        return None
    if name is not None and not (folder / f"{name}.toml").exists():
        table.complain("like", repr(name), "a profile with expectations", f"write {folder.name}/{name}.toml or drop it")
    return name


def _read(table: Table, profile: str) -> Expectation:
    expectation = Expectation(
        profile=profile,
        patterns=read_patterns(table),
        outcome=table.text("outcome", choices=OUTCOMES),
        reason=table.text("reason"),
        owner=table.text("owner"),
        issue=table.optional_text("issue"),
        expires=table.optional_date("expires"),
        place=f"{table.path}: {table.key}",
    )
    if expectation.outcome in FOR_A_TIME and "expires" not in table.data:
        table.complain("expires", "nothing", "a date", f"say until when {expectation.outcome} is excused")
    table.finish()
    return expectation


def read_patterns(table: Table) -> tuple[Pattern, ...]:
    """The patterns of a table: `pattern` is one, or a list of them."""
    several = isinstance(table.data.get("pattern"), list)
    texts = table.texts("pattern") if several else (table.text("pattern"),)
    if several and not texts:
        table.complain("pattern", "an empty list", "a pattern or a list of them", "name the cells")
    patterns = []
    for text in texts:
        try:
            patterns.extend([parse_pattern(text)] if text else [])
        except PatternError as error:
            table.complain("pattern", repr(text), "a pattern of cells (backends/pattern.py)", str(error))
    return tuple(patterns)


def _refuse_repetition(items: Iterable[Expectation], problems: list[Problem], path: str) -> None:
    """The same cells may be expected to end in several outcomes, but in each of them once."""
    seen: dict[tuple[str, str], str] = {}
    for item in items:
        for pattern in item.patterns:
            first = seen.setdefault((pattern.text, item.outcome), item.place)
            if first != item.place:
                key = item.place.removeprefix(f"{path}: ")
                found = f"{pattern.text!r} with {item.outcome}, as in {first.removeprefix(f'{path}: ')}"
                problems.append(Problem(path, f"{key}.pattern", found, "each once", "remove one of the two"))
