"""From what a dead worker left to the result of its cell."""

from __future__ import annotations

import signal
import time
from dataclasses import replace

import pytest

from matrix.outcome import SUITE_PHASES, Outcome, Phase
from matrix.runner.announcement import CARRYING, Announced
from matrix.runner.death import Death, Reason, describe_status, judge_death, trim

ANNOUNCED = Announced(7, time.monotonic() - 1.5, 0, 0, 2, Phase.RUN, CARRYING, "c")
SEGFAULT = Death("gw0-1", ANNOUNCED, -signal.SIGSEGV, 60.0)


def test_a_death_is_charged_to_the_announced_cell_attempt_and_phase() -> None:
    result = judge_death(SEGFAULT)
    assert (result.cell, result.attempt, result.phase, result.worker) == ("c", 2, Phase.RUN, "gw0-1")
    assert result.seconds is not None
    assert 1.5 <= result.seconds < 1000


@pytest.mark.parametrize(
    ("change", "outcome", "detail"),
    [
        ({}, Outcome.CRASH, "ended by SIGSEGV"),
        ({"status": 0}, Outcome.CRASH, "exited with status 0 without a result"),
        ({"status": -64}, Outcome.CRASH, "ended by SIGRTMAX"),
        ({"status": -14, "stack": "Current thread"}, Outcome.TIMEOUT, "did not finish within 60 s and was ended"),
        ({"status": -9, "ended_for": Reason.TIME}, Outcome.TIMEOUT, "did not finish within 60 s and was ended"),
        ({"status": -6, "ended_for": Reason.MEMORY, "memory": 1.3}, Outcome.OOM, "130% of its memory limit in use"),
        ({"status": -11, "memory": 0.9}, Outcome.OOM, "ended by SIGSEGV, with 90% of its memory limit in use"),
        ({"status": -11, "memory": 0.7}, Outcome.CRASH, "ended by SIGSEGV"),
        ({"status": -8, "memory": 0.9}, Outcome.CRASH, "ended by SIGFPE"),
        ({"status": -6, "output": "what(): std::bad_alloc"}, Outcome.OOM, "after an allocation had failed"),
        ({"status": -11, "output": "what(): std::bad_alloc"}, Outcome.CRASH, "ended by SIGSEGV"),
        ({"status": -9, "kernel": True}, Outcome.OOM, "for lack of memory on the machine"),
        ({"status": -9}, Outcome.CRASH, "ended by SIGKILL"),
    ],
)
def test_how_it_died_says_what_it_is(change: dict[str, object], outcome: Outcome, detail: str) -> None:
    result = judge_death(replace(SEGFAULT, **change))  # type: ignore[arg-type]
    assert result.outcome is outcome
    assert result.detail.endswith(detail)


@pytest.mark.parametrize("phase", Phase)
def test_blame_follows_the_phase(phase: Phase) -> None:
    result = judge_death(replace(SEGFAULT, announced=replace(ANNOUNCED, phase=phase)))
    assert result.outcome is (Outcome.INFRA if phase in SUITE_PHASES else Outcome.CRASH)
    assert result.phase is phase


def test_a_status_without_a_signal_of_that_number_is_described() -> None:
    assert describe_status(-200) == "ended by signal 200"


STACK = """Fatal Python error: Segmentation fault

Thread 0x01 (most recent call first):
  File "execnet/gateway_base.py", line 534 in read
  File "execnet/gateway_base.py", line 1160 in _thread_receiver

Current thread 0x02 (most recent call first):
  File "kernel.py", line 3 in kernel
  File "/somewhere/matrix/runner/worker.py", line 82 in carry
  File "pluggy/_execution.py", line 147 in _multicall

Extension modules: numpy"""


def test_a_stack_is_shown_without_the_harness() -> None:
    assert trim(STACK) == (
        "Fatal Python error: Segmentation fault\n\nCurrent thread 0x02 (most recent call first):\n"
        '  File "kernel.py", line 3 in kernel\n\nExtension modules: numpy'
    )


def test_nothing_stays_nothing() -> None:
    assert trim(None) is None
