"""A suite under the plugin, through the real pytest: every ending, the same in parallel as serially."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matrix.adopt.cases import read_cases
from matrix.identity import parse_id
from matrix.outcome import Outcome, Phase
from matrix.result import Result
from matrix.runner.journal import read_run
from tests.fakes.suite.running import add_candidates, environment, make_suite, run_suite

DUE = {
    "test_good[1]": (Outcome.PASS, Phase.COMPARE),
    "test_wrong": (Outcome.WRONG, Phase.COMPARE),
    "test_pytest_fail": (Outcome.WRONG, Phase.COMPARE),
    "test_error": (Outcome.ERROR, Phase.RUN),
    "test_oom": (Outcome.OOM, Phase.RUN),
    "test_segfault": (Outcome.CRASH, Phase.RUN),
    "test_killed": (Outcome.CRASH, Phase.RUN),
    "test_exit": (Outcome.CRASH, Phase.RUN),
    "test_system_exit": (Outcome.ERROR, Phase.RUN),
    "test_ends_the_session": (Outcome.ERROR, Phase.RUN),
    "test_hang": (Outcome.TIMEOUT, Phase.RUN),
    "test_forks": (Outcome.PASS, Phase.COMPARE),
    "test_skipped": (Outcome.NOT_RUN, Phase.RUN),
    "test_skips_itself": (Outcome.NOT_RUN, Phase.RUN),
    "test_xfail": (Outcome.WRONG, Phase.COMPARE),
    "test_xpass": (Outcome.PASS, Phase.COMPARE),
    "test_strict_xpass": (Outcome.PASS, Phase.COMPARE),
    "test_xfail_not_run": (Outcome.NOT_RUN, Phase.RUN),
    "test_broken_fixture": (Outcome.INFRA, Phase.INPUTS),
    "test_broken_teardown": (Outcome.ERROR, Phase.RUN),
    "TestInClass::test_method": (Outcome.PASS, Phase.COMPARE),
    "test_last": (Outcome.PASS, Phase.COMPARE),
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return make_suite(tmp_path / "suite")


@pytest.fixture
def candidates(suite: Path) -> Path:
    return add_candidates(suite)


def finals(directory: Path) -> dict[str, Result]:
    """By node id without its file, what the record says."""
    run, cases = read_run(directory), read_cases(directory)
    assert run.warnings == ()
    found = {cases[cell].partition("::")[2]: run.final(cell) for cell in cases}
    return {node: result for node, result in found.items() if result is not None}


def test_every_ending_is_the_same_in_parallel_as_serially(candidates: Path) -> None:
    said = {number: run_suite(candidates, f"out{number}", "-n", str(number)) for number in (1, 2)}
    serial, parallel = (finals(candidates / f"out{number}") for number in (1, 2))
    assert {node: (result.outcome, result.phase) for node, result in parallel.items() if node in DUE} == DUE
    assert {
        node: (result.outcome, result.detail) for node, result in serial.items() if "built-in" not in result.detail
    } == {node: (result.outcome, result.detail) for node, result in parallel.items() if "built-in" not in result.detail}
    drawn = {node: result.outcome for node, result in serial.items() if "without_a_seed" in node}
    assert drawn == {node: result.outcome for node, result in parallel.items() if node in drawn}
    assert set(drawn.values()) == {Outcome.PASS, Outcome.WRONG}
    assert len(serial) == 54
    for answer in said.values():
        assert "KeyError" in answer.stdout, "the conftest's hook does fail in the controller"
        assert "INTERNALERROR" not in answer.stdout
        assert "python -m matrix report" in answer.stdout


def test_what_a_test_printed_and_where_it_died_is_kept(candidates: Path) -> None:
    run_suite(candidates, "out", "-k", "test_wrong or test_segfault or test_xfail")
    found = finals(candidates / "out")
    assert found["test_wrong"].output == "what it said before it failed\n"
    assert "test_candidates.py" in (found["test_wrong"].traceback or "")
    assert "about to fall" in (found["test_segfault"].output or "")
    assert "in test_segfault" in (found["test_segfault"].output or "")
    assert found["test_xfail"].detail.endswith("the suite expects it (xfail: known)")


def test_ids_parse_back_and_lead_to_the_node(candidates: Path) -> None:
    run_suite(candidates, "out", "-k", "odd_ids or good or drawn")
    cases = read_cases(candidates / "out")
    assert {str(parse_id(cell)) for cell in cases} == set(cases)
    assert {parse_id(cell).operator for cell in cases} == {"suite.test_candidates", "suite.good", "suite.good_"}
    assert "test_candidates.py::test_odd_ids[\\xe9::\\xfc]" in cases.values()
    assert len(cases) == len(set(cases.values())) == 13


def test_the_suites_own_hooks_work_where_its_tests_run(
    candidates: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (folder := tmp_path / "results").mkdir()
    monkeypatch.setenv("SUITE_RESULTS", str(folder))
    answer = run_suite(candidates, "out", "-n", "2", "-k", "test_good or test_last", "--quick")
    assert answer.returncode == 0
    told = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    assert {node: entry["result"] for table in told for node, entry in table.items()} == {
        f"test_candidates.py::{name}": "passed"
        for name in ("test_good[1]", "test_good[2]", "test_good[3]", "test_last")
    }


def test_a_file_that_cannot_be_imported_is_a_row(suite: Path) -> None:
    (suite / "test_unimportable.py").write_text("import no_such_module\n")
    (suite / "test_deadly.py").write_text("import os\nos.abort()\n")
    (suite / "test_elsewhere.py").write_text("import pytest\npytest.skip('not here', allow_module_level=True)\n")
    (suite / "test_fine.py").write_text("def test_fine():\n    assert True\n")
    run_suite(suite, "out", "-n", "1")
    run = read_run(suite / "out")
    found = {parse_id(cell).operator: run.final(cell) for cell in run.results}
    told = {name: (result.outcome, result.phase) for name, result in found.items() if result}
    assert told == {
        "suite.test_unimportable": (Outcome.INFRA, Phase.PLAN),
        "suite.test_deadly": (Outcome.INFRA, Phase.PLAN),
        "suite.test_elsewhere": (Outcome.NOT_RUN, Phase.PLAN),
        "suite.test_fine": (Outcome.PASS, Phase.COMPARE),
    }
    assert "no_such_module" in found["suite.test_unimportable"].detail  # type: ignore[union-attr]
    assert "SIGABRT" in found["suite.test_deadly"].detail  # type: ignore[union-attr]
    assert "not here" in found["suite.test_elsewhere"].detail  # type: ignore[union-attr]


def test_a_suite_whose_conftest_kills_every_worker_ends_by_itself(suite: Path) -> None:
    (suite / "conftest.py").write_text("import os\nif 'PYTEST_XDIST_WORKER' in os.environ: os.abort()\n")
    (suite / "test_fine.py").write_text("def test_fine():\n    assert True\n")
    answer = run_suite(suite, "out", "-n", "2")
    assert answer.returncode != 0
    assert "workers in a row failed to start" in answer.stdout
    assert read_run(suite / "out").header.columns == ("here@run",)


def test_a_killed_run_leaves_all_but_the_test_in_flight(suite: Path) -> None:
    (suite / "test_slow.py").write_text(
        "import time\ndef test_1(): pass\ndef test_2(): pass\ndef test_3(): open('begun', 'w'); time.sleep(60)\n"
    )
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-p",
        "matrix.adopt",
        "--profile",
        "here.toml",
        "--adopt-out",
        "out",
    ]
    process = subprocess.Popen(command, cwd=suite, env=environment(), stdout=subprocess.DEVNULL)
    until(suite / "begun", process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert {node: result.outcome for node, result in finals(suite / "out").items()} == {
        "test_1": Outcome.PASS,
        "test_2": Outcome.PASS,
    }
    assert len(read_cases(suite / "out")) == 3


def until(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait for a file that a process makes."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_was_not_reached_is_not_run(suite: Path) -> None:
    (suite / "test_many.py").write_text("".join(f"def test_{n}(): assert {n} != 2\n" for n in range(30)))
    run_suite(suite, "out", "-n", "1", "-x")
    outcomes = [result.outcome for result in finals(suite / "out").values()]
    assert len(outcomes) == 30
    assert outcomes.count(Outcome.WRONG) == 1
    assert Outcome.NOT_RUN in outcomes


def test_without_workers_one_process_does_all(suite: Path) -> None:
    (suite / "test_fine.py").write_text("def test_fine():\n    assert True\n")
    assert run_suite(suite, "out", "-n", "0").returncode == 0
    assert [result.outcome for result in finals(suite / "out").values()] == [Outcome.PASS]


def test_each_worker_has_a_device_of_its_own(suite: Path) -> None:
    profile = (suite / "here.toml").read_text()
    (suite / "here.toml").write_text(
        profile.replace("\n[environment]", 'one_device = "OF_DEVICES"\n\n[environment]', 1)
    )
    (suite / "test_device.py").write_text(
        "import os, pathlib, time, pytest\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_device(n):\n"
        "    pathlib.Path('seen-' + os.environ['OF_DEVICES'] + os.environ['PYTEST_XDIST_WORKER']).touch()\n"
        "    time.sleep(0.05)\n"
    )
    assert run_suite(suite, "out", "-n", "2", "--adopt-devices", "4,7").returncode == 0
    assert {path.name for path in suite.glob("seen-*")} == {"seen-4gw0", "seen-7gw1"}


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        ("nowhere", "no profile is named 'nowhere'"),
        ("sm_90", "sm_90 gives compile"),
        ("*", "a suite is judged on one"),
    ],
)
def test_a_profile_that_cannot_take_a_suite_is_one_sentence(suite: Path, profile: str, sentence: str) -> None:
    (suite / "test_fine.py").write_text("def test_fine():\n    assert True\n")
    answer = run_suite(suite, "out", profile=profile)
    assert answer.returncode == 4
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_directory_with_a_run_is_refused(suite: Path) -> None:
    (suite / "test_fine.py").write_text("def test_fine():\n    assert True\n")
    run_suite(suite, "out")
    answer = run_suite(suite, "out")
    assert answer.returncode == 4
    assert "holds a run already" in answer.stderr


def test_a_device_that_is_not_well_stops_the_run_and_blames_no_test(suite: Path) -> None:
    """A chip that this machine has not: the probe's kernel cannot run, in any worker."""
    profile = (suite / "here.toml").read_text()
    (suite / "here.toml").write_text(profile.replace('device = "cpu"', 'device = "cuda"'))
    (suite / "test_fine.py").write_text(
        "import torch, triton, pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_n(n):\n    assert True\n"
    )
    answer = run_suite(suite, "out", "-n", "1")
    assert "workers in a row failed to start or left the device unwell" in answer.stdout
    found = finals(suite / "out")
    assert {result.outcome for result in found.values()} == {Outcome.NOT_RUN}
    assert len(found) == 9
    assert all("a known kernel raised" in result.detail for result in found.values())


def test_an_interrupted_run_says_so_of_what_it_did_not_reach(suite: Path) -> None:
    (suite / "test_slow.py").write_text(
        "import time\ndef test_1(): pass\ndef test_2(): open('begun', 'w'); time.sleep(60)\ndef test_3(): pass\n"
    )
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-p",
        "matrix.adopt",
        "--profile",
        "here.toml",
        "--adopt-out",
        "out",
    ]
    process = subprocess.Popen(command, cwd=suite, env=environment(), stdout=subprocess.DEVNULL)
    until(suite / "begun", process)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 2
    found = finals(suite / "out")
    assert found["test_1"].outcome is Outcome.PASS
    assert {found[name].outcome for name in ("test_2", "test_3")} == {Outcome.NOT_RUN}
