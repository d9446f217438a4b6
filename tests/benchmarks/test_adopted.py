"""The comparison of two runs of a suite: what disagrees is printed and counted, and so is what only one of them has."""

from __future__ import annotations

import pytest

from benchmarks.adopted import FILES, compare


def test_agreement_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("one", {"a": "PASS", "b": "WRONG"}, "many", {"a": "PASS", "b": "WRONG"}) == 0
    assert "2 of 2 tests agree" in capsys.readouterr().out


def test_a_test_that_disagrees_or_is_in_one_only_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("one", {"a": "PASS", "b": "PASS"}, "many", {"a": "CRASH", "c": "PASS"}) == 3
    said = capsys.readouterr().out
    assert "a: PASS with one, CRASH with many" in said
    assert "0 of 1 tests agree; 2 tests are in one of them only" in said


def test_the_ten_are_ten() -> None:
    assert len(set(FILES)) == 10
