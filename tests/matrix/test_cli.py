"""The command line as its user meets it: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from matrix.cli import main
from matrix.identity import parse_id

ROOT = Path(__file__).parents[2]
EXAMPLE = str(ROOT / "docs" / "examples" / "scaled_add.toml")
OWN = ["--profile", "cpu-interpreter", "--catalogue", EXAMPLE, "--operator", "mine.*", "--tier", "full"]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matrix", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )


def test_plan_lists_ids_that_parse_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *OWN]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 15
    assert {str(parse_id(line)) for line in lines} == set(lines)


def test_planning_imports_no_torch() -> None:
    code = "import sys; from matrix.cli import main; main(['plan']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_every_declared_column_says_whether_it_can_run_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = {line.split()[0] for line in lines if not line.startswith(" ")}
    assert names == {path.stem for path in (ROOT / "backends").glob("*.toml")}
    place = next(number for number, line in enumerate(lines) if line.startswith("cuda "))
    assert lines[place + 1].strip().startswith(("not run, time: no device", "run, time:"))
    assert "interpret: needs no device" in [line.strip() for line in lines]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--profile", "cdua"], "cdua"),
        (["plan", "--profile", "cuda@compiled"], "'compiled' in 'cuda@compiled' is no evidence"),
        (["plan", "--profile", "cuda@interpret"], "cuda gives run, time"),
        (["plan", "--operator", "sofmax"], "no operator matches 'sofmax'"),
        (["plan", "--catalogue", "/no/such.toml"], "/no/such.toml"),
        (["rerun", "add"], "is not a cell id"),
        (["rerun", "cpu-interpreter:nope/flag_gems[dtype=float32,sample=typical-0]@interpret"], "not declared"),
        (["report", "/no/such/run"], "holds no run"),
        (["run", "--resume", "/no/such/run"], "holds no run"),
    ],
)
def test_bad_input_ends_in_one_sentence_and_exit_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


@pytest.mark.parametrize("arguments", [[], ["run", "--workers", "0"], ["run", "--tier", "huge"], ["dance"]])
def test_a_wrong_option_is_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)


def test_provenance_counts_the_vendors_kernels(
    own_run: tuple[Path, subprocess.CompletedProcess[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["provenance", str(own_run[0])]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^cpu-interpreter +interpret +nvidia +\d+ +0 +0(\.0)? %$", text, re.MULTILINE)
    assert "no cell of this run reaches it" in text
    assert main(["provenance", str(own_run[0]), "--package", "no_such_package"]) == 2
    assert "no package 'no_such_package'" in capsys.readouterr().err


def test_nothing_selected_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--dtype", "complex128"]) == 3
    assert "nothing is selected" in capsys.readouterr().err


@pytest.fixture(scope="module")
def own_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    directory = tmp_path_factory.mktemp("run") / "out"
    return directory, command("run", *OWN, "--out", str(directory), "--workers", "1")


def test_an_operator_of_ones_own_is_judged_end_to_end(
    own_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    directory, done = own_run
    assert done.returncode == 0, done.stdout + done.stderr
    cells = json.loads((directory / "matrix.json").read_text())["cells"]
    assert [cell["outcome"] for cell in cells] == ["PASS"] * 15
    assert all(cell["rerun"].endswith(f"--catalogue {EXAMPLE}") for cell in cells)
    launched = [cell for cell in cells if cell["sample"] in ("typical-0", "strided-0", "nan-0")]
    assert {launch["kernel"] for cell in launched for launch in cell["launches"]} == {"scaled_add_kernel"}
    for name in ("matrix.md", "junit.xml", "matrix.html"):
        assert (directory / name).stat().st_size > 0
        assert name in done.stdout


def test_progress_goes_to_stderr_and_the_matrix_to_stdout(
    own_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = own_run
    assert "15/15" in done.stderr
    assert "GREEN" in done.stdout


def test_a_run_is_not_written_over(own_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    again = command("run", *OWN, "--out", str(own_run[0]))
    assert again.returncode == 2
    assert "--resume" in again.stderr


def test_a_finished_run_resumes_to_the_same_end_without_judging_again(
    own_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    directory = own_run[0]
    before = {path.name for path in directory.glob("journal-*gw*")}
    again = command("run", "--resume", str(directory))
    assert again.returncode == 0, again.stderr
    assert {path.name for path in directory.glob("journal-*gw*")} == before


def test_reports_can_be_made_again(own_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    (own_run[0] / "matrix.md").unlink()
    assert command("report", str(own_run[0])).returncode == 0
    assert (own_run[0] / "matrix.md").is_file()


def test_a_cell_can_be_repeated_in_the_foreground() -> None:
    done = command("rerun", "cpu-interpreter:exp/flag_gems[dtype=float32,sample=typical-0]@interpret")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout
