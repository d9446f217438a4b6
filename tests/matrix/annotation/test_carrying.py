"""A run: engines and strategies that are right, broken, hanging or dead; the budget; the journal; going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matrix.annotation.answered import Answered, Ending
from matrix.annotation.asking import FOREIGN, foreign
from matrix.annotation.carrying import PATIENCE
from matrix.annotation.run_folder import RunFolder
from matrix.annotation.splitting import HeldOut, split
from matrix.usage import UsageError
from tests.matrix.annotation.runs import BUDGET, ENGINES, Bench
from workloads.annotation.generating.making import make, write_made
from workloads.annotation.tasks import TASKS


def endings(bench: Bench) -> set[Ending]:
    return {each.ending for each in bench.folder.read(bench.file.task).values()}


@pytest.mark.parametrize("batch", [1, 3])
def test_an_oracle_answers_all_and_is_right(tmp_path: Path, batch: int) -> None:
    bench = Bench(tmp_path)
    carried = bench.run(batch)
    assert carried.count(Ending.ANSWERED) == 5
    assert bench.right == 5
    assert all(BUDGET.minimum <= each.tokens <= BUDGET.limit and each.turns == 1 for each in carried.answered)


def test_a_users_strategy_answers_from_its_own_process(tmp_path: Path) -> None:
    bench = Bench(tmp_path, strategy="Plain")
    bench.run()
    assert bench.right == 5


def test_a_reminder_brings_the_answer(tmp_path: Path) -> None:
    bench = Bench(tmp_path, engine="Thinking")
    carried = bench.run()
    assert bench.right == 5
    assert {each.turns for each in carried.answered} == {2}


@pytest.mark.parametrize(
    ("engine", "ending", "said"),
    [
        ("Residue", Ending.UNANSWERED, "</label>"),
        ("Mark", Ending.UNANSWERED, "\\ufeff"),
        ("Nothing", Ending.BROKEN, "NoneType"),
        ("Broken", Ending.BROKEN, "RuntimeError: device lost"),
    ],
)
def test_an_engine_that_does_not_answer_is_told_of(tmp_path: Path, engine: str, ending: Ending, said: str) -> None:
    bench = Bench(tmp_path, engine=engine)
    carried = bench.run()
    assert endings(bench) == {ending}
    assert said in carried.answered[0].problem
    assert bench.right == 0


def test_an_engine_that_hangs_is_ended_and_the_task_left(tmp_path: Path) -> None:
    bench = Bench(tmp_path, engine="Hanging", seconds=2.0)
    carried = bench.run()
    assert endings(bench) == {Ending.BROKEN}
    assert "took more than its 2 s" in carried.answered[0].problem
    assert (len(carried.answered), carried.left) == (PATIENCE, 5 - PATIENCE)


def test_an_engine_that_dies_costs_one_answer_which_a_resumed_run_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNOTATION_MARK", str(tmp_path / "mark"))
    carried = Bench(tmp_path / "run", engine="DyingOnce").run()
    assert carried.count(Ending.BROKEN) == 1
    assert carried.count(Ending.ANSWERED) == 4
    assert "ended (status -9)" in next(each.problem for each in carried.answered if each.ending is Ending.BROKEN)
    again = Bench(tmp_path / "run", engine="DyingOnce")
    assert again.run().count(Ending.ANSWERED) == 5
    assert len(again.told) == 1


@pytest.mark.parametrize(
    ("strategy", "ending", "said"),
    [
        ("Raises", Ending.BROKEN, "KeyError: 'no such example'"),
        ("Dies", Ending.BROKEN, "ended (status 3): goodbye"),
        ("NoText", Ending.BROKEN, "parse gave a int; allowed are a text and None"),
        ("NoMessages", Ending.BROKEN, "build gave no messages"),
        ("Endless", Ending.UNANSWERED, "no answer in "),
        ("Short", Ending.REFUSED, "at least 500 are asked for"),
        ("Long", Ending.REFUSED, "the engine takes at most 3000"),
        ("Nowhere", Ending.BROKEN, "has no 'Nowhere'"),
    ],
)
def test_a_strategy_that_fails_is_told_of(tmp_path: Path, strategy: str, ending: Ending, said: str) -> None:
    bench = Bench(tmp_path, strategy=strategy)
    carried = bench.run()
    assert {each.ending for each in carried.answered} <= {ending, Ending.REFUSED}
    assert said in carried.answered[0].problem
    if ending is Ending.REFUSED:
        assert f"openseek-1, sample {carried.answered[0].id}: the prompt has" in carried.answered[0].problem


def test_a_strategy_that_hangs_is_ended(tmp_path: Path) -> None:
    carried = Bench(tmp_path, strategy="Hangs", seconds=2.0).run()
    assert "took more than its 2 s" in carried.answered[0].problem


def test_no_held_out_label_reaches_the_strategys_process(tmp_path: Path) -> None:
    bench = Bench(tmp_path, strategy="Remembers")
    bench.run()
    [told, *_] = {each.prediction for each in bench.folder.read(bench.file.task).values()}
    assert told is not None
    for sample in bench.split.samples:
        assert str(sample.id) + "'" not in told
        assert repr(sample.input) not in told
    assert str(bench.split.examples[0].id) in told  # the test would notice what it looks for


def test_a_strategy_that_looks_for_labels_is_refused(tmp_path: Path) -> None:
    spied = tmp_path / "labels.jsonl"
    spied.write_text("the label")
    bench = Bench(tmp_path / "run", strategy="Spies")
    client = bench.strategy
    told = client.parse(bench.split.samples[0], "")
    bench.engine.close()
    client.close()
    assert told is not None
    lines = told.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("refused: a strategy may not ") for line in lines), told


def test_an_answer_that_no_reply_gave_is_remarked(tmp_path: Path) -> None:
    bench = Bench(tmp_path, engine="Residue", strategy="Computes")
    assert {each.problem for each in bench.run().answered} == {""}  # the reply holds it
    other = Bench(tmp_path / "other", engine="Silent", strategy="Computes")
    assert {each.problem for each in other.run().answered} == {FOREIGN}
    assert other.right == 5
    assert foreign("[1, 2]", "It is [1,2].") == foreign("Paris", "paris") == ""


def test_a_duplicate_of_a_held_out_example_is_no_example(tmp_path: Path) -> None:
    file = make(1, examples=10, test=1).file
    twin = type(file.examples[0])("twin", file.examples[3].input, file.examples[3].output)
    doubled = type(file)(file.task, file.definition, (*file.examples, twin), file.samples, file.licence)
    for seed in range(30):
        parts = split(doubled, HeldOut(3, seed))
        inputs = {sample.input for sample in parts.samples}
        assert not any(example.input in inputs for example in parts.examples)
    with pytest.raises(UsageError, match="cannot be held out"):
        split(file, HeldOut(10))


def test_a_split_depends_on_the_seed_alone() -> None:
    file = make(1).file
    assert split(file, HeldOut(5, 3)) == split(file, HeldOut(5, 3))
    assert split(file, HeldOut(5, 3)).samples != split(file, HeldOut(5, 4)).samples


# The journal.
def test_a_torn_line_costs_that_line_alone(tmp_path: Path) -> None:
    folder, task = RunFolder(tmp_path), TASKS[1]
    folder.append(task, Answered("a", Ending.ANSWERED, "1"))
    with folder.journal(task).open("ab") as file:
        file.write(b'{"id": "b", "ending": "answ')
    folder.append(task, Answered("c", Ending.ANSWERED, "3"))
    with folder.journal(task).open("ab") as file:
        file.write(
            b'[1]\n"x"\n{"id": "d", "ending": "answered"}\n{"id": [], "ending": "refused"}\n' + b"[" * 10**5 + b"\n"
        )
    assert {id_: each.prediction for id_, each in folder.read(task).items()} == {"a": "1", "c": "3"}


def test_the_last_end_of_a_sample_counts(tmp_path: Path) -> None:
    folder, task = RunFolder(tmp_path), TASKS[1]
    folder.append(task, Answered("a", Ending.BROKEN, problem="hung"))
    assert folder.settled(task) == {}
    folder.append(task, Answered("a", Ending.ANSWERED, "1"))
    assert folder.read(task)["a"].prediction == "1"


def test_an_answer_without_a_prediction_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="the prediction is None"):
        Answered("a", Ending.ANSWERED)
    with pytest.raises(ValueError, match="the prediction is '1'"):
        Answered("a", Ending.BROKEN, "1")


def test_a_run_is_resumed_only_as_it_was_asked_for(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin({"tasks": {}, "strategy": "a", "started": "then"})
    folder.resume({"tasks": {}, "strategy": "a", "started": "now"})
    with pytest.raises(UsageError, match="strategy differ from those of the run"):
        folder.resume({"tasks": {}, "strategy": "b", "started": "now"})
    with pytest.raises(UsageError, match="holds a run already"):
        folder.begin({})


def test_a_killed_run_loses_at_most_one_answer_and_goes_on(tmp_path: Path) -> None:
    """The command itself, killed in the midst of a task."""
    write_made(make(1, examples=40, test=60), tmp_path / "data")
    arguments = [
        "annotate",
        "run",
        "--data",
        str(tmp_path / "data"),
        "--engine",
        f"{ENGINES}:Oracle",
        "--scale",
        "0.016",
    ]
    arguments += ["--context", "4000", "--reply", "400"]
    command = [sys.executable, "-m", "matrix", *arguments]
    process = subprocess.Popen([*command, "--out", str(tmp_path / "run")], stdout=subprocess.DEVNULL)
    journal = tmp_path / "run" / "openseek-1.answers.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not journal.exists() or journal.read_bytes().count(b"\n") < 3):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = [json.loads(line)["id"] for line in journal.read_bytes().splitlines()]
    assert 3 <= len(before) < 60
    subprocess.run([*command, "--resume", str(tmp_path / "run")], stdout=subprocess.DEVNULL, check=True)
    after = [json.loads(line)["id"] for line in journal.read_bytes().splitlines()]
    assert after[: len(before)] == before
    assert len(after) == len(set(after)) == 60
