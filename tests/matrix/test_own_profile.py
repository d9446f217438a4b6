"""A profile that lies outside of the repository: planned, run, repeated, reported and gone on with from any directory."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "backends" / "cpu-interpreter.toml"
EXPECTATION = """
[[expect]]
pattern = "abs/*[*]@*"
outcome = "WRONG"
reason = "to be seen in the report"
owner = "lab"
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab's folder: a profile, its expectations, and a place to stand in."""
    text = SOURCE.read_text().replace('name = "cpu-interpreter"', 'name = "mine"')
    (tmp_path / "mine.toml").write_text(text)
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "mine.toml").write_text(EXPECTATION)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def matrix(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "matrix", *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=300)


def test_one_is_carried_from_the_labs_folder_and_read_from_another(lab: Path) -> None:
    ask = ["--profile", "mine.toml", "--operator", "abs", "--workers", "1", "--out", "run"]
    assert matrix(lab, "plan", *ask[:4]).stdout.startswith("mine:abs/")
    ran = matrix(lab, "run", *ask)
    assert ran.returncode == 0, ran.stderr
    document = json.loads((lab / "run" / "matrix.json").read_text())
    first = document["cells"][0]
    assert first["rerun"].endswith(f" --profile {lab / 'mine.toml'}")
    assert first["verdict"] == "fixed", "the expectations beside the profile are read"

    elsewhere = lab / "elsewhere"
    report = matrix(elsewhere, "report", "../run")
    assert report.returncode == 0, report.stderr
    assert json.loads((lab / "run" / "matrix.json").read_text())["cells"] == document["cells"]
    resumed = matrix(elsewhere, "run", "--resume", "../run", "--workers", "1")
    assert resumed.returncode == 0, resumed.stderr
    again = matrix(elsewhere, *shlex.split(first["rerun"])[3:])
    assert again.returncode == 0, again.stderr
    assert "PASS" in again.stdout


def test_a_cell_of_an_unnamed_file_is_not_declared(lab: Path) -> None:
    cell = "mine:abs/flag_gems[dtype=float32,sample=typical-0]@interpret"
    assert "which is not declared" in matrix(lab, "rerun", cell).stderr
