"""A line of the doctor's page: what was looked at, what was found, and, where it stops the run, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    found    in words;  stops: whether nothing can be run because of it;  todo: what to do then
    """

    name: str
    found: str
    stops: bool = False
    todo: str = ""


@dataclass(frozen=True)
class Page:
    """All that was found for a profile; `evidences` says of each that was asked for why it cannot be had, or nothing."""

    profile: str
    title: str
    checks: Sequence[Check] = ()
    evidences: dict[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        return not any(check.stops for check in self.checks) and not all(self.evidences.values())

    def render(self) -> str:
        """The page as text."""
        width = max((len(check.name) for check in self.checks), default=0)
        lines = [f"doctor: {self.profile} ({self.title})"]
        for check in self.checks:
            lines.append(f"  {'STOP' if check.stops else 'ok  '}  {check.name:{width}}  {check.found}")
            lines += [f"        {'':{width}}  -> {check.todo}"] if check.todo else []
        able = [name for name, why in self.evidences.items() if not why]
        lines += [f"  not {name}: {why}" for name, why in self.evidences.items() if why]
        lines.append(f"READY for {', '.join(able)}" if self.ready else f"NOT READY: {self._stopped()}")
        return "\n".join(lines)

    def _stopped(self) -> str:
        names = [check.name for check in self.checks if check.stops]
        return f"stopped by {', '.join(names)}" if names else "no evidence that was asked for is possible"

    def as_json(self) -> dict[str, Any]:
        return {
            "profile": self.profile,
            "title": self.title,
            "ready": self.ready,
            "checks": [asdict(check) for check in self.checks],
            "evidences": {name: {"possible": not why, "why_not": why} for name, why in self.evidences.items()},
        }
