"""Progress as a person sees it."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from matrix.outcome import Outcome
from matrix.runner import progress as module
from matrix.runner.progress import Display, Progress, describe, describe_seconds


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def progress(done: int, total: int = 100) -> Progress:
    return Progress(done, total, Counter({Outcome.PASS: done}), 61.0, ("cell",))


def test_a_line_has_what_is_done_what_came_out_and_what_is_left() -> None:
    outcomes = Counter({Outcome.CRASH: 1, Outcome.PASS: 12, Outcome.WRONG: 0})
    assert describe(Progress(13, 40, outcomes, 75.4)) == "13/40  12 PASS, 1 CRASH  1 min 15 s left"


def test_what_is_not_known_is_not_said() -> None:
    assert describe(Progress(0, 40)) == "0/40"
    assert describe(Progress(40, 40, confirming=3)) == "40/40  confirming 3"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")]
)
def test_seconds_are_said_as_a_person_says_them(seconds: float, text: str) -> None:
    assert describe_seconds(seconds) == text


def test_a_terminal_has_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    display = Display(terminal)
    for done in (1, 2, 2, 3):
        display(progress(done))
    display.close()
    lines = terminal.getvalue().split("\r")
    assert len(lines) == 4
    assert all(len(line) < 30 for line in lines[:-1])
    assert terminal.getvalue().endswith("\n")


def test_a_log_gets_a_line_every_tenth_and_at_the_end() -> None:
    log = io.StringIO()
    display = Display(log)
    for done in range(101):
        display(progress(done))
        display(progress(done))
    display.close()
    assert [line.split("/")[0] for line in log.getvalue().splitlines()] == [str(done) for done in range(10, 101, 10)]


def test_a_slow_run_is_logged_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    display = Display(log)
    display(progress(1, 1000))
    monkeypatch.setattr(module, "LOG_SECONDS", 0.0)
    display(progress(2, 1000))
    assert log.getvalue().startswith("2/1000")
