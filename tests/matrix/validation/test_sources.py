"""What directories hold, and that it is sealed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from matrix.bundle.limits import BundleError
from matrix.bundle.merging import gather, save
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Comparison, Result
from matrix.run import Header
from matrix.runner.journal import Journal, write_header
from matrix.usage import UsageError
from matrix.validation.repeated import Repetitions, rule
from matrix.validation.soaked import FILE
from matrix.validation.sources import gather_sources, read_reference
from tests.matrix.validation.conftest import result

RUN = "chip:mm/gems[dtype=float32,sample=typical-0]@run"
STACK = {"torch": "2.11"}


def write_run(
    folder: Path, *results: Result, arguments: tuple[str, ...] = ("run",), started: str = "2026-11-01"
) -> Path:
    folder.mkdir(parents=True)
    journal = Journal(folder / "journal-001-run.jsonl", "run-1")
    header = Header("abc", 1, ("chip@run",), {"host": "secret", "devices of chip": "A chip"}, STACK, started, arguments)
    journal.write("run", write_header(header))
    for each in results:
        journal.result(each)
    return folder


def write_soak(folder: Path, evidence: str = "run", started: str = "2026-11-02") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    head: dict[str, Json] = {
        "profile": "chip",
        "evidence": evidence,
        "started": started,
        "stack": dict[str, Json](STACK),
    }
    Journal(folder / FILE, "soak").write("soak", head)
    Journal(folder / FILE, "soak").write("round", {"number": 1, "seconds": 7200})


def alike(cell: str, different: int = 0) -> Result:
    outcome = Outcome.WRONG if different else Outcome.PASS
    comparison = Comparison(rule(1000, 1000), 1000, different)
    return Result(cell, outcome, Phase.COMPARE, "differ" if different else "", comparison=comparison)


def test_a_directory_with_all_kinds_of_evidence(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "lab", result(RUN))
    write_run(folder / "repeat-1000", alike(RUN), arguments=("validate",))
    write_soak(folder / "soak")
    found = gather_sources([folder], "chip")
    assert len(found.runs) == 1
    assert found.repeated == {"mm/gems[dtype=float32,sample=typical-0]": Repetitions(1000, 0)}
    assert found.soak is not None
    assert found.soak.hours == 2.0
    assert [(source.kind, source.place, source.counted) for source in found.sources] == [
        ("run", "lab", 1),
        ("repetitions", "lab/repeat-1000", 1),
        ("soak", "lab/soak", 0),
    ]


def test_every_journal_is_sealed_with_the_sum_of_its_bytes(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "lab", result(RUN))
    (source,) = gather_sources([folder], "chip").sources
    (sealed,) = source.files
    raw = (folder / "journal-001-run.jsonl").read_bytes()
    assert (sealed.name, sealed.size, sealed.sha256) == (
        "journal-001-run.jsonl",
        len(raw),
        hashlib.sha256(raw).hexdigest(),
    )


def test_a_run_of_repetitions_given_by_itself_is_no_ordinary_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "anywhere", alike(RUN), arguments=("validate", "--repeat", "1000"))
    found = gather_sources([folder], "chip")
    assert (found.runs, len(found.repeated)) == ((), 1)


def test_what_was_found_without_a_chip_counts_for_nothing_and_is_told(tmp_path: Path) -> None:
    cell = RUN.replace("@run", "@interpret")
    folder = write_run(tmp_path / "laptop", result(cell))
    write_run(folder / "repeat-9", alike(cell, different=1), arguments=("validate",))
    write_soak(folder / "soak", evidence="interpret")
    found = gather_sources([folder], "chip")
    assert (found.repeated, found.soak) == ({}, None)
    assert found.told == {cell: Repetitions(1000, 1)}
    assert found.idle_soak is not None
    assert [source.counted for source in found.sources] == [0, 0, 0]


def test_the_latest_soak_and_the_latest_repetitions_speak(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", result(RUN))
    write_run(old / "repeat-2", alike(RUN, different=3), arguments=("validate",), started="2026-10-01")
    write_soak(old / "soak", started="2026-10-01")
    new = write_run(tmp_path / "new", result(RUN))
    write_run(new / "repeat-2", alike(RUN), arguments=("validate",), started="2026-11-09")
    write_soak(new / "soak", started="2026-11-09")
    for order in ([old, new], [new, old]):
        found = gather_sources(order, "chip")
        assert [each.alike for each in found.repeated.values()] == [True]
        assert found.soak is not None
        assert found.soak.started == "2026-11-09"


def test_another_profiles_soak_and_repetitions_count_for_nothing(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "lab", result(RUN))
    write_run(folder / "repeat-2", alike(RUN), arguments=("validate",))
    write_soak(folder / "soak")
    found = gather_sources([folder], "other")
    assert (found.repeated, found.soak, found.idle_soak) == ({}, None, None)


def test_a_directory_without_evidence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no run, no repetitions and no soak"):
        gather_sources([tmp_path], "chip")
    with pytest.raises(UsageError, match="--reference names a directory"):
        read_reference([tmp_path])


def test_lines_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "lab", result(RUN))
    with (folder / "journal-002-x.jsonl").open("w") as file:
        file.write("garbage\n" + json.dumps({"event": "result", "cell": 3}) + "\n")
    (source,) = gather_sources([folder], "chip").sources
    assert len(source.warnings) == 2


SAMPLE = Path(__file__).parents[3] / "docs" / "samples" / "h100-time.bundle.zip"


def test_a_bundle_is_a_run_and_is_sealed_whole(tmp_path: Path) -> None:
    found = gather_sources([SAMPLE], "cuda")
    (source,) = found.sources
    assert (source.kind, source.place, source.counted) == ("run", SAMPLE.name, 692)
    assert [sealed.sha256 for sealed in source.files] == [hashlib.sha256(SAMPLE.read_bytes()).hexdigest()]
    assert len(found.runs[0].results) == len(read_reference([SAMPLE])[0].results) == 692


def test_a_merge_holds_bundles(tmp_path: Path) -> None:
    save(gather([SAMPLE]), tmp_path / "merged")
    found = gather_sources([tmp_path / "merged"], "cuda")
    assert [len(run.results) for run in found.runs] == [692]
    assert [sealed.sha256 for source in found.sources for sealed in source.files] == [
        hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    ]


def test_a_file_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a bundle")
    with pytest.raises(BundleError, match=r"notes\.txt"):
        gather_sources([tmp_path / "notes.txt"], "cuda")
