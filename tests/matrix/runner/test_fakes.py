"""Misbehaving candidates through the real runner: each ends in exactly one right outcome, and harms no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Result
from matrix.run import Run
from matrix.runner.controller import carry
from matrix.runner.journal import read_run
from matrix.runner.processes import alive, marked
from matrix.runner.progress import Progress
from matrix.runner.session import RunSettings
from tests.fakes.cells import JUDGE, TORCH, fake

RUN, COMPARE, INPUTS, REFERENCE = Phase.RUN, Phase.COMPARE, Phase.INPUTS, Phase.REFERENCE
# Candidate -> outcome, phase, a piece of the detail.
DUE: dict[str, tuple[Outcome, Phase, str]] = {
    "right": (Outcome.PASS, COMPARE, ""),
    "wrong": (Outcome.WRONG, COMPARE, "got False"),
    "raises": (Outcome.ERROR, RUN, "ValueError: no kernel for this shape"),
    "nan": (Outcome.WRONG, COMPARE, "got nan"),
    "segfault": (Outcome.CRASH, RUN, "ended by SIGSEGV"),
    "abort": (Outcome.CRASH, RUN, "ended by SIGABRT"),
    "killed": (Outcome.CRASH, RUN, "ended by SIGKILL"),
    "kill_group": (Outcome.CRASH, RUN, "ended by SIGKILL"),
    "exit_zero": (Outcome.CRASH, RUN, "exited with status 0 without a result"),
    "exit_three": (Outcome.CRASH, RUN, "exited with status 3 without a result"),
    "sys_exit": (Outcome.ERROR, RUN, "SystemExit: 0"),
    "keyboard_interrupt": (Outcome.ERROR, RUN, "KeyboardInterrupt"),
    "interrupt_signal": (Outcome.ERROR, RUN, "KeyboardInterrupt"),
    "pytest_exit": (Outcome.ERROR, RUN, "Exit: the candidate wants to end the session"),
    "base_exception": (Outcome.ERROR, RUN, "Odd: odd"),
    "hang_python": (Outcome.TIMEOUT, RUN, "did not finish within 2 s"),
    "hang_native": (Outcome.TIMEOUT, RUN, "did not finish within 2 s"),
    "hang_in_regex": (Outcome.TIMEOUT, RUN, "did not finish within 2 s"),
    "hang_without_watchdog": (Outcome.TIMEOUT, RUN, "did not finish within 2 s"),
    "stop": (Outcome.TIMEOUT, RUN, "did not finish within 2 s"),
    "fork_and_abort": (Outcome.PASS, COMPARE, ""),
    "fork_and_return": (Outcome.PASS, COMPARE, ""),
    "fork_and_raise": (Outcome.PASS, COMPARE, ""),
    "native_fork_and_return": (Outcome.PASS, COMPARE, ""),
    "fork_and_outlive": (Outcome.PASS, COMPARE, ""),
    "fork_and_die": (Outcome.CRASH, RUN, "ended by SIGABRT"),
    "daemon": (Outcome.PASS, COMPARE, ""),
    "memory_python": (Outcome.OOM, RUN, "MemoryError"),
    "memory_numpy": (Outcome.OOM, RUN, "Unable to allocate 1.00 TiB"),
    "memory_native": (Outcome.OOM, RUN, "of its memory limit in use"),
    "memory_shared": (Outcome.OOM, RUN, "of its memory limit in use"),
    "bad_alloc": (Outcome.OOM, RUN, "ended by SIGABRT, after an allocation had failed"),
    "forge": (Outcome.WRONG, COMPARE, "got False"),
    "forge_and_exit": (Outcome.CRASH, RUN, "exited with status 0 without a result"),
    "patch_stdout": (Outcome.WRONG, COMPARE, "got False"),
    "close_stdout": (Outcome.WRONG, COMPARE, "got False"),
    "close_everything": (Outcome.PASS, COMPARE, ""),
    "print_much": (Outcome.WRONG, COMPARE, "got False"),
    "change_folder": (Outcome.PASS, COMPARE, ""),
    "leave_thread": (Outcome.PASS, COMPARE, ""),
    "flaky": (Outcome.WRONG, COMPARE, "unstable (attempt 1 WRONG, attempt 2 PASS): got False"),
    "flaky_crash": (Outcome.CRASH, RUN, "unstable (attempt 1 CRASH, attempt 2 PASS): ended by SIGSEGV"),
    "poison": (Outcome.ERROR, RUN, "RuntimeError: the device was lost"),
    "poison_silently": (Outcome.PASS, COMPARE, ""),
    "bad_inputs": (Outcome.INFRA, INPUTS, "ValueError: no such dtype"),
    "segfault_inputs": (Outcome.INFRA, INPUTS, "ended by SIGSEGV (in phase inputs, which is the suite's own)"),
    "bad_reference": (Outcome.INFRA, REFERENCE, "ValueError: the reference is wrong"),
    "hang_reference": (Outcome.INFRA, REFERENCE, "did not finish within 2 s"),
    "hang_baseline": (Outcome.INFRA, Phase.TIME, "did not finish within 1 s"),
    "crash_baseline": (Outcome.INFRA, Phase.TIME, "ended by SIGSEGV (in phase time, which is the suite's own)"),
    "lie": (Outcome.INFRA, Phase.START, "which is no result of this cell"),
    "memory_torch": (Outcome.OOM, RUN, "can't allocate memory"),
}
BYSTANDERS = 30
CONFIRMED = ("wrong", "segfault", "flaky", "flaky_crash", "close_stdout")
REFERENCES = ("bad_inputs", "segfault_inputs", "bad_reference", "hang_reference", "hang_baseline", "crash_baseline")


def name_of(cell: str) -> str:
    return cell.partition("fake.")[2].partition("/")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fakes")


@pytest.fixture(scope="module")
def progress() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def run(folder: Path, progress: list[Progress]) -> Run:
    cells = [fake(name) for name in DUE if name not in (*REFERENCES, "memory_torch")]
    cells += [fake("right", reference=name) for name in REFERENCES]
    cells.append(fake("memory_torch", profile=TORCH))
    # Bystanders stand between the fakes, so that each death has neighbours to harm.
    for number in range(BYSTANDERS):
        cells.insert(2 * number, fake("quick", sample=number))
    settings = RunSettings(
        judge=f"{JUDGE}:judge",
        warm=f"{JUDGE}:warm",
        probe=f"{JUDGE}:probe",
        environment={"FAKES_STATE": str(folder)},
        grace=0.5,
    )
    directory = folder / "run"
    carry(cells, directory, settings, progress.append, confirm=lambda result: name_of(result.cell) in CONFIRMED)
    return read_run(directory)


def found(run: Run, name: str) -> Result:
    (cell,) = [cell for cell in run.results if name_of(cell) == name]
    result = run.final(cell)
    assert result is not None
    return result


@pytest.mark.parametrize("name", DUE)
def test_each_fake_ends_in_its_one_outcome(run: Run, name: str) -> None:
    result = found(run, name)
    outcome, phase, detail = DUE[name]
    assert (result.outcome, result.phase) == (outcome, phase), result
    assert detail in result.detail


def test_no_bystander_is_harmed(run: Run) -> None:
    quick = [run.final(cell) for cell in run.results if name_of(cell) == "quick"]
    assert [result.outcome for result in quick if result] == [Outcome.PASS] * BYSTANDERS


def test_no_attempt_is_judged_twice_and_every_line_is_read(run: Run) -> None:
    assert run.warnings == ()
    assert len(run.results) == len(DUE) + BYSTANDERS


def test_what_was_to_be_confirmed_was_tried_twice_by_two_workers_and_nothing_else_was(run: Run) -> None:
    for cell, attempts in run.results.items():
        assert [result.attempt for result in attempts] == ([1, 2] if name_of(cell) in CONFIRMED else [1])
        assert len({result.worker for result in attempts}) == len(attempts)


def test_only_disagreement_is_unstable(run: Run) -> None:
    assert sorted(name_of(cell) for cell in run.results if run.unstable(cell)) == ["flaky", "flaky_crash"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("segfault", "in segfault"),
        ("abort", "Fatal Python error: Aborted"),
        ("hang_without_watchdog", "in hang_without_watchdog"),
        ("close_stdout", "the last words"),
        ("print_much", "the end of a megabyte"),
        ("forge_and_exit", "1 passed in 0.01s"),
        ("bad_alloc", "std::bad_alloc"),
    ],
)
def test_the_output_is_kept_as_evidence(run: Run, name: str, text: str) -> None:
    output = found(run, name).output
    assert output is not None
    assert text in output
    assert len(output) < 20_000
    assert "pluggy" not in output, "frames of the harness say nothing about the candidate"


@pytest.mark.parametrize("name", ["hang_python", "hang_native", "hang_in_regex"])
def test_a_hang_leaves_the_traceback_of_where_it_hung(run: Run, name: str) -> None:
    traceback = found(run, name).traceback
    assert traceback is not None
    assert f"in {name}" in traceback


def test_nothing_outlives_the_run(run: Run, folder: Path) -> None:
    lines = (folder / "run" / "journal-001-run.jsonl").read_text().splitlines()
    marks = {event["mark"] for event in map(json.loads, lines) if event["event"] == "session"}
    assert len(marks) > 1
    assert [pid for mark in marks for pid in marked(mark) if alive(pid, None)] == []
    assert run.results


def test_no_forked_child_carried_a_cell(run: Run, folder: Path) -> None:
    workers = {str(result.worker).rpartition("-")[2] for results in run.results.values() for result in results}
    assert {path.name.rpartition("-")[2] for path in folder.glob("ran-in-*")} <= workers


def test_no_fake_ended_a_session(run: Run, folder: Path) -> None:
    lines = (folder / "run" / "journal-001-run.jsonl").read_text().splitlines()
    sessions = [event["name"] for event in map(json.loads, lines) if event["event"] == "session"]
    assert sessions == ["001-01", "001-02", "001-03"], "one for each column, and one to confirm"
    assert run.results


def test_progress_ends_with_everything_done(run: Run, progress: list[Progress]) -> None:
    last = progress[-1]
    assert last.done == last.total == len(run.results)
    assert last.outcomes.total() == last.total
    assert [each.done for each in progress] == sorted(each.done for each in progress)
    assert any(each.running for each in progress)


def test_the_workers_are_replaced_only_when_they_died_or_are_unwell(run: Run) -> None:
    workers = {result.worker for attempts in run.results.values() for result in attempts}
    deaths = sum(outcome in (Outcome.CRASH, Outcome.TIMEOUT) for outcome, _, _ in DUE.values())
    assert len(workers) < deaths + 25
