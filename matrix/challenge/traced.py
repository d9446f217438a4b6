"""What an entry's tests were seen to call, as values: read from the lines that the child told (matrix/challenge/tracing.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Levels = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class TracedTest:
    """A test. `failed`: what it said when it did;  notices: whether it fails when the entry's answers are spoilt."""

    name: str
    failed: str
    unjudged: bool
    calls: int
    notices: bool
    levels: Levels

    @property
    def counts(self) -> bool:
        """Whether what it calls is covered by it: it passes, and it would not with a wrong answer."""
        return not self.failed and self.notices


@dataclass(frozen=True)
class Traced:
    """All tests. `problem`: why they could not be run; empty where they could. `wanted`: the levels of the task's own cases."""

    wanted: Levels
    tests: tuple[TracedTest, ...]
    problem: str = ""

    def covered(self) -> dict[str, set[str]]:
        return _union(test.levels for test in self.tests if test.counts)

    def only_called(self) -> dict[str, set[str]]:
        """The levels of tests that pass and look at no answer."""
        return _union(test.levels for test in self.tests if not test.failed and not test.notices)

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]], ending: str) -> Traced:
        """`ending`: how the child ended. Raises KeyError, TypeError or ValueError for lines that it cannot have told."""
        wanted: Levels = {}
        tests, problem, done = [], "", False
        for line in lines:
            if "wanted" in line:
                wanted = _levels(line["wanted"])
            elif "test" in line:
                tests.append(_test(line))
            problem = str(line.get("refused") or line.get("problem") or problem)
            done = done or "done" in line or "refused" in line
        return cls(wanted, tuple(tests), problem if done else f"the process that runs the tests {ending}")


def _test(line: Mapping[str, Any]) -> TracedTest:
    levels = _levels(line["levels"])
    flags = bool(line["unjudged"]), int(line["calls"]), bool(line["notices"])
    return TracedTest(str(line["test"]), str(line["failed"]), *flags, levels)


def _levels(found: Mapping[str, Iterable[str]]) -> Levels:
    return {str(axis): tuple(str(level) for level in levels) for axis, levels in found.items()}


def _union(all_levels: Iterable[Levels]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for levels in all_levels:
        for axis, values in levels.items():
            found.setdefault(axis, set()).update(values)
    return found
