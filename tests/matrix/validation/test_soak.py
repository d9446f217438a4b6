"""Soaks through the real runner: what leaks, crashes or slows down is seen, and a kill loses no finding."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from matrix.cell import Cell
from matrix.runner.progress import Progress
from matrix.usage import UsageError
from matrix.validation.laps import course
from matrix.validation.soak import Asked, Pace, next_laps, soak
from matrix.validation.soaked import FILE, Soak, read_soak
from tests.matrix.validation.fake_cells import FILE as FILE_OF_FAKES
from tests.matrix.validation.fake_cells import fake, settings

PACE = Pace(visit_seconds=0.0, first_laps=14)
SECOND = 1 / 3600


def asked(folder: Path, *cells: Cell, hours: float = SECOND, pace: Pace = PACE, **stack: str) -> Asked:
    own = settings("", FAKES_STATE=str(folder))
    return Asked(cells, folder / "soak", own, hours, {"processor": "p"}, {"torch": "2.11"} | stack, pace)


def soaked(folder: Path) -> Soak:
    found = read_soak(folder / "soak" / FILE)
    assert found is not None
    return found


def test_a_steady_provider_is_carried_lap_after_lap_by_one_worker_and_leaks_nothing(tmp_path: Path) -> None:
    told: list[float] = []
    assert (
        soak(
            asked(tmp_path, fake("double"), fake("into", "T[5], out=like(0)")), on_round=lambda s: told.append(s.hours)
        )
        == ""
    )
    found = soaked(tmp_path)
    assert (found.profile, found.evidence, found.cells) == ("here", "run", 2)
    assert found.outcomes == {"PASS": 28}
    assert (found.visits, found.calls) == (28, 56)
    assert [len(laps) for laps in found.rounds[0].memory["host"]] == [14]
    assert set(found.rounds[0].latency) == {cell.id.row for cell in (fake("double"), fake("into"))}
    assert [growth.leaks for growth in found.growths] == [False]
    assert told == [found.hours]
    assert not list((tmp_path / "soak" / "rounds").iterdir()), "a round that went well leaves no folder"


def test_a_provider_that_keeps_memory_leaks(tmp_path: Path) -> None:
    soak(asked(tmp_path, fake("leaking")))
    (growth,) = soaked(tmp_path).growths
    assert growth.leaks, str(growth)
    assert growth.per_lap == pytest.approx(2 * 1024**2, rel=0.5), "two calls a visit, a megabyte each"


def test_a_crash_is_counted_with_its_case_and_the_soak_goes_on(tmp_path: Path) -> None:
    cell = fake("crash")
    soak(asked(tmp_path, cell, pace=replace(PACE, first_laps=2)))
    found = soaked(tmp_path)
    assert {crash.outcome for crash in found.crashes} == {"CRASH"}
    assert {crash.cell for crash in found.crashes} == {str(cell.id)}
    assert found.outcomes["PASS"] > 0
    assert list((tmp_path / "soak" / "rounds" / "00001").glob("journal-*")), "what went wrong keeps its journals"


def test_a_soak_goes_on_where_it_was(tmp_path: Path) -> None:
    soak(asked(tmp_path, fake("double")))
    first = soaked(tmp_path)
    soak(asked(tmp_path, fake("double"), hours=first.hours / 2))
    assert soaked(tmp_path) == first, "the hours are spent"
    soak(asked(tmp_path, fake("double"), hours=first.hours + SECOND / 100))
    again = soaked(tmp_path)
    assert again.rounds[: len(first.rounds)] == first.rounds
    assert len(again.rounds) == len(first.rounds) + 1


def test_a_kill_loses_no_crash_of_the_round_in_flight(tmp_path: Path) -> None:
    """The first run of the round is interrupted after its crash; the second one finishes the round."""
    job = asked(tmp_path, fake("crash_once"), pace=replace(PACE, first_laps=6))

    def interrupt(progress: Progress) -> None:
        if any(outcome.name == "CRASH" for outcome in progress.outcomes):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        soak(job, interrupt)
    assert soaked(tmp_path).rounds == ()
    soak(job)
    assert [crash.outcome for crash in soaked(tmp_path).crashes] == ["CRASH"]


@pytest.mark.parametrize("change", ["cells", "stack"])
def test_another_soak_is_not_gone_on_with(tmp_path: Path, change: str) -> None:
    soak(asked(tmp_path, fake("double"), hours=0.0))
    other = asked(tmp_path, fake("double"), hours=1.0, triton="3.6")
    if change == "cells":
        other = asked(tmp_path, fake("double"), fake("into"), hours=1.0)
    with pytest.raises(UsageError, match="holds a soak of 1 cells of here@run"):
        soak(other)


def test_a_soak_that_can_visit_nothing_ends_and_says_why(tmp_path: Path) -> None:
    job = asked(tmp_path, fake("double"), hours=100.0)
    unwell = replace(job.settings, probe=str(Path(__file__).parents[2] / "fakes" / "candidates.py") + ":unwell")
    assert "could visit no case: 3 workers in a row failed to start" in soak(replace(job, settings=unwell))
    assert soaked(tmp_path).rounds == (), "nothing was soaked, so nothing was found"


def test_a_device_that_does_not_recover_is_a_crash_too(tmp_path: Path) -> None:
    job = asked(tmp_path, fake("crash_once"))
    soak(replace(job, settings=replace(job.settings, probe=f"{FILE_OF_FAKES}:unwell_after_crash")))
    found = soaked(tmp_path)
    assert any("the device is lost" in crash.detail for crash in found.crashes)
    assert {crash.outcome for crash in found.crashes} == {"CRASH", "LOST"}
    assert {crash.cell for crash in found.crashes if crash.outcome == "LOST"} == {"the device"}


def test_a_round_has_as_many_laps_as_fit(tmp_path: Path) -> None:
    assert next_laps(PACE, 10, lap_seconds=2.0, left=60.0) == 30
    assert next_laps(PACE, 10, lap_seconds=2.0, left=-5.0) == 1
    assert next_laps(replace(PACE, most_visits=100), 10, lap_seconds=0.001, left=60.0) == 10
    assert len(course([fake("double")], 3, 1, 1)) == 3


def test_a_record_of_another_machine_is_read_with_distrust(tmp_path: Path) -> None:
    path = tmp_path / FILE
    good = {"event": "round", "number": 1, "seconds": 3600.0, "visits": 5, "outcomes": {"PASS": 5}}
    lines: list[object] = [
        {"event": "soak", "profile": "here", "evidence": "run", "cells": "many", "stack": ["torch"]},
        good,
        good | {"seconds": 10**9},
        good | {"number": 2, "seconds": -5},
        good | {"number": 3, "seconds": True},
        good | {"number": 4, "memory": {"host": [[1, "x", None], 7], "gold": [[1]]}, "crashes": [7, {"cell": "c"}]},
        good | {"number": 5, "seconds": float("nan"), "latency": {"a": -1, "b": 2}},
        ["no event"],
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + '{"event": "round", "number": 9')
    found = read_soak(path)
    assert found is not None
    assert found.hours == 2.0
    assert [each.number for each in found.rounds] == [1, 4]
    assert found.rounds[1].memory == {"host": ((1.0,),)}
    assert [crash.cell for crash in found.crashes] == ["", "c"]
    assert len(found.warnings) == 5
    path.write_text("{}\n")
    assert read_soak(path) is None
    assert read_soak(tmp_path / "absent") is None
