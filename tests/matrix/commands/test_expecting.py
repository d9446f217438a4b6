"""`matrix expect` as its user meets it: a draft to read, and files that are rewritten, or only checked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from backends.expectation import load_expectations
from matrix.cli import main
from matrix.commands.job import remembered_job
from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result
from matrix.run import Header
from matrix.runner.journal import Journal, write_header

PROFILE = "cpu-interpreter"
ARGUMENTS = ("run", "--profile", PROFILE, "--operator", "add.Tensor", "--operator", "sort", "--tier", "quick")
GOOD = f"{PROFILE}:add.Tensor/flag_gems[dtype=float32,sample=typical-0]@interpret"
BAD = f"{PROFILE}:sort/flag_gems[dtype=float32,sample=typical-0]@interpret"
ENTRY = '[[expect]]\npattern = {}\noutcome = "WRONG"\nreason = "why"\nowner = "me"\n'


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two cells were judged: one passed, one is broken."""
    directory = tmp_path / "run"
    directory.mkdir()
    journal = Journal(directory / "journal-001-run.jsonl", "run")
    journal.write("run", write_header(Header("p", 2, (f"{PROFILE}@interpret",), arguments=ARGUMENTS)))
    journal.result(Result(GOOD, Outcome.PASS, Phase.COMPARE, comparison=Comparison("exact", 1, 0)))
    journal.result(Result(BAD, Outcome.ERROR, Phase.RUN, "IndexError: out of range"))
    return directory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "known").mkdir()
    return tmp_path / "known"


def update(run: Path, folder: Path, *more: str) -> int:
    return main(["expect", "update", str(run), "--expectations", str(folder), *more])


def test_a_draft_is_printed_and_marked(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expect", "draft", str(run), "--profile", PROFILE]) == 0
    assert 'reason = "TODO: IndexError: out of range"' in capsys.readouterr().out


def test_what_broke_is_entered_and_what_passes_goes(
    run: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / f"{PROFILE}.toml"
    path.write_text("# Known.\n\n" + ENTRY.format('"add.Tensor/flag_gems[dtype=float32,sample=typical-0]"'))
    assert update(run, folder) == 0
    told = capsys.readouterr().out
    assert f"{path} is rewritten" in told
    assert "removed   entry 1 (add.Tensor" in told
    assert "drafted   sort/flag_gems" in told
    (item,) = load_expectations(PROFILE, folder)
    assert (item.matches(BAD), item.is_draft) == (True, True)
    assert path.read_text().startswith("# Known.\n\n[[expect]]\n")
    assert update(run, folder) == 0
    assert f"{path} stays as it is" in capsys.readouterr().out


def test_a_check_writes_nothing_and_says_what_would_be(
    run: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update(run, folder, "--check") == 1
    assert list(folder.iterdir()) == []
    assert "would be rewritten" in capsys.readouterr().out
    update(run, folder)
    assert update(run, folder, "--check") == 0


def test_the_small_tier_keeps_what_it_did_not_run(run: Path, folder: Path) -> None:
    pytest.importorskip("tomlkit")
    path = folder / f"{PROFILE}.toml"
    path.write_text(ENTRY.format('"add.Tensor/flag_gems"') + 'issue = "#7" # see there\n')
    assert update(run, folder) == 0
    item, _ = load_expectations(PROFILE, folder)
    assert not item.matches(GOOD)
    assert item.matches(GOOD.replace("float32", "bfloat16"))
    assert item.matches(GOOD.replace("typical-0", "strided-0"))
    assert 'issue = "#7" # see there\n' in path.read_text()


def test_an_evidence_that_was_not_asked_for_is_kept(tmp_path: Path, folder: Path) -> None:
    """The column gives two; only the binaries were tried."""
    pytest.importorskip("tomlkit")
    directory = tmp_path / "compiled"
    directory.mkdir()
    arguments = ("run", "--profile", "sm_90@compile", "--operator", "add.Tensor", "--tier", "full")
    journal = Journal(directory / "journal-001-run.jsonl", "run")
    journal.write("run", write_header(Header("p", 1, ("sm_90@compile",), arguments=arguments)))
    for cell in remembered_job(directory, folder).planned.cells:
        journal.result(Result(str(cell.id), Outcome.PASS, Phase.COMPARE, comparison=Comparison("exact", 1, 0)))
    (folder / "sm_90.toml").write_text(ENTRY.format('"add.Tensor/flag_gems"'))
    assert update(directory, folder) == 0
    (item,) = load_expectations("sm_90", folder)
    assert item.pattern == "add.Tensor/flag_gems@interpret"


def test_without_tomlkit_it_says_so_and_changes_nothing(
    run: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    before = ENTRY.format('"add.Tensor/flag_gems"')
    (folder / f"{PROFILE}.toml").write_text(before)
    assert update(run, folder) == 2
    error = capsys.readouterr().err
    assert "tomlkit, which is not installed here" in error
    assert len(error.splitlines()) == 1
    assert (folder / f"{PROFILE}.toml").read_text() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[expect]\n", "no TOML"),
        ('expect = [{pattern = "add.Tensor", outcome = "WRONG", reason = "r", owner = "o"}]\n', "line of its own"),
    ],
)
def test_a_file_that_cannot_be_kept_is_left_alone(
    run: Path, folder: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / f"{PROFILE}.toml").write_text(text)
    assert update(run, folder) == 2
    assert words in capsys.readouterr().err
    assert (folder / f"{PROFILE}.toml").read_text() == text


def test_a_column_that_the_run_has_not_is_usage(run: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert update(run, folder, "--profile", "nobody") == 2
    assert "the run has no such column; it has cpu-interpreter" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["expect", "some-directory"], ["expect"], ["expect", "update"]])
def test_a_step_must_be_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: matrix expect" in capsys.readouterr().err
