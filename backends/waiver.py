"""Waivers: failures of a profile that somebody has approved for a time, with a plan. They lie beside the profile.

A waiver never changes an outcome, nor what a report says of it: it counts only where a gate takes waivers
(backends/gates/), and every certificate lists it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from backends.expectation import read_patterns
from backends.pattern import Pattern
from backends.reading import Problem, Table, read_table, refuse

FOLDER = Path(__file__).parent / "waivers"
# The guide says six months; six months in a row have at most 184 days.
LONGEST = timedelta(days=184)
KEYS = ("reason", "plan", "owner", "approved_by")


@dataclass(frozen=True)
class Waiver:
    """Cells that a gate may take for passing although they do not.

    patterns  which cells, as backends/pattern.py says;  reason: why they fail;  plan: what is done about it
    owner     who does it;  approved_by: who has allowed it
    granted, expires  the first and the last day on which it waives anything
    """

    profile: str
    patterns: tuple[Pattern, ...]
    reason: str
    plan: str
    owner: str
    approved_by: str
    granted: date
    expires: date
    place: str = ""

    @property
    def pattern(self) -> str:
        """The patterns as written, for a person to read."""
        return ", ".join(pattern.text for pattern in self.patterns)

    def matches(self, cell: str) -> bool:
        """Whether the cell, given by its id, is one of those meant, on whatever day."""
        profile, _, row = cell.partition(":")
        return profile == self.profile and any(pattern.matches(row) for pattern in self.patterns)

    def standing(self, today: date) -> str:
        """`live`, `expired`, or `not yet granted`."""
        if today > self.expires:
            return "expired"
        return "live" if today >= self.granted else "not yet granted"


def load_waivers(profile: str, folder: Path | str | None = None) -> tuple[Waiver, ...]:
    """The waivers of a profile, expired ones too; a profile without a file has none.

    Raises ReadingError with every problem of the file.
    """
    path = Path(folder or FOLDER) / f"{profile}.toml"
    if not path.exists():
        return ()
    problems: list[Problem] = []
    table = read_table(path, problems)
    waivers = tuple(_read(item, profile) for item in table.tables("waiver"))
    table.finish()
    refuse(problems)
    return waivers


def _read(table: Table, profile: str) -> Waiver:
    texts = {key: table.text(key) for key in KEYS}
    granted, expires = _day(table, "granted"), _day(table, "expires")
    if granted and expires:
        _check_span(table, granted, expires)
    waiver = Waiver(
        profile=profile,
        patterns=read_patterns(table),
        granted=granted or date.max,
        expires=expires or date.min,
        place=f"{table.path}: {table.key}",
        **texts,
    )
    table.finish()
    return waiver


def _day(table: Table, key: str) -> date | None:
    if key not in table.data:
        table.complain(key, "nothing", "a day", f"add {key} = 2027-01-31")
    return table.optional_date(key)


def _check_span(table: Table, granted: date, expires: date) -> None:
    if expires < granted:
        table.complain("expires", str(expires), f"a day from {granted} on, when it was granted", "correct one of them")
    elif expires - granted > LONGEST:
        last = granted + LONGEST
        allowed = f"a day up to {last}: at most {LONGEST.days} days (6 months) after it was granted"
        table.complain("expires", str(expires), allowed, "shorten it, and have it approved anew when it ends")
