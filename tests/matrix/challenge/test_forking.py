"""Mutants in forks: whatever one does to its process is charged to it and reaches no other."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from matrix.challenge.forking import Forks, Limits, Told
from matrix.challenge.mutant import How
from matrix.challenge.suites import Noticed

LIMITS = Limits(seconds=0.5, times=1.0, memory_gib=0.25)


def nothing() -> Noticed | None:
    return None


def hang() -> Noticed | None:
    while True:
        pass


def take_memory() -> Noticed | None:
    try:
        bytearray(1 << 30)
    except MemoryError as error:
        return Noticed(How.RAISED, repr(error))
    return None


def leave() -> Noticed | None:
    os._exit(0)


def die() -> Noticed | None:
    os.kill(os.getpid(), signal.SIGKILL)
    return None


BEHAVIOURS: tuple[Callable[[], Noticed | None], ...] = (
    nothing,
    hang,
    take_memory,
    leave,
    die,
    lambda: Noticed(How.WRONG, "7 is not 8"),
    lambda: Noticed(None, "a gap"),
)


class Misbehaving:
    """Two tests: the first passes always, the second does what the mutant does."""

    names = ("first", "second")

    def __init__(self) -> None:
        self.behave: Callable[[], Noticed | None] = nothing

    def run(self, name: str) -> Noticed | None:
        return self.behave() if name == "second" else None


def carried(numbers: tuple[int, ...], workers: int = 2) -> dict[int, Told]:
    suite = Misbehaving()

    def apply(number: int) -> None:
        suite.behave = BEHAVIOURS[number]

    forks = Forks(suite, {"first": 0.0, "second": 0.0}, apply, LIMITS, workers)
    found = dict(forks.run([(number, suite.names) for number in numbers]))
    assert suite.behave is nothing, "a mutant is put in place in its fork alone"
    return found


def test_what_misbehaves_is_ended_and_charged_to_the_test_that_ran() -> None:
    found = carried((0, 1, 2, 3, 4, 5, 6))
    assert sorted(found) == [0, 1, 2, 3, 4, 5, 6]
    assert found[0] == Told()
    assert {number: (told.by, told.how) for number, told in found.items() if told.how} == {
        1: ("second", How.TIMED_OUT),
        2: ("second", How.RAISED),
        3: ("second", How.CRASHED),
        4: ("second", How.CRASHED),
        5: ("second", How.WRONG),
    }
    assert "0.5 s" in found[1].detail
    assert "status 0" in found[3].detail
    assert "SIGKILL" in found[4].detail
    assert found[6] == Told(unjudged=True)


def test_one_at_a_time_comes_to_the_same() -> None:
    assert carried((5, 0), workers=1) == carried((5, 0), workers=2)
