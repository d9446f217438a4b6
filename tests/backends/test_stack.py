"""Stacks: what is installed together, read strictly."""

from pathlib import Path

import pytest

from backends.reading import ReadingError
from backends.stack import load_stacks

STACK = 'name = "old"\ntitle = "An old one"\npython = ["3.11"]\n[packages]\ntorch = "2.9.0"\ntriton = "3.5.1"\n'


def problems_of(folder: Path, text: str) -> set[str]:
    (folder / "old.toml").write_text(text)
    with pytest.raises(ReadingError) as error:
        load_stacks(folder)
    return {problem.key for problem in error.value.problems}


def test_the_default_stack_is_the_one_that_was_tried() -> None:
    stack = load_stacks()["default"]
    assert stack.requirements == ("torch==2.13.0", "triton==3.7.1", "flag_gems==5.0.2")
    assert stack.python == ("3.11", "3.12")


def test_a_stack_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text(STACK)
    assert load_stacks(tmp_path)["old"].packages == {"torch": "2.9.0", "triton": "3.5.1"}


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = STACK.replace("old", "new").replace('"2.9.0"', '">=2.9"').replace("3.11", "2.7") + "torchvision = 1\n"
    assert problems_of(tmp_path, text) == {"name", "packages.torch", "python[0]", "packages.torchvision"}


def test_a_stack_without_packages_is_none(tmp_path: Path) -> None:
    assert problems_of(tmp_path, 'name = "old"\ntitle = "t"\npython = []\n[package]\n') == {"packages", "package"}
    assert problems_of(tmp_path, 'name = "old"\ntitle = "t"\npython = ["3.11"]\n') == {"packages"}
    assert problems_of(tmp_path, STACK.replace('["3.11"]', "[]")) == {"packages"}
