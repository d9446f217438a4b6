"""`matrix adopt` and `matrix report`: a suite's tests in the grid."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.suite.running import environment, make_suite

TEST = """
import pytest
@pytest.mark.addition
@pytest.mark.parametrize("n", [1, 2])
def test_adds(n): assert n != 2
def test_fine(): pass
"""


def matrix(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "matrix", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


def test_a_suite_becomes_rows_and_each_says_how_it_is_repeated(tmp_path: Path) -> None:
    folder = make_suite(tmp_path / "suite")
    (folder / "test_sums.py").write_text(TEST)
    answer = matrix(folder, "adopt", "--profile", "here.toml", "--out", "out", "--", "-q", "--quick", ".")
    assert answer.returncode == 1, answer.stderr
    document = json.loads((folder / "out" / "matrix.json").read_text())
    cells = {cell["call"]: cell for cell in document["cells"]}
    assert {node: cell["outcome"] for node, cell in cells.items()} == {
        "test_sums.py::test_adds[1]": "PASS",
        "test_sums.py::test_adds[2]": "WRONG",
        "test_sums.py::test_fine": "PASS",
    }
    again = cells["test_sums.py::test_adds[2]"]["rerun"]
    assert again.endswith("-- -q --quick 'test_sums.py::test_adds[2]'")
    assert "suite.addition" in answer.stdout
    assert "suite.test_sums" in answer.stdout
    (folder / "out" / "matrix.json").unlink()
    report = matrix(folder, "report", "out")
    assert report.returncode == 1, report.stderr
    assert json.loads((folder / "out" / "matrix.json").read_text())["cells"] == document["cells"]
