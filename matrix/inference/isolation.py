"""Which of many operators are guilty: group testing. Pure: what a test is, the caller says.

A set of operators fails when a guilty one is among them. One is isolated by halving; where neither half fails alone, what is
guilty is so only together, and is narrowed on either side with the other present (Junker's QuickXplain, 2004). What was
found is taken out, and the search goes on until what is left passes. With k guilty of n that is of the order of k log n tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Names = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a test of a set found.

    failed   whether the set fails;  entered: those of the set that were come by (None: not known, so any of them)
    suspect  one of them that the failure itself names; empty: none
    """

    failed: bool
    entered: frozenset[str] | None = None
    suspect: str = ""


Ask = Callable[[Names], Found]


def guilty_groups(names: Iterable[str], test: Ask) -> list[Names]:
    """The smallest sets that fail, each found once: of one operator, or of some that fail only together."""
    left, groups = tuple(names), list[Names]()
    while left:
        found = test(left)
        if not found.failed:
            break
        group = _first_group(left, found, test)
        groups.append(group)
        left = tuple(name for name in left if name not in group)
    return groups


def _first_group(names: Names, found: Found, test: Ask) -> Names:
    """One guilty set of a set that fails. What the failure names is tried first; halving needs no luck."""
    if found.suspect in names and test((found.suspect,)).failed:
        return (found.suspect,)
    return _isolate(_narrowed(names, found), (), test)


def _isolate(names: Names, beside: Names, test: Ask) -> Names:
    """The smallest part of `names` that fails with `beside` present. All of `names` is known to."""
    if len(names) <= 1:
        return names
    half = len(names) // 2
    first, second = names[:half], names[half:]
    for part in (first, second):
        found = test((*beside, *part))
        if found.failed:
            return _isolate(_narrowed(part, found), beside, test)
    of_first = _isolate(first, (*beside, *second), test)
    of_second = _isolate(second, (*beside, *of_first), test)
    return (*of_first, *of_second)


def _narrowed(names: Sequence[str], found: Found) -> Names:
    """Those that can have done it: an operator that was never come by cannot."""
    kept = tuple(name for name in names if found.entered is None or name in found.entered)
    return kept or tuple(names)
