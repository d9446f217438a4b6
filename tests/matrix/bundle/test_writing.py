"""A run packed: the same bytes every time, everything that counts, and nothing that does not."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from backends.profiles import read_profile
from matrix.bundle.limits import BundleError
from matrix.bundle.manifest import JOURNAL, SCHEMA
from matrix.bundle.writing import pack
from matrix.runner.journal import read_run
from tests.matrix.bundle.forging import EXAMPLE, copied, good, members, read, rewritten

ROOT = Path(__file__).parents[3]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    assert pack(copied(tmp_path)).data == good()


def test_the_order_in_which_workers_wrote_does_not_matter(tmp_path: Path) -> None:
    directory = copied(tmp_path)
    for number, path in enumerate(sorted(directory.glob("journal-*gw0.jsonl"), reverse=True)):
        path.rename(directory / f"journal-001-{number:02d}-gw9.jsonl")
    assert pack(directory).data == good()


def test_a_run_comes_back_with_everything_that_was_found() -> None:
    there, here = read_run(EXAMPLE), read(good()).run
    assert here.results == there.results
    assert len(here.results) == 15
    assert any(result.launches for attempts in here.results.values() for result in attempts)
    assert any(result.compiled for attempts in here.results.values() for result in attempts)
    assert here.header == there.header


def test_attempts_and_failures_come_back_too(tmp_path: Path) -> None:
    def fail(event: dict[str, object]) -> dict[str, object]:
        kept = {name: event[name] for name in ("event", "cell", "attempt", "seconds")}
        return kept | {
            "outcome": "CRASH",
            "phase": "run",
            "detail": "SIGSEGV",
            "output": "é\nboom",
            "traceback": "at 1",
        }

    directory = rewritten(copied(tmp_path), fail)
    journal = next(directory.glob("journal-*-01-gw0.jsonl"))
    last = json.loads(journal.read_text().splitlines()[-1])
    with journal.open("a") as file:
        file.write(json.dumps(last | {"attempt": 2, "detail": "SIGBUS"}) + "\n")
    packed = pack(directory)
    assert packed.bundle.run.results == read_run(directory).results
    assert packed.bundle.manifest.results == 16


def test_the_journal_holds_the_header_and_results_and_nothing_else() -> None:
    events = [json.loads(line)["event"] for line in members()[JOURNAL].splitlines()]
    assert events == ["run"] + ["result"] * 15
    assert b'"pid"' not in members()[JOURNAL]


def test_the_profiles_come_as_they_are_declared() -> None:
    bundle = read(good())
    assert list(bundle.profiles) == ["cpu-interpreter", "sm_90"]
    text = (ROOT / "backends" / "sm_90.toml").read_bytes()
    assert members()["profiles/sm_90.toml"] == text


def test_a_profile_from_outside_of_the_checkout_is_packed_and_read_back(tmp_path: Path) -> None:
    text = (ROOT / "backends" / "sm_90.toml").read_text().replace('name = "sm_90"', 'name = "secret_9"')
    (tmp_path / "secret_9.toml").write_text(text)
    arguments = ["run", "--profile", f"{tmp_path / 'secret_9.toml'}@compile"]
    directory = copied(tmp_path, arguments=arguments)
    rewritten(directory, lambda event: event | {"cell": str(event["cell"]).replace("sm_90:", "secret_9:")})
    profile = pack(directory).bundle.profiles["secret_9"]
    assert profile.path is None
    assert profile.title == read_profile(tmp_path / "secret_9.toml").title


def test_a_profile_that_cannot_be_found_is_said(tmp_path: Path) -> None:
    directory = rewritten(copied(tmp_path), lambda event: event | {"cell": str(event["cell"]).replace("sm_90", "gone")})
    with pytest.raises(BundleError, match="results of gone, which is declared neither here nor by a file"):
        pack(directory)


def test_the_archive_is_a_plain_zip_with_no_trace_of_when_and_who(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(good())
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", JOURNAL, "profiles/cpu-interpreter.toml", "profiles/sm_90.toml"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
        assert json.loads(archive.read("manifest.json"))["schema"] == SCHEMA


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_a_run_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match="holds no run"):
        pack(tmp_path / name)


def test_a_journal_that_is_no_file_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    directory = copied(tmp_path)
    os.mkfifo(directory / "journal-002-01-gw0.jsonl")
    with pytest.raises(BundleError, match="journals that are no files"):
        pack(directory)


def test_what_could_not_be_read_of_a_run_is_said(tmp_path: Path) -> None:
    directory = copied(tmp_path)
    with next(directory.glob("journal-*-01-gw0.jsonl")).open("a") as file:
        file.write('{"event": "result", "cell"')
    assert any("unfinished line" in warning for warning in pack(directory).warnings)


def test_an_adopted_suite_has_no_plan_and_travels_all_the_same(tmp_path: Path) -> None:
    packed = pack(copied(tmp_path, plan="", cells=0, arguments=["adopt", "--profile", "sm_90", "--", "tests"]))
    assert packed.bundle.manifest.plan == ""
    assert packed.bundle.run.warnings == ()
    assert len(packed.bundle.run.results) == 15
