"""The tracker follows journals while they grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result
from matrix.runner.journal import Journal
from matrix.runner.tracker import Quarantine, Tracker


def result(cell: str, outcome: Outcome = Outcome.PASS, attempt: int = 1) -> Result:
    comparison = Comparison("equal", 1, 0) if outcome is Outcome.PASS else None
    detail = "" if outcome is Outcome.PASS else "why"
    return Result(cell, outcome, Phase.RUN, detail, attempt=attempt, comparison=comparison)


@pytest.fixture
def worker(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal-001-01-gw0.jsonl", "gw0-1")


def test_it_knows_what_runs_and_what_is_done(tmp_path: Path, worker: Journal) -> None:
    tracker = Tracker(tmp_path)
    tracker.plan(["a", "b"])
    session = tracker.begin("001-01")
    worker.start("a", 1)
    tracker.look()
    assert tracker.progress().running == ("a",)
    assert session.started == {"a"}
    worker.result(result("a"))
    tracker.look()
    progress = tracker.progress()
    assert (progress.done, progress.total, progress.running) == (1, 2, ())
    assert tracker.carried("a")
    assert not tracker.carried("b")
    assert tracker.next_attempt("a") == 2


def test_the_charge_of_a_death_ends_what_ran_in_another_journal(tmp_path: Path, worker: Journal) -> None:
    tracker = Tracker(tmp_path)
    tracker.plan(["a"])
    tracker.begin("001-01")
    worker.start("a", 1)
    Journal(tmp_path / "journal-001-01-warden.jsonl", "warden").result(result("a", Outcome.CRASH))
    tracker.look()
    assert tracker.progress().running == ()


def test_what_was_not_run_before_is_not_done_now(tmp_path: Path, worker: Journal) -> None:
    worker.result(result("a", Outcome.NOT_RUN))
    worker.result(result("b", Outcome.NOT_RUN))
    worker.result(result("c"))
    tracker = Tracker(tmp_path)
    tracker.plan(["a", "c"], settled=["b"])
    assert tracker.progress().done == 2
    worker.result(result("a", attempt=2))
    tracker.look()
    assert tracker.progress().outcomes == {Outcome.PASS: 2, Outcome.NOT_RUN: 1}


def test_a_second_attempt_changes_the_count_and_not_the_number(tmp_path: Path, worker: Journal) -> None:
    tracker = Tracker(tmp_path)
    tracker.plan(["a"])
    worker.result(result("a", Outcome.PASS))
    tracker.look()
    worker.result(result("a", Outcome.CRASH, 2))
    tracker.look()
    progress = tracker.progress()
    assert (progress.done, progress.outcomes) == (1, {Outcome.CRASH: 1})


def test_what_sessions_side_by_side_do_is_told_apart(tmp_path: Path, worker: Journal) -> None:
    tracker = Tracker(tmp_path)
    one, other = tracker.begin("001-01"), tracker.begin("001-02")
    worker.start("a", 1)
    Journal(tmp_path / "journal-001-02-gw0.jsonl", "gw0-2").start("b", 1)
    tracker.look()
    assert (one.started, other.started) == ({"a"}, {"b"})
    assert tracker.progress().running == ("a", "b")
    tracker.end("001-01")
    assert tracker.progress().running == ("b",)


def test_quarantine_belongs_to_its_session(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    session = tracker.begin("001-01")
    other = tracker.begin("001-02")
    Journal(tmp_path / "journal-001-01-warden.jsonl", "warden").write("quarantine", {"reason": "the fan is off"})
    tracker.look()
    assert session.quarantine == Quarantine("", "the fan is off")
    assert other.quarantine is None


def test_there_is_an_estimate_once_there_is_a_pace(tmp_path: Path, worker: Journal) -> None:
    tracker = Tracker(tmp_path)
    tracker.plan([str(number) for number in range(10)])
    for number in range(3):
        worker.result(result(str(number)))
    tracker.look()
    assert tracker.progress().seconds_left is None
    worker.result(result("3"))
    tracker.look()
    left = tracker.progress().seconds_left
    assert left is not None
    assert 0 <= left < 60
