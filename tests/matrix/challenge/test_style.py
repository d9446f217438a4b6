"""How files read is counted from their text alone, and nothing in an entry changes how."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from matrix.challenge.scoring.readability import score_readability
from matrix.challenge.scoring.weights import load_weights
from matrix.challenge.style import complexity_of, read_style

WEIGHTS = load_weights().readability
CLEAN = '''"""A file."""


def double(amount: int) -> int:
    """Twice the amount."""
    # A comment that says something.
    return 2 * amount
'''
UNFORMATTED = CLEAN.replace("2 * amount", "2*amount")


def write(tmp_path: Path, text: str, name: str = "file.py") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def reasons(path: Path) -> str:
    found = score_readability(read_style([path], []), WEIGHTS, 10)
    return " | ".join(loss.text for part in found.parts for loss in part.losses)


def test_a_clean_file_loses_nothing(tmp_path: Path) -> None:
    style = read_style([write(tmp_path, CLEAN)], [])
    assert score_readability(style, WEIGHTS, 10).points == 10
    assert (style.unformatted, style.core) == ((), ())


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("def f(): return 1", 1),
        ("def f(x):\n if x and x > 1 or x == 5: return 1\n return 2 if x else 3", 5),
        ("def f(x):\n for a in x:\n  while a: a -= 1\n return [b for b in x if b]", 5),
        ("def f(x):\n match x:\n  case 1: return 1\n  case _: return 2", 3),
    ],
)
def test_complexity_is_one_and_one_for_each_fork(source: str, number: int) -> None:
    assert complexity_of(ast.parse(source).body[0]) == number


def test_what_is_unreadable_is_said(tmp_path: Path) -> None:
    forks = "".join(f"    if amount == {number}:\n        return {number}\n" for number in range(20))
    text = f'"""A file."""\n\n\ndef Bad(amount, q):\n{forks}    tmp = amount\n    return tmp\n'
    said = reasons(write(tmp_path, text))
    assert "Bad has a cyclomatic complexity of 21; up to 12 is whole" in said
    assert "function 'Bad' is neither small letters nor capitals" in said
    assert "argument 'q' is one letter that says nothing" in said
    assert "variable 'tmp' says nothing" in said
    assert "Bad has no docstring" in said
    assert "1 lines of comments and docstrings to 43 of code" in said


def test_names_that_the_schema_prescribes_are_no_fault(tmp_path: Path) -> None:
    path = write(tmp_path, CLEAN.replace("amount", "q"))
    assert read_style([path], []).poor_names
    assert not read_style([path], [], ["q"]).poor_names


def test_a_docstring_that_is_still_to_be_written_is_none(tmp_path: Path) -> None:
    assert "double has no docstring" in reasons(write(tmp_path, CLEAN.replace("Twice", "TODO")))


def test_a_file_that_is_not_formatted_is_named(tmp_path: Path) -> None:
    style = read_style([write(tmp_path, UNFORMATTED)], [write(tmp_path, CLEAN, "test_file.py")])
    assert style.unformatted == ("file.py",)


def test_an_entry_cannot_set_its_own_rules(tmp_path: Path) -> None:
    write(tmp_path, "[lint]\nselect = []\n", "ruff.toml")
    path = write(tmp_path, f"# ruff: noqa\nimport os  # noqa\n{CLEAN}")
    core = read_style([path], []).core
    assert core is not None
    assert "F401" in {each.rule for each in core}


def test_without_ruff_its_part_is_unmeasured(tmp_path: Path) -> None:
    style = replace(read_style([write(tmp_path, CLEAN)], []), core=None, wide=None, unformatted=None)
    found = score_readability(style, WEIGHTS, 10)
    assert (found.points, found.measured) == (8, 8)
    assert score_readability(None, WEIGHTS, 10).points is None
