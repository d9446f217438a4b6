"""The journal: one line an event, by one process, and a reader that survives every file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.outcome import Outcome, Phase
from matrix.result import Launch, Result
from matrix.run import Header
from matrix.runner import journal as module
from matrix.runner.journal import Journal, Tail, read_run, write_header

ERROR = Result("c", Outcome.ERROR, Phase.RUN, "why")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal-001-01-gw0.jsonl"


@pytest.fixture
def journal(path: Path) -> Journal:
    return Journal(path, "gw0-1")


def line(**changes: object) -> str:
    return json.dumps({"event": "result", "cell": "c", "outcome": "ERROR", "phase": "run", "detail": "why"} | changes)


def test_what_is_written_is_read(journal: Journal, tmp_path: Path) -> None:
    journal.opened()
    journal.start("c", 1)
    journal.result(ERROR)
    run = read_run(tmp_path)
    assert run.results == {"c": (ERROR,)}
    assert run.warnings == ()


def test_a_result_too_long_for_a_reader_keeps_everything_but_its_evidence(journal: Journal, tmp_path: Path) -> None:
    noise = "\0" * 65_000
    launches = tuple(Launch(f"kernel{number}", "k.py") for number in range(20_000))
    long = Result("c", Outcome.ERROR, Phase.RUN, noise, output=noise, traceback=noise, launches=launches)
    journal.result(long)
    run = read_run(tmp_path)
    assert run.warnings == ()
    assert (run.results["c"][0].outcome, run.results["c"][0].output) == (Outcome.ERROR, None)


def test_the_header_comes_back(journal: Journal, tmp_path: Path) -> None:
    header = Header("digest", 5, ("a", "b"), {"cpu": "x"}, {"torch": "2"}, "2026-01-01T00:00:00+00:00", ("run",))
    journal.write("run", write_header(header))
    assert read_run(tmp_path).header == header


def test_the_first_header_counts(tmp_path: Path) -> None:
    for number, started in (("002", "2026-01-02"), ("001", "2026-01-01")):
        Journal(tmp_path / f"journal-{number}-run.jsonl", "run").write(
            "run", write_header(Header(number, started=started))
        )
    assert read_run(tmp_path).header.plan == "001"


def test_a_forked_child_writes_nothing(journal: Journal, path: Path) -> None:
    child = os.fork()
    if child == 0:
        try:
            journal.result(ERROR)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert path.read_bytes() == b""


def test_a_closed_descriptor_is_opened_again(journal: Journal, tmp_path: Path) -> None:
    os.close(journal._file)
    journal.result(ERROR)
    assert read_run(tmp_path).results == {"c": (ERROR,)}


def test_a_stolen_descriptor_is_left_to_its_thief(journal: Journal, tmp_path: Path) -> None:
    other = os.open(tmp_path / "other", os.O_WRONLY | os.O_CREAT)
    os.dup2(other, journal._file)
    journal.result(ERROR)
    assert (tmp_path / "other").read_bytes() == b""
    assert read_run(tmp_path).results == {"c": (ERROR,)}


def test_a_line_is_one_write(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []

    def write(_: int, data: bytes) -> int:
        writes.append(data)
        return len(data)

    monkeypatch.setattr(os, "write", write)
    journal.result(ERROR)
    monkeypatch.undo()
    (written,) = writes
    assert written.endswith(b"\n")


def test_an_unfinished_line_is_a_warning_and_costs_only_itself(path: Path, tmp_path: Path) -> None:
    path.write_text(line() + "\n" + line(cell="d")[:40])
    run = read_run(tmp_path)
    assert list(run.results) == ["c"]
    assert run.warnings == (f"{path.name} ends in an unfinished line; it is skipped",)


@pytest.mark.parametrize(
    ("junk", "warning"),
    [
        ("not json", "is not an event"),
        ("[1]", "is not an event"),
        ('{"event": 5}', "is not an event"),
        ("[" * 100_000, "is not an event"),
        ('{"event": "result", "cell": 5}', "cell is 5"),
        (line(cell="d", outcome="GREAT"), "outcome is 'GREAT'"),
        (line(detail="another"), "a second result of c, attempt 1; the first one counts"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_and_skipped(path: Path, tmp_path: Path, junk: str, warning: str) -> None:
    path.write_text(f"{line()}\n{junk}\n{line(cell='e')}\n")
    run = read_run(tmp_path)
    assert run.results["c"] == (ERROR,)
    assert set(run.results) == {"c", "e"}
    (found,) = run.warnings
    assert warning in found
    assert found.startswith(f"{path.name}:2")


def test_nul_bytes_where_a_disk_lost_a_block_are_skipped(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"\0" * 5000 + b"\n" + line().encode() + b"\n")
    assert read_run(tmp_path).results == {"c": (ERROR,)}


def test_a_line_without_end_is_bounded(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_LIMIT", 1000)
    path.write_text("x" * 10_500 + "\n" + line() + "\n")
    run = read_run(tmp_path)
    assert list(run.results) == ["c"]
    assert len(run.warnings) == 11


def test_warnings_are_bounded(path: Path, tmp_path: Path) -> None:
    path.write_text("junk\n" * 10_000)
    assert len(read_run(tmp_path).warnings) == module.WARNINGS_LIMIT


def test_a_file_without_end_is_bounded(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILE_LIMIT", 100)
    path.write_text(f"{line()}\n{line(cell='d')}\n")
    run = read_run(tmp_path)
    assert set(run.results) <= {"c"}
    assert "is longer than 100 bytes" in run.warnings[0]


def test_a_journal_that_is_a_folder_is_a_warning(path: Path, tmp_path: Path) -> None:
    path.mkdir()
    assert "cannot be read" in read_run(tmp_path).warnings[0]


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_breaks_the_reader(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    read_run(path.parent)


def test_a_tail_reads_each_finished_line_once(path: Path) -> None:
    tail = Tail(path)
    path.write_text(line())
    assert list(tail.read()) == []
    with path.open("a") as file:
        file.write("\n" + line(cell="d") + "\n")
    assert [event["cell"] for event in tail.read()] == ["c", "d"]
    assert list(tail.read()) == []
