"""The command line of a suite: ours, what is run, and how it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.adopt.options import arguments_of, options_of_suite
from matrix.arguments import parser


def test_what_is_ours_is_not_the_suites() -> None:
    given = [
        "-p",
        "matrix.adopt",
        "--profile",
        "chip",
        "--adopt-out=x",
        "-n",
        "4",
        "tests",
        "--ref",
        "cpu",
        "-k",
        "abs",
    ]
    arguments = arguments_of("chip", given)
    assert arguments == ("adopt", "--profile", "chip", "--", "tests", "--ref", "cpu", "-k", "abs")
    assert parser().parse_args(arguments).pytest == ["tests", "--ref", "cpu", "-k", "abs"]


def test_a_profile_of_ones_own_is_found_from_anywhere() -> None:
    assert arguments_of("chip.toml", [])[2] == str(Path("chip.toml").absolute())


def test_a_repeated_test_is_run_as_the_suite_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path)
    given = ["tests", "-k", "abs", "--ref", "cpu", "--quick", "tests::x"]
    assert options_of_suite(given) == ["--ref", "cpu", "--quick"]
