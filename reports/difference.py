"""What two runs differ in: each cell that is not as it was, in one of nine categories, and the runs as such.

Facts are compared, not verdicts: an expectation makes a failure known, and it is new all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from matrix.outcome import Evidence, Outcome
from reports.gate import Pace, compare_speed
from reports.snapshot import Seen, Snapshot, Speed
from reports.wording import one_line


class Category(StrEnum):
    """What became of a cell, in the order in which a person should read."""

    FAILURE = "new failures"
    SLOWER = "slower"
    UNKNOWN = "unknown now"
    GONE = "gone cells"
    CHANGED = "changed"
    FIXED = "fixed"
    FASTER = "faster"
    KNOWN = "known now"
    NEW = "new cells"


MEANING: dict[Category, str] = {
    Category.FAILURE: "passed, and now fails by the provider's fault",
    Category.SLOWER: "slower against the native operator, beyond both gates",
    Category.UNKNOWN: "was judged, and now is not, for whatever reason",
    Category.GONE: "was judged, and is not in the new run",
    Category.CHANGED: "fails in another way, or other kernels answered",
    Category.FIXED: "failed, and now passes",
    Category.FASTER: "faster against the native operator, beyond both gates",
    Category.KNOWN: "was not judged, and now is",
    Category.NEW: "is not in the old run",
}
WORSE = (Category.FAILURE, Category.SLOWER, Category.UNKNOWN, Category.GONE)
NOTHING_WORSE, SOMETHING_WORSE, NOTHING_TO_COMPARE = 0, 1, 3
# In these both runs came to the end of the call, so that their kernels can be held against each other.
_COMPLETE = (Outcome.PASS, Outcome.WRONG)
_EXCEPTION = re.compile(r"\s*(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt|Warning))\b")


@dataclass(frozen=True)
class Change:
    """One cell that is not as it was: `old` or `new` is None where a run has no such cell; `why` is for a person."""

    category: Category
    old: Seen | None
    new: Seen | None
    why: str

    @property
    def cell(self) -> Seen:
        """The cell as it is now, or as it was last."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def words(self) -> str:
        """PASS -> ERROR; of a cell that one run has, its outcome there."""
        outcomes = [seen.outcome for seen in (self.old, self.new) if seen is not None]
        return " -> ".join(outcomes if len(set(outcomes)) > 1 else outcomes[:1])


@dataclass(frozen=True)
class Group:
    """Changes of one kind in one operator, told once: by their number and their first."""

    category: Category
    base: str
    column: str
    words: str
    changes: tuple[Change, ...]

    @property
    def example(self) -> Change:
        return self.changes[0]


@dataclass(frozen=True)
class Difference:
    """Everything that two runs differ in.

    differs     the runs as such, a sentence each;  compared: cells that are in both and were judged in at least one
    timed       cells whose speed was compared;  elsewhere: those whose was not, by what the two were measured on
    """

    old: Snapshot
    new: Snapshot
    changes: tuple[Change, ...]
    differs: tuple[str, ...]
    compared: int
    timed: int
    elsewhere: Mapping[tuple[str, str], int]

    @cached_property
    def counts(self) -> Counter[Category]:
        return Counter(change.category for change in self.changes)

    def of(self, category: Category) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.category is category)

    def groups(self, category: Category) -> tuple[Group, ...]:
        """The changes of a category by operator, column and outcomes; the largest group first."""
        groups: dict[tuple[str, str, str], list[Change]] = {}
        for change in self.of(category):
            identity = change.cell.id
            key = (change.cell.base, f"{identity.profile}@{identity.evidence}", change.words)
            groups.setdefault(key, []).append(change)
        found = (Group(category, *key, tuple(changes)) for key, changes in groups.items())
        return tuple(sorted(found, key=lambda group: -len(group.changes)))

    @cached_property
    def by_operator(self) -> dict[str, Counter[Category]]:
        """How many cells of each operator are in which category; most news first."""
        table: dict[str, Counter[Category]] = {}
        for change in self.changes:
            table.setdefault(change.cell.base, Counter())[change.category] += 1
        return dict(sorted(table.items(), key=lambda item: (-_bad(item[1]), -item[1].total(), item[0])))

    def worse(self, *, allow_gone: bool = False) -> int:
        """How many cells are worse."""
        return sum(self.counts[item] for item in WORSE if not (allow_gone and item is Category.GONE))

    def exit_code(self, *, allow_gone: bool = False) -> int:
        """0 nothing is worse, 1 something is, 3 there was nothing to compare."""
        if not self.compared:
            return NOTHING_TO_COMPARE
        return SOMETHING_WORSE if self.worse(allow_gone=allow_gone) else NOTHING_WORSE


