"""What an entry came by while it was called, as values: read from the lines of the child (matrix/challenge/dispatching.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WatchedCall:
    """A call: the operators of ATen that computed something on its way, and how many kernels were launched."""

    case: str
    id: str
    computed: Mapping[str, int]
    launches: int


@dataclass(frozen=True)
class Registered:
    """A form that was registered and called through torch: `problem`: what was wrong;  absent: why it could not be tried."""

    row: str
    problem: str = ""
    absent: str = ""


@dataclass(frozen=True)
class Watched:
    """All calls and forms. `problem`: why it is not all; `unresolved`: by row, why there is no function."""

    calls: tuple[WatchedCall, ...]
    registered: tuple[Registered, ...]
    unresolved: Mapping[str, str]
    problem: str = ""

    @property
    def falling_back(self) -> tuple[WatchedCall, ...]:
        return tuple(call for call in self.calls if call.computed)

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]], ending: str) -> Watched:
        """Raises KeyError, TypeError or ValueError for lines that the child cannot have told."""
        calls, registered, done = [], [], False
        unresolved: dict[str, str] = {}
        for line in lines:
            if "watched" in line:
                each = line["watched"]
                computed = {str(name): int(number) for name, number in each["computed"].items()}
                calls.append(WatchedCall(str(each["case"]), str(each["id"]), computed, int(each["launches"])))
            elif "registered" in line:
                each = line["registered"]
                told = str(each.get("problem", "")), str(each.get("absent", ""))
                registered.append(Registered(str(each["row"]), *told))
            elif "unresolved" in line:
                unresolved[str(line["row"])] = str(line["unresolved"])
            done = done or "done" in line
        problem = "" if done else f"the process that calls the entry {ending}"
        return cls(tuple(calls), tuple(registered), unresolved, problem)
