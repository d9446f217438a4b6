"""Reading `entry.toml`, and what a task asks of an entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.reading import ReadingError
from matrix.challenge.entry import read_entry
from matrix.challenge.task import interpreter, load_task, task_names
from matrix.usage import UsageError
from operators.operator import TASK_TIERS
from tests.fakes.entries import TOML, write_entry


def problems(folder: Path, text: str) -> list[str]:
    write_entry(folder, entry=text)
    with pytest.raises(ReadingError) as refused:
        read_entry(folder)
    return [problem.key for problem in refused.value.problems]


def test_an_entry_is_read(tmp_path: Path) -> None:
    entry = read_entry(write_entry(tmp_path, other="", conftest=""))
    assert entry.task.name == "pixel_shuffle"
    assert entry.team == ("Ada",)
    assert entry.licence == "MIT"
    assert [path.name for path in entry.files] == ["shuffle.py", "other.py"]
    assert [path.name for path in entry.tests] == ["conftest.py", "test_shuffle.py"]
    assert entry.functions == {"challenge.pixel_shuffle": f"{tmp_path / 'shuffle.py'}:pixel_shuffle"}


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = 'task = "pixel_shufle"\nlicence = "mine"\nprovider = "../shuffle.py:f"\nteem = 1\n'
    assert problems(tmp_path, text) == ["task", "licence", "provider", "team", "teem"]


@pytest.mark.parametrize(
    ("team", "key"),
    [
        ("", "team"),
        ("[[team]]\nname = 'a'\n" * 2, "team"),
        ("".join(f"[[team]]\nname = '{name}'\n" for name in "abcd"), "team"),
        ("[[team]]\nname = ''\n", "team[0].name"),
        ("[[team]]\nname = 'a'\nage = 3\n", "team[0].age"),
        ("team = ['a']\n", "team"),
    ],
)
def test_a_team_is_one_to_three_different_people(tmp_path: Path, team: str, key: str) -> None:
    assert key in problems(tmp_path, TOML.partition("[[team]]")[0] + team)


@pytest.mark.parametrize("text", ["", "task = ", "\0"])
def test_what_is_no_entry_is_refused(tmp_path: Path, text: str) -> None:
    assert len(problems(tmp_path, text)) == 1


def test_a_folder_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match=r"entry\.toml: found no readable file"):
        read_entry(tmp_path)


def test_an_unknown_task_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'roll'"):
        load_task("rol")


def test_there_are_twenty_tasks_of_three_tiers() -> None:
    assert len(task_names()) == 20
    assert {load_task(name).tier for name in task_names()} == set(TASK_TIERS)


def test_a_form_that_only_adds_a_keyword_is_the_same_function() -> None:
    assert load_task("leaky_relu").functions("a.py:mine") == {
        "challenge.leaky_relu": "a.py:mine",
        "challenge.leaky_relu.inplace": "a.py:mine",
        "challenge.leaky_relu_": "a.py:leaky_relu_",
        "challenge.leaky_relu.out": "a.py:mine",
    }


def test_the_cases_of_an_entry_are_those_of_the_task_and_the_slow_come_last() -> None:
    task = load_task("log10")
    ours = task.cells(interpreter())
    entry = task.cells(interpreter(), task.functions("a.py:mine"))
    assert [cell.case.sample for cell in ours] == [cell.case.sample for cell in entry]
    assert {cell.case.operator.providers["entry"] for cell in entry} == {"a.py:mine", "a.py:log10_"}
    kinds = [cell.case.sample.kind for cell in ours]
    assert kinds[kinds.index("large") :] == ["large"] * kinds.count("large")


@pytest.mark.parametrize("name", task_names())
def test_our_own_kernel_of_a_task_is_a_file(name: str) -> None:
    assert load_task(name).kernel_file.name == f"{name}.py"
    assert load_task(name).kernel_file.is_file()
