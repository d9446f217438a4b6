"""kill -9 of anything at any moment, and then a second run over the same directory: no cell lost, none judged twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from matrix.outcome import Outcome
from matrix.run import Run
from matrix.runner.directory import locked
from matrix.runner.journal import PATTERN, Tail, read_run
from matrix.runner.processes import alive, marked

ROOT = Path(__file__).resolve().parents[3]
COUNT = 60
SEED = 20_26
ROUNDS = 2

Driver = subprocess.Popen[bytes]


def drive(directory: Path, *names: str) -> Driver:
    command = [sys.executable, "-m", "tests.fakes.drive", str(directory), str(COUNT), *names]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def events(directory: Path, kind: str) -> Iterator[Mapping[str, object]]:
    for path in sorted(directory.glob(PATTERN)):
        yield from ({**event, "file": path.name} for event in Tail(path).read() if event["event"] == kind)


def started(directory: Path) -> int:
    return sum(1 for _ in events(directory, "start"))


def wait_until(condition: Callable[[], bool], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def processes(directory: Path, kind: str) -> list[int]:
    """Pids of the living orchestrator (`run`), pytest controller (`warden`) or workers (`gw`)."""
    found = [(int(str(event["pid"])), event) for event in events(directory, "process")]
    return [
        pid for pid, event in found if str(event["worker"]).startswith(kind) and alive(pid, int(str(event["born"])))
    ]


def finish(directory: Path, *names: str) -> Run:
    """Run again over the directory, to the end."""
    assert drive(directory, *names).wait(60) == 0
    return read_run(directory)


def check_exactly_once(run: Run, cells: int = COUNT) -> None:
    assert not [warning for warning in run.warnings if "second result" in warning]
    assert len(run.results) == cells
    for cell, results in run.results.items():
        assert run.attempts(cell), cell
        carried = [result for result in results if result.outcome is not Outcome.NOT_RUN]
        assert carried, f"{cell} was lost"
        confirmed = carried[0].outcome.blames_provider
        assert len(carried) == (2 if confirmed else 1), f"{cell} was judged {len(carried)} times"


def check_nothing_left(directory: Path) -> None:
    marks = {str(event["mark"]) for event in events(directory, "session")}
    wait_until(lambda: not [pid for mark in marks for pid in marked(mark) if alive(pid, None)], 5.0)


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("target", ["run", "warden", "gw"])
def test_after_a_kill_no_cell_is_lost_and_none_judged_twice(tmp_path: Path, target: str, number: int) -> None:
    chance = random.Random(f"{SEED}-{target}-{number}")
    driver = drive(tmp_path)
    wait_until(lambda: started(tmp_path) >= chance.randrange(1, COUNT // 2))
    time.sleep(chance.random() * 0.1)
    for pid in processes(tmp_path, target)[:1]:
        os.kill(pid, signal.SIGKILL)
    status = driver.wait(60)
    assert status == (-signal.SIGKILL if target == "run" else 0)
    check_nothing_left(tmp_path)
    run = finish(tmp_path)
    check_exactly_once(run)
    bad = [cell for cell in run.results if (final := run.final(cell)) and final.outcome is not Outcome.PASS]
    assert len(bad) <= (1 if target == "gw" else 0), "a death from outside touches the cell at work only"


def test_a_run_killed_before_anything_started_is_resumed(tmp_path: Path) -> None:
    driver = drive(tmp_path)
    wait_until(lambda: any(events(tmp_path, "session")))
    driver.kill()
    driver.wait()
    check_exactly_once(finish(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_fills_in_not_run_and_a_resumed_one_runs_just_those(
    tmp_path: Path, number: signal.Signals
) -> None:
    driver = drive(tmp_path)
    wait_until(lambda: started(tmp_path) >= COUNT // 4)
    driver.send_signal(number)
    assert driver.wait(10) == 130
    check_nothing_left(tmp_path)
    run = read_run(tmp_path)
    assert len(run.results) == COUNT
    not_run = {cell for cell, results in run.results.items() if results[-1].outcome is Outcome.NOT_RUN}
    assert 0 < len(not_run) < COUNT
    assert {results[-1].detail for cell, results in run.results.items() if cell in not_run} == {"interrupted"}
    again = finish(tmp_path)
    check_exactly_once(again)
    assert {cell for cell, results in again.results.items() if len(results) == 2} == not_run


def test_a_candidate_that_kills_the_controller_is_found_and_the_others_are_unharmed(tmp_path: Path) -> None:
    assert drive(tmp_path, "kill_parent").wait(60) == 0
    run = read_run(tmp_path)
    (culprit,) = [cell for cell in run.results if "kill_parent" in cell]
    final = run.final(culprit)
    assert final is not None
    assert final.outcome is Outcome.CRASH
    assert "twice" in final.detail
    check_nothing_left(tmp_path)
    assert [len(results) for results in run.results.values()] == [1] * (COUNT + 1)
    assert all(run.results[cell][0].outcome is Outcome.PASS for cell in run.results if cell != culprit)


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    first = finish(tmp_path)
    before = started(tmp_path)
    assert finish(tmp_path).results == first.results
    assert started(tmp_path) == before


def test_a_second_run_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "tests.fakes.drive", str(tmp_path), "1"], cwd=ROOT, capture_output=True, check=False
        )
    assert b"is in use by another run" in second.stderr
    assert finish(tmp_path).results


def test_the_journals_of_a_killed_run_keep_what_was_found(tmp_path: Path) -> None:
    driver = drive(tmp_path)
    wait_until(lambda: started(tmp_path) >= COUNT // 2)
    driver.kill()
    driver.wait()
    check_nothing_left(tmp_path)
    before = read_run(tmp_path).results
    assert before
    after = finish(tmp_path).results
    assert {cell: after[cell] for cell in before} == before
    assert json.dumps(sorted(before)) != json.dumps(sorted(after))
