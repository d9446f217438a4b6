"""A child that runs an entry's code is held: it reads nothing of a person's, and writes to its scratch alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.challenge.child import ask
from matrix.challenge.task import interpreter
from matrix.challenge.traced import Traced
from tests.fakes.entries import HEAD, write_entry

REACHES = (
    HEAD
    + '''"""Tests that reach for what is not theirs."""

from pathlib import Path

import pytest

SECRET, PLACE = {secret!r}, {place!r}


def test_it_reads_nothing_of_others():
    with pytest.raises(OSError):
        Path(SECRET).read_text()


def test_it_writes_nothing_of_others():
    with pytest.raises(OSError):
        Path(PLACE).write_text("forged")
'''
)


def test_what_an_entrys_tests_reach_for_is_refused(tmp_path: Path) -> None:
    secret, place = tmp_path / "secret", tmp_path / "journal-001-run.jsonl"
    secret.write_text("a person's")
    folder = write_entry(tmp_path / "mine", REACHES.format(secret=str(secret), place=str(place)))
    request = {"profile": interpreter().name, "folder": str(folder), "memory_gib": 2.0}
    request |= {"task": "pixel_shuffle", "addresses": {"challenge.pixel_shuffle": f"{folder}/shuffle.py:pixel_shuffle"}}
    told = ask("matrix.challenge.tracing", request, interpreter(), 240.0, folder)
    found = Traced.of(told.lines, told.ending)
    if not landlock_is_there():
        pytest.skip("the kernel of this machine has no Landlock, and the card says so")
    assert [test.failed for test in found.tests] == ["", ""]
    assert not place.exists()


def landlock_is_there() -> bool:
    import ctypes

    from matrix.challenge.arena import landlock

    return landlock.version(ctypes.CDLL(None, use_errno=True)) > 0
