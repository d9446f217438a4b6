"""Source is found by the code object's lines: the same as Python finds by reading tokens."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matrix.emulation.start_up import source_lines


def one_line(x: int) -> int: return x + 1  # fmt: skip


def ends_in_brackets(x: int) -> Any:
    return max(
        x,
        len(
            "text",
        ),
    )  # a comment


def ends_in_a_nested_function(x: int) -> Callable[[], int]:
    def inner() -> int:
        """Says."""
        return x

    return inner


def ends_in_a_branch(x: int) -> int:
    """A docstring
    of two lines.
    """
    while x:
        x -= 1
        if x == 3:
            continue
    x = 0
    return (
        x
        + 1
    )  # fmt: skip


@pytest.mark.parametrize(
    "function",
    [
        one_line,
        ends_in_brackets,
        ends_in_a_nested_function,
        ends_in_a_branch,
        textwrap.dedent,
        ast.literal_eval,
        inspect.getdoc,
    ],
)
def test_the_source_parses_to_the_same(function: Callable[..., Any]) -> None:
    quick, first = source_lines(function)
    slow, expected = inspect.getsourcelines(function)
    assert first == expected
    assert ast.dump(ast.parse(textwrap.dedent("".join(quick)))) == ast.dump(ast.parse(textwrap.dedent("".join(slow))))


def test_what_is_no_function_is_left_to_python() -> None:
    assert source_lines(textwrap.TextWrapper) == inspect.getsourcelines(textwrap.TextWrapper)


def test_a_file_that_is_written_again_does_not_change_the_functions_that_were_made_from_it(tmp_path: Path) -> None:
    """Providers write kernels into files of one name, and another process's clock may say that nothing changed."""
    made = []
    for number in (1, 22):
        file = tmp_path / "generated.py"
        file.write_text(f"def kernel():\n    return {number}\n")
        scope: dict[str, Any] = {}
        exec(compile(file.read_text(), str(file), "exec"), scope)
        made.append(scope["kernel"])
        assert source_lines(made[-1])[0][1].strip() == f"return {number}"
    assert source_lines(made[0])[0][1].strip() == "return 1"
