"""`matrix diff` as its user meets it: what it reads, what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix.cli import main
from matrix.outcome import Outcome, Phase
from matrix.result import Result
from matrix.run import Header
from matrix.runner.journal import Journal, write_header
from tests.fakes.documents import cell, document, failed

Files = tuple[Path, Path]


def written(path: Path, found: Any) -> Path:
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "old").mkdir()
    written(tmp_path / "old" / "matrix.json", document(cell(), cell("mm"), cell(profile="other")))
    return tmp_path / "old", written(tmp_path / "new.json", document(failed(), cell("mm")))


def diff(*arguments: Path | str) -> int:
    return main(["diff", *map(str, arguments)])


def test_directories_and_files_are_compared(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(*files) == 1
    assert "of these  1 new failures, 1 gone cells" in capsys.readouterr().out
    assert diff(*files, "--profile", "oth*") == 3
    assert diff(files[0], files[0]) == 0


def test_gone_cells_can_be_excused(files: Files) -> None:
    written(files[1], document(cell(), cell("mm")))
    assert diff(*files) == 1
    assert diff(*files, "--allow-gone") == 0
    assert diff(*files, "--profile", "chip") == 0


@pytest.mark.parametrize(("kind", "beginning"), [("text", "Difference of two"), ("markdown", "### ❌"), ("json", "{")])
def test_each_format_goes_out_or_into_a_file(
    files: Files, tmp_path: Path, kind: str, beginning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(*files, "--format", kind) == 1
    assert capsys.readouterr().out.startswith(beginning)
    assert diff(*files, "--format", kind, "--out", tmp_path / "out") == 1
    assert (tmp_path / "out").read_text(encoding="utf-8").startswith(beginning)
    assert capsys.readouterr().out == f"{tmp_path / 'out'}: 2 cells are worse; 2 cells compared\n"


def test_a_run_that_never_wrote_its_report_is_read_from_its_journals(tmp_path: Path, files: Files) -> None:
    directory = tmp_path / "killed"
    directory.mkdir()
    arguments = ("run", "--profile", "cpu-interpreter", "--operator", "add.Tensor", "--dtype", "float32")
    journal = Journal(directory / "journal-001-run.jsonl", "run")
    journal.write("run", write_header(Header("p", 1, ("cpu-interpreter@interpret",), arguments=arguments)))
    name = "cpu-interpreter:add.Tensor/flag_gems[dtype=float32,sample=typical-0]@interpret"
    journal.result(Result(name, Outcome.ERROR, Phase.RUN, "no"))
    old = written(tmp_path / "old.json", document({**cell(), "id": name}))
    assert diff(old, directory, "--format", "json", "--out", tmp_path / "out.json") == 1
    counts = json.loads((tmp_path / "out.json").read_text())["counts"]
    assert counts["new failures"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "holds no run; name a run's directory"),
        ("{", "no JSON"),
        ("[]", "schema is a list of 0"),
        (json.dumps(document(failed(outcome="X"))), "cells[0]: 'X' in phase 'run' is no outcome"),
    ],
)
def test_bad_input_ends_in_one_sentence(
    files: Files, text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files[1].unlink()
    if text is not None:
        files[1].write_text(text)
    assert diff(*files) == 2
    assert words in capsys.readouterr().err


def test_what_cannot_be_written_is_said(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(*files, "--out", tmp_path / "no" / "such" / "folder") == 2
    assert "cannot be written" in capsys.readouterr().err


SAMPLE = Path(__file__).parents[3] / "docs" / "samples" / "h100-time.bundle.zip"


def test_a_bundle_is_compared_like_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(SAMPLE), str(SAMPLE)]) == 0
    assert "nothing is worse; 413 cells compared" in capsys.readouterr().out


def test_a_bundle_that_was_cut_off_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = tmp_path / "cut.bundle.zip"
    cut.write_bytes(SAMPLE.read_bytes()[:-2000])
    assert main(["diff", str(cut), str(SAMPLE)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cut.bundle.zip" in line