def compare(old: Snapshot, new: Snapshot) -> Difference:
    """Hold two runs against each other, cell by cell: the new run's cells in its order, then those that are gone."""
    pairs = [(old.cells.get(text), cell) for text, cell in new.cells.items()]
    both = [(before, now) for before, now in pairs if before is not None]
    changes = [change for before, now in pairs for change in _changes(before, now)]
    changes += [_gone(cell) for text, cell in old.cells.items() if cell.judged and text not in new.cells]
    timed, elsewhere = 0, Counter[tuple[str, str]]()
    for before, now in both:
        if (speeds := _speeds(before, now)) is None:
            continue
        if compare_speed(*speeds) is Pace.INCOMPARABLE:
            elsewhere[speeds[0].ground, speeds[1].ground] += 1
        else:
            timed += 1
    compared = sum(before.judged or now.judged for before, now in both)
    differs = tuple(_differs(old.facts, new.facts))
    return Difference(old, new, tuple(changes), differs, compared, timed, dict(elsewhere))


def _bad(counts: Counter[Category]) -> int:
    return sum(counts[category] for category in WORSE)


def _gone(cell: Seen) -> Change:
    return Change(Category.GONE, cell, None, f"it was {cell.outcome}")


def _changes(old: Seen | None, new: Seen) -> Iterable[Change]:
    """What is to be said of one cell of the new run: a speed and the kernels may both be others."""
    if old is None:
        yield Change(Category.NEW, None, new, _told(new))
    elif old.judged and new.judged:
        yield from _judged(old, new)
    elif old.judged:
        yield Change(Category.UNKNOWN, old, new, _told(new))
    elif new.judged:
        yield Change(Category.KNOWN, old, new, _told(new))


def _judged(old: Seen, new: Seen) -> Iterable[Change]:
    passed, passes = old.outcome is Outcome.PASS, new.outcome is Outcome.PASS
    if passed != passes:
        yield Change(Category.FIXED if passes else Category.FAILURE, old, new, old.detail if passes else _told(new))
        return
    why = _other_fault(old, new) or _other_kernels(old, new)
    if why:
        yield Change(Category.CHANGED, old, new, why)
    speeds = _speeds(old, new)
    pace = compare_speed(*speeds) if speeds else Pace.SAME
    if speeds and pace in (Pace.SLOWER, Pace.FASTER):
        category = Category.SLOWER if pace is Pace.SLOWER else Category.FASTER
        yield Change(category, old, new, f"speed-up {spell_speed(speeds[0])} -> {spell_speed(speeds[1])}")


def spell_speed(speed: Speed) -> str:
    """A speed-up with its interval: 1.23x (1.20 to 1.26)."""
    return f"{speed.speedup:.3g}x ({speed.low:.3g} to {speed.high:.3g})"


def _told(seen: Seen) -> str:
    """What a cell says of itself."""
    where = f"in phase {seen.phase}" if seen.outcome is not Outcome.PASS else "it passes"
    return f"{where}: {seen.detail}" if seen.detail else where


def _speeds(old: Seen, new: Seen) -> tuple[Speed, Speed] | None:
    """Both speeds, of a cell that passed twice and was timed twice."""
    timed = old.id.evidence is Evidence.TIME and old.outcome is new.outcome is Outcome.PASS
    return (old.speed, new.speed) if timed and old.speed and new.speed else None


def _other_fault(old: Seen, new: Seen) -> str:
    if new.outcome is Outcome.PASS:
        return ""
    if (old.outcome, old.phase) != (new.outcome, new.phase):
        return f"{old.outcome} in phase {old.phase} -> {new.outcome} in phase {new.phase}: {new.detail}"
    before, now = _exception(old.detail), _exception(new.detail)
    return f"{before} -> {now}: {new.detail}" if before != now and before and now else ""


def _exception(detail: str) -> str:
    """The type of the exception that a detail opens with, or nothing."""
    match = _EXCEPTION.match(detail)
    return match[1] if match else ""


def _other_kernels(old: Seen, new: Seen) -> str:
    """Where other kernels answered: which ones no longer, and which instead."""
    if old.kernels == new.kernels or old.outcome not in _COMPLETE or old.outcome is not new.outcome:
        return ""
    lost, found = _spell(old.kernels - new.kernels), _spell(new.kernels - old.kernels)
    return f"kernels: {lost or 'as before'} -> {found or 'none besides'}"


def _spell(kernels: Iterable[tuple[str, str]]) -> str:
    return one_line(", ".join(f"{kernel} of {file}" for kernel, file in sorted(kernels)[:4]), 300)


def _differs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[str]:
    """A sentence for each fact about the runs that is another one; the names and times of runs always are."""
    for key in dict.fromkeys([*old, *new]):
        before, now = old.get(key), new.get(key)
        if key not in ("id", "started") and before != now:
            meaning = " (other cells were planned)" if key == "plan" else ""
            spelled = [(fact or "not said")[:12] if key == "plan" else fact or "not said" for fact in (before, now)]
            yield f"{key}: {' -> '.join(spelled)}{meaning}"
