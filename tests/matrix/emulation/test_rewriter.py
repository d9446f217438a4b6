"""Kernel source to plain Python. The language here is a recorder; the real one is tested in test_kernels.py."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any, Never

import pytest

from matrix.emulation.rewriter import rewrite


class Recorder:
    """Answers as Python would and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.max = max

    def __getattr__(self, name: str) -> Any:
        def answer(*arguments: Any) -> Any:
            self.asked.append(name)
            return getattr(self, f"_{name}")(*arguments)

        return answer

    def _assign(self, value: Any) -> Any:
        return value

    def _constant(self, value: Any) -> Any:
        return ("constant", value)

    def _truth(self, value: Any) -> bool:
        return bool(value)

    def _undecided_and(self, value: Any) -> bool:
        return bool(value)

    def _undecided_or(self, value: Any) -> bool:
        return not value

    def _logical_and(self, left: Any, right: Any) -> Any:
        return left and right

    def _logical_or(self, left: Any, right: Any) -> Any:
        return left or right

    def _negation(self, value: Any) -> bool:
        return not value

    def _same(self, left: Any, right: Any) -> bool:
        return left is right

    def _range(self, *bounds: int) -> Iterator[int]:
        return iter(range(*bounds))

    def _refuse(self, what: str) -> Never:
        raise NotImplementedError(what)


def assigns(x: Any) -> Any:
    y = x + 1
    y += 2
    z: tl.constexpr = 3  # type: ignore[name-defined]  # noqa: F821 - annotations are not evaluated
    assert y == "never looked at"
    return y, z


def decides(a: Any, b: Any, c: Any) -> Any:
    if not a:
        return "not a"
    return (a and b) or c


def counts(n: int) -> int:
    total = 0
    for i in range(n):
        total += max(i, 1)
    return total


def asks(x: Any = None) -> bool:
    return x is None


def chains(a: int, b: int, c: int) -> bool:
    return a < b < c


def fails() -> None:
    first = 1
    raise ValueError(first)


def test_assignments_are_wrapped_and_constants_are_kept() -> None:
    language = Recorder()
    assert rewrite(assigns, language)(4) == (7, ("constant", 3))
    assert language.asked == ["assign", "assign", "constant"]


@pytest.mark.parametrize(
    ("arguments", "expected"), [((0, 1, 2), "not a"), ((1, 2, 3), 2), ((1, 0, 3), 3), ((1, 0, 0), 0)]
)
def test_logic_keeps_its_order_and_stops_early(arguments: tuple[int, int, int], expected: object) -> None:
    assert rewrite(decides, Recorder())(*arguments) == expected


def test_loops_and_builtins_are_the_languages() -> None:
    language = Recorder()
    assert rewrite(counts, language)(4) == 7
    assert language.asked.count("range") == 1


def test_defaults_are_the_originals() -> None:
    assert rewrite(asks, Recorder())() is True


def test_what_the_compiler_refuses_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="a < b < c"):
        rewrite(chains, Recorder())(1, 2, 3)


def test_a_free_variable_stays_the_same_cell() -> None:
    held = [1]

    def closes(x: int) -> int:
        return x + held[0]

    twin = rewrite(closes, Recorder())
    held[0] = 5
    assert twin(1) == 6


def test_a_traceback_points_into_the_kernel() -> None:
    with pytest.raises(ValueError, match="1") as caught:
        rewrite(fails, Recorder())()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame.filename == __file__
    assert frame.lineno == fails.__code__.co_firstlineno + 2
