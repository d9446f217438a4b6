"""Stacks: what is installed together, read strictly."""

from pathlib import Path

import pytest

from backends.reading import ReadingError
from backends.stack import load_stacks, stack_of

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


AXIS = """
name = "grid"
title = "A by B"
on = "old"
stack = "{torch}-on-{triton}"
[versions]
torch = ["2.8.0", "2.9.0"]
triton = ["3.4.0"]
"""


def write_axis(folder: Path, text: str = AXIS) -> None:
    (folder / "old.toml").write_text(STACK)
    (folder / "axes").mkdir(exist_ok=True)
    (folder / "axes" / "grid.toml").write_text(text)


def test_an_axis_is_a_stack_for_each_pair_of_versions(tmp_path: Path) -> None:
    write_axis(tmp_path)
    stacks = load_stacks(tmp_path)
    assert list(stacks) == ["old", "2.8.0-on-3.4.0", "2.9.0-on-3.4.0"]
    made = stacks["2.8.0-on-3.4.0"]
    assert made.packages == {"torch": "2.8.0", "triton": "3.4.0"}
    assert (made.on, made.python, made.title) == ("old", ("3.11",), "torch 2.8.0, triton 3.4.0")
    assert stacks["old"].on is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"old"', '"young"', "on"),
        ("{torch}-on-{triton}", "on-{triton}", "stack"),
        ("{torch}-on-{triton}", "{torch}-{triton}-{numpy}", "stack"),
        ('"3.4.0"', '">3"', "versions.triton"),
        ('triton = ["3.4.0"]\n', "", "versions"),
    ],
)
def test_an_axis_is_read_strictly(tmp_path: Path, old: str, new: str, key: str) -> None:
    write_axis(tmp_path, AXIS.replace(old, new))
    with pytest.raises(ReadingError) as error:
        load_stacks(tmp_path)
    assert key in {problem.key for problem in error.value.problems}


def test_a_stack_is_known_by_what_is_installed() -> None:
    stacks = load_stacks()
    here = stacks["default"].packages
    assert stack_of(here | {"torch": f"{here['torch']}+cpu", "numpy": "1.26.4"}, stacks) == "default"
    assert stack_of(here | {"triton": "3.6.0"}, stacks) == "flag-gems-5.0.2-triton-3.6.0"
    assert stack_of(here | {"triton": "3.0.0"}, stacks) is None
    assert stack_of({}, stacks) is None
