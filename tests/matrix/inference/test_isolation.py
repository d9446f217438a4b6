"""Group testing: the guilty are found, all of them, in few tests."""

import itertools
import math

import pytest

from matrix.inference.isolation import Found, Names, guilty_groups

NAMES = tuple(f"op{number}" for number in range(256))


class Bench:
    """Fails where one of the guilty sets is whole; counts what it is asked."""

    def __init__(self, *guilty: set[str], entered: frozenset[str] | None = None, names_it: bool = False) -> None:
        self.guilty = guilty
        self.entered = entered
        self.names_it = names_it
        self.asked: list[Names] = []

    def test(self, only: Names) -> Found:
        self.asked.append(only)
        found = [group for group in self.guilty if group <= set(only)]
        suspect = min(found[0]) if found and self.names_it else ""
        entered = None if self.entered is None else self.entered & set(only)
        return Found(bool(found), entered, suspect)


def test_nobody_is_guilty() -> None:
    bench = Bench()
    assert guilty_groups(NAMES, bench.test) == []
    assert len(bench.asked) == 1


@pytest.mark.parametrize("name", ["op0", "op77", "op255"])
def test_one_is_found_in_a_logarithm_of_tests(name: str) -> None:
    bench = Bench({name})
    assert guilty_groups(NAMES, bench.test) == [(name,)]
    assert len(bench.asked) <= 2 * math.log2(len(NAMES)) + 2


@pytest.mark.parametrize("number", [2, 3, 5])
def test_several_are_found_each_in_a_logarithm_of_tests(number: int) -> None:
    names = NAMES[:: len(NAMES) // number][:number]
    bench = Bench(*({name} for name in names))
    assert sorted(guilty_groups(NAMES, bench.test)) == sorted((name,) for name in names)
    assert len(bench.asked) <= number * (2 * math.log2(len(NAMES)) + 2) + 1


@pytest.mark.parametrize("pair", list(itertools.combinations(["op0", "op1", "op130", "op255"], 2)))
def test_two_that_fail_only_together_are_one_group(pair: tuple[str, str]) -> None:
    bench = Bench(set(pair))
    assert [set(group) for group in guilty_groups(NAMES, bench.test)] == [set(pair)]


def test_one_beside_two_that_fail_only_together() -> None:
    bench = Bench({"op9"}, {"op100", "op200"})
    assert {frozenset(group) for group in guilty_groups(NAMES, bench.test)} == {
        frozenset({"op9"}),
        frozenset({"op100", "op200"}),
    }


def test_what_was_never_come_by_is_not_searched() -> None:
    bench = Bench({"op3"}, entered=frozenset({"op3", "op4"}))
    assert guilty_groups(NAMES, bench.test) == [("op3",)]
    assert len(bench.asked) == 3  # all, op3 alone, the others


def test_what_the_failure_names_is_tried_first() -> None:
    bench = Bench({"op200"}, {"op30"}, names_it=True)
    assert sorted(guilty_groups(NAMES, bench.test)) == [("op200",), ("op30",)]
    assert len(bench.asked) == 5


def test_a_suspect_that_is_innocent_costs_one_test() -> None:
    class Slander(Bench):
        def test(self, only: Names) -> Found:
            found = super().test(only)
            return Found(found.failed, found.entered, "op1" if found.failed else "")

    bench = Slander({"op200"})
    assert guilty_groups(NAMES, bench.test) == [("op200",)]
