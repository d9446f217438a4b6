"""How pytest is started: its environment is complete before it lives, and nothing of the caller's pytest reaches it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from matrix.runner.session import RunSettings, Session, Task, load_session
from matrix.runner.spawn import ROOT, command, environment
from tests.fakes.cells import PROFILE, fake


@pytest.fixture
def session(tmp_path: Path) -> Session:
    tasks = tuple(Task(fake("quick", sample=number), f"c{number}", 1) for number in range(3))
    return Session("001-01", tmp_path, "m" * 32, os.getpid(), PROFILE.limits, RunSettings(), tasks)


def test_the_profile_s_environment_is_there_and_the_settings_have_the_last_word(session: Session) -> None:
    profile = replace(PROFILE, environment={"CHIP": "1", "MODE": "a"})
    settings = replace(session.settings, environment={"MODE": "b"})
    variables = environment(replace(session, settings=settings), profile, 2)
    assert (variables["CHIP"], variables["MODE"]) == ("1", "b")
    assert variables["MATRIX_SESSION"] == session.mark


def test_the_caller_s_pytest_does_not_reach_ours(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_XDIST_WORKER"):
        monkeypatch.setenv(name, "foreign")
    assert "foreign" not in environment(session, PROFILE, 1).values()


def test_our_own_packages_come_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert environment(session, PROFILE, 1)["PYTHONPATH"].split(os.pathsep)[:2] == [str(ROOT), "/somewhere"]


def test_there_are_no_more_workers_than_tasks(session: Session) -> None:
    line = command(session, PROFILE, 8)
    assert line[line.index("-n") + 1] == "3"


def test_a_worker_sees_one_device(session: Session) -> None:
    profile = replace(PROFILE, one_device="CHIP_VISIBLE")
    line = command(replace(session, devices=("0", "1")), profile, 3)
    assert "-n" not in line
    assert [part for part in line if part.startswith("popen")] == [
        "popen//env:CHIP_VISIBLE=0",
        "popen//env:CHIP_VISIBLE=1",
        "popen//env:CHIP_VISIBLE=0",
    ]


def test_an_evidence_has_variables_of_its_own(session: Session) -> None:
    settings = replace(session.settings, by_evidence={"interpret": {"OWN": "1"}, "time": {"OTHER": "2"}})
    found = environment(replace(session, settings=settings), PROFILE, 1)
    assert found["OWN"] == "1"
    assert "OTHER" not in found


def test_a_session_comes_back_from_its_file_with_its_cells(session: Session) -> None:
    session.save()
    found = load_session(session.path)
    assert found == session
    assert [str(task.cell.id) for task in found.tasks] == [str(task.cell.id) for task in session.tasks]


def test_a_file_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    import pickle

    (tmp_path / "other.session").write_bytes(pickle.dumps({"name": "001-01"}))
    with pytest.raises(TypeError, match="holds dict, not a session"):
        load_session(tmp_path / "other.session")
