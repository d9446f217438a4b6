"""The command `challenge`, through the front door."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.challenge.mutant import Fate, How, Judged, Kind, Mutant, MutationResult
from matrix.cli import main
from matrix.commands.challenge import describe
from tests.fakes.entries import write_entry


def test_a_starter_is_written_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tril"
    assert main(["challenge", "new", "tril", "--out", str(folder)]) == 0
    assert main(["challenge", "new", "tril", "--out", str(folder)]) == 2
    assert main(["challenge", "check", str(folder)]) == 0
    said = capsys.readouterr()
    assert f"next: python -m matrix challenge check {folder}" in said.out
    assert "to do: tril.py" in said.out
    assert (
        "an entry for tril (easy) by Your Name, Apache-2.0; 2 functions as the schemas want them, 1 tests" in said.out
    )
    assert "is there already" in said.err


def test_a_bad_entry_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_entry(tmp_path, entry='task = "roll"\n')
    assert main(["challenge", "check", str(tmp_path)]) == 1
    assert "3 problems; it cannot be judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mutants", "rol"], "did you mean 'roll'"),
        (["mutants", "roll", "--cases", "tests"], "roll is no entry's folder"),
        (["check", "nowhere"], "nowhere is no folder"),
        (["new", "rol"], "no task is named 'rol'"),
    ],
)
def test_what_is_not_there_is_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenge", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_result_is_described_with_its_survivors() -> None:
    mutants = [Mutant("a.py", line, 4, Kind.MASK, "a", "b", "kernel") for line in (1, 2)]
    judged = (Judged(mutants[0], Fate.KILLED, "test", How.WRONG), Judged(mutants[1], Fate.SURVIVED, detail="why"))
    text = "\n".join(describe(MutationResult("roll", "cases of the task", 7, ("one",), 3, judged, 2.0)))
    assert "roll: 2 mutants by 7 cases of the task in 2 s: 50.0% killed" in text
    assert "1 killed, 1 survived; 3 read as another" in text
    assert "1 do not pass on the kernel as it is: one" in text
    assert "mask: 1 of 2" in text
    assert "survived: a.py:2:4 mask: a -> b (why)" in text
