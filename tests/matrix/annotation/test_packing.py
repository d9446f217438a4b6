"""Packing: a flat zip of eight files, the same bytes for the same answers, with nothing invented for what is missing."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from matrix.annotation.answered import Answered, Ending
from matrix.annotation.packing import pack
from matrix.annotation.run_folder import RunFolder
from tests.matrix.annotation.submissions import TEST, labels
from workloads.annotation.data_file import TaskFile
from workloads.annotation.generating.making import make
from workloads.annotation.tasks import TASKS


def data() -> dict[int, TaskFile]:
    return {number: make(number, examples=2, test=TEST).file for number in TASKS}


def run_folder(path: Path) -> RunFolder:
    folder = RunFolder(path)
    folder.begin({"tasks": {}})
    for number, own in labels().items():
        for id_, label in own.items():
            folder.append(TASKS[number], Answered(id_, Ending.ANSWERED, label))
    return folder


def test_a_run_s_answers_become_a_submission_without_problems(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    packed, checked = pack(folder, data(), "team.zip")
    assert checked.problems == ()
    assert checked.compared
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert names == [f"openseek-{number}.jsonl" for number in TASKS]
    assert pack(folder, data(), "team.zip")[0] == packed


def test_what_was_not_answered_is_missing_and_never_null(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    id_ = next(iter(labels()[1]))
    folder.append(TASKS[1], Answered(id_, Ending.BROKEN, problem="the engine hung"))
    packed, checked = pack(folder, data(), "team.zip")
    assert b"null" not in zipfile.ZipFile(io.BytesIO(packed)).read("openseek-1.jsonl")
    assert [str(problem) for problem in checked.problems] == [
        f"team.zip: openseek-1.jsonl: has no prediction for {id_!r}; add its line"
    ]


def test_long_answers_are_packed_whole(tmp_path: Path) -> None:
    """A published starter dropped answers of more than 100 characters, which is every operator."""
    folder = run_folder(tmp_path / "run")
    _, checked = pack(folder, data(), "team.zip")
    assert all(len(text) > 100 for text in checked.predictions[8].found.values())
    assert dict(checked.predictions[8].found) == labels()[8]


def test_half_a_character_is_named_and_breaks_nothing(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    folder.append(TASKS[4], Answered(next(iter(labels()[4])), Ending.ANSWERED, "ab\ud800"))
    _, checked = pack(folder, data(), "team.zip")
    assert any("openseek-4.jsonl:1: is not UTF-8" in str(problem) for problem in checked.problems)
