"""One cell in the foreground: the same outcome as in a run, its output where the caller's goes."""

from __future__ import annotations

import time

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Launch, Result
from matrix.runner.foreground import rerun, show
from matrix.runner.session import RunSettings
from tests.fakes.cells import JUDGE, fake

SETTINGS = RunSettings(judge=f"{JUDGE}:judge", warm="", probe=f"{JUDGE}:probe", grace=0.5)


@pytest.mark.parametrize(
    ("name", "outcome", "printed"),
    [
        ("right", Outcome.PASS, "PASS in compare"),
        ("wrong", Outcome.WRONG, "got False, due True"),
        ("raises", Outcome.ERROR, "ValueError: no kernel for this shape"),
        ("segfault", Outcome.CRASH, "Fatal Python error: Segmentation fault"),
        ("exit_zero", Outcome.CRASH, "exited with status 0 without a result"),
        ("hang_native", Outcome.TIMEOUT, "did not finish within 2 s"),
        ("memory_numpy", Outcome.OOM, "Unable to allocate"),
        ("forge", Outcome.WRONG, "1 passed in 0.01s"),
    ],
)
def test_a_cell_ends_as_in_a_run_and_shows_what_it_prints(
    name: str, outcome: Outcome, printed: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = rerun(fake(name), SETTINGS)
    assert result.outcome is outcome
    captured = capfd.readouterr()
    assert printed in captured.out + captured.err


def test_a_hang_that_disarms_its_watchdog_is_ended_from_outside() -> None:
    began = time.monotonic()
    settings = RunSettings(judge=SETTINGS.judge, warm="", probe="", grace=0.5, start_seconds=2)
    assert rerun(fake("hang_without_watchdog"), settings).outcome is Outcome.TIMEOUT
    assert time.monotonic() - began < 20


def test_a_process_that_does_not_come_to_the_case_blames_nobody() -> None:
    settings = RunSettings(judge="no.such.module:judge", warm="", probe="")
    result = rerun(fake("right"), settings)
    assert (result.outcome, result.phase) == (Outcome.INFRA, Phase.START)
    assert "ModuleNotFoundError" in result.detail


def test_a_result_is_shown_with_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = Comparison("1e-4 absolute", 10, 3, got="2.0", expected="1.0")
    launch = Launch("add_kernel", "flag_gems/ops/add.py", 2)
    show(Result("c", Outcome.WRONG, Phase.COMPARE, "off", 0.5, comparison=comparison, launches=(launch,)))
    assert capsys.readouterr().out == (
        "WRONG in compare, 0.50 s: c\noff\n3 of 10 elements outside the bound; 1e-4 absolute\ngot 2.0, due 1.0\n"
        "launched add_kernel (flag_gems/ops/add.py) x 2\n"
    )
