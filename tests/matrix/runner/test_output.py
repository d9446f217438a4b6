"""What a case prints is kept, case by case, whatever it does to the streams."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from matrix.runner.output import read_tail

ROOT = Path(__file__).resolve().parents[3]
FIRST = """
import io, os, sys
from pathlib import Path
from matrix.runner.output import Output
output = Output(Path(sys.argv[1]))
print("left over from another case")
output.begin()
"""


def tail_after(tmp_path: Path, code: str) -> str | None:
    """What a process kept of a case that does `code`."""
    script = FIRST + code + f"\nPath({str(tmp_path / 'kept')!r}).write_text(output.tail() or '')\n"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "out")], cwd=ROOT, check=True, timeout=60)
    return (tmp_path / "kept").read_text()


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("", ""),
        ("print('one')", "one\n"),
        ("print('one', file=sys.stderr)", "one\n"),
        ("os.write(1, b'raw')", "raw"),
        ("os.system('echo child')", "child\n"),
        ("sys.stdout = io.StringIO(); output.begin(); print('two')", "two\n"),
        ("sys.stdout.close(); os.close(1); output.begin(); print('two')", "two\n"),
        ("os.closerange(1, 256); output.begin(); print('two')", "two\n"),
        ("os.dup2(os.open(os.devnull, os.O_WRONLY), output._file); output.begin(); print('two')", "two\n"),
        ("os.remove(sys.argv[1]); output.begin(); print('two')", "two\n"),
        ("os.write(1, b'\\xff\\x00')", "\ufffd\ufffd"),
    ],
)
def test_the_tail_is_of_this_case_only(tmp_path: Path, code: str, kept: str) -> None:
    assert tail_after(tmp_path, code) == kept


def test_a_long_output_keeps_its_end(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("start" + "x" * 100_000 + "end")
    tail = read_tail(path, 1000)
    assert tail is not None
    assert tail.startswith("[... 99008 bytes left out ...]\nx")
    assert tail.endswith("xend")


def test_no_output_is_none(tmp_path: Path) -> None:
    assert read_tail(tmp_path / "missing") is None
    (tmp_path / "blank").write_text(" \n")
    assert read_tail(tmp_path / "blank") is None
