"""Each of the twelve defects of the published judge has a test that is named after it, and docs/challenge.md says where."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "challenge.md"
TESTS = ROOT / "tests"
DEFECTS = set(range(1, 13))
NAME = re.compile(r"test_defect_(\d+)_\w+")
ROW = re.compile(r"\| (\d+) \|(?:[^|]*\|){2}([^|]*)\|")


def _tested() -> dict[int, set[str]]:
    """By number of the defect, the files that have a test named after it."""
    found: dict[int, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for name in _functions(path):
            if match := NAME.fullmatch(name):
                found.setdefault(int(match[1]), set()).add(path.relative_to(ROOT).as_posix())
    return found


def _functions(path: Path) -> Iterator[str]:
    """Names of the functions of a module that pytest collects."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name


def _told() -> dict[int, set[str]]:
    """By number of the defect, the files that the document names."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [ROW.fullmatch(line) for line in text.splitlines()]
    return {int(row[1]): {f"tests/{name}" for name in re.findall(r"`([^`]+)`", row[2])} for row in rows if row}


def test_every_defect_has_a_test() -> None:
    assert set(_tested()) == DEFECTS


def test_the_document_names_every_test_of_every_defect() -> None:
    assert _told() == _tested()
