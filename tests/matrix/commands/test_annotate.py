"""The command `annotate`, from made data to the leaderboard, with engines that know the rule."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from matrix.annotation.answered import Answered, Ending
from matrix.annotation.run_folder import RunFolder
from matrix.cli import main
from tests.matrix.annotation.runs import ENGINES, STRATEGIES
from workloads.annotation.tasks import TASKS

ROOT = Path(__file__).parents[3]
SMALL = ["--scale", "0.016", "--context", "4000", "--reply", "400"]
EXAMPLE = ROOT / "docs" / "examples" / "annotation_strategy.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main(["annotate", "make", "--out", str(folder), "--examples", "30", "--test", "3"]) == 0
    return folder


def run(data: Path, out: Path, *more: str, engine: str = "Oracle") -> int:
    return main(
        ["annotate", "run", "--data", str(data), "--engine", f"{ENGINES}:{engine}", *SMALL, "--out", str(out), *more]
    )


def test_a_held_out_run_is_scored_and_says_what_is_missing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = ["--task", "1", "--task", "3", "--task", "4"]
    assert run(data, tmp_path / "run", "--held-out", "5", *tasks) == 0
    said = capsys.readouterr().out
    assert "model: the rule itself" in said
    assert "480 to 3600 tokens a prompt, 400 a reply: the context is scaled to 0.016 of the official one" in said
    assert main(["annotate", "score", str(tmp_path / "run"), "--data", str(data), "--entry", "ours"]) == 0
    said = capsys.readouterr().out
    assert "openseek-3 collatz_conjecture: 100.00 (accuracy: 100.0% (5 of 5; 95 %: 56.6% to 100.0%)" in said
    assert "openseek-2: no score: it has no predictions" in said
    assert "total: none, 5 of the eight tasks have no score; the mean of the 3 that have a score is 100.00" in said
    assert "the contexts were scaled" in said
    score = json.loads((tmp_path / "run" / "score.json").read_text())
    assert (score["entry"], score["scaled"], score["total"], len(score["absent"])) == ("ours", True, None, 5)


def test_a_users_strategy_runs_from_the_documentation(data: Path, tmp_path: Path) -> None:
    strategy = ["--strategy", f"{EXAMPLE}:SameLength", "--held-out", "3", "--task", "1"]
    assert run(data, tmp_path / "run", *strategy) == 0
    answers = RunFolder(tmp_path / "run").read(TASKS[1])
    assert len(answers) == 3
    assert main(["annotate", "score", str(tmp_path / "run"), "--data", str(data)]) == 0
    assert json.loads((tmp_path / "run" / "score.json").read_text())["tasks"]["1"]["value"] == 1.0


def test_samples_without_an_answer_are_named_and_end_with_one(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(data, tmp_path / "run", "--task", "1", engine="Residue") == 1
    said = capsys.readouterr().out
    assert "openseek-1: 3 unanswered" in said
    assert "openseek-1-test-0: unanswered: no answer in 2 replies" in said


def test_from_a_run_to_the_leaderboard(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, tmp_path / "run", "--task", "1") == 0
    folder = RunFolder(tmp_path / "run")
    zip_ = tmp_path / "team.zip"
    pack = ["annotate", "pack", str(tmp_path / "run"), "--data", str(data), "--out", str(zip_)]
    assert main(pack) == 1
    assert not zip_.exists()
    assert "holds no readable file of task 2" in capsys.readouterr().out
    for number in range(2, 9):
        for line in (data / "labels" / f"openseek-{number}.jsonl").read_text().splitlines():
            label = json.loads(line)
            folder.append(TASKS[number], Answered(label["test_sample_id"], Ending.ANSWERED, label["label"]))
    assert main(pack) == 0
    assert main(["annotate", "check", str(zip_), "--data", str(data)]) == 0
    assert "0 problems" in capsys.readouterr().out
    labels = data / "labels"
    only_one = tmp_path / "labels"
    shutil.copytree(labels, only_one)
    score = [
        "annotate",
        "score",
        str(zip_),
        "--labels",
        str(only_one),
        "--entry",
        "team",
        "--out",
        str(tmp_path / "s.json"),
    ]
    assert main(score) == 0
    said = capsys.readouterr().out
    assert "openseek-8: no score: no sample of openseek-8 has a check" in said
    assert "openseek-1 closest_integers: 100.00" in said
    assert main(["annotate", "rank", str(tmp_path / "s.json"), "--out", str(tmp_path / "board")]) == 0
    assert "team: not ranked: task 8" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "board").iterdir()} == {
        "leaderboard.md",
        "leaderboard.json",
        "leaderboard.html",
    }


def test_a_broken_submission_is_told_everything_at_once(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "team.zip"
    path.write_bytes(b"no zip")
    assert main(["annotate", "check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "is no zip archive" in said
    assert "holds no readable file of task 8" in said
    assert main(["annotate", "score", str(path), "--labels", str(data / "labels")]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--data", "/nowhere"], "/nowhere is no folder"),
        (["run", "--data", "{data}", "--engine", "gpt"], "no engine is named 'gpt'"),
        (["run", "--data", "{data}", "--engine", "{engines}:Nobody", "--scale", "0.01"], "cannot be started"),
        (["run", "--data", "{data}", "--strategy", "nowhere.py:X"], "leads to no strategy"),
        (["run", "--data", "{data}", "--context", "2000"], "asks for prompts of 30000 tokens, and a context of 2000"),
        (["run", "--data", "{data}", "--held-out", "30", "--engine", "{engines}:Oracle"], "cannot be held out"),
        (["score", "{data}", "--data", "{data}"], "run.json cannot be read"),
        (["score", "/nowhere.zip"], "name the labels of the test samples"),
        (["check", "/nowhere.zip"], "cannot be read"),
        (["rank", "/nowhere.json"], "cannot be read"),
        (["make", "--out", "{data}/more", "--examples", "5000", "--task", "8"], "different samples could be made"),
    ],
)
def test_what_cannot_be_followed_is_one_message(
    arguments: list[str], said: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [part.format(data=data, engines=ENGINES) for part in arguments]
    assert main(["annotate", *filled]) == 2
    assert said in capsys.readouterr().err


def test_a_strategy_beside_the_data_is_refused(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(STRATEGIES, tmp_path / "mine.py")
    shutil.copytree(data, tmp_path / "data")
    assert run(tmp_path / "data", tmp_path / "run", "--strategy", f"{tmp_path / 'mine.py'}:Plain") == 2
    assert "lies in the folder of the strategy" in capsys.readouterr().err


def test_other_data_than_the_runs_are_refused(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, tmp_path / "run", "--held-out", "2", "--task", "1") == 0
    assert main(["annotate", "make", "--out", str(tmp_path / "other"), "--seed", "5", "--task", "1"]) == 0
    assert main(["annotate", "score", str(tmp_path / "run"), "--data", str(tmp_path / "other")]) == 2
    assert "is not the data that" in capsys.readouterr().err
