"""Measurements of different devices are never compared as if they were the same (defect 12 of the published judge)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from matrix.challenge.ranking.comparing import margin
from matrix.challenge.ranking.leaderboard import Leaderboard, Standing, rank_entrants
from matrix.record import Json
from reports.leaderboard import render_leaderboard
from tests.fakes.cards import EVERYTHING, card, entrants


def timed(device: str, name: str, performance: float, **points: float) -> dict[str, Json]:
    return card(
        name, points={**EVERYTHING, "performance": performance, **points}, device=device, speedup=1 + performance / 40
    )


def board(folder: Path, *cards: dict[str, Json]) -> Leaderboard:
    return rank_entrants(entrants(folder, *cards), {})


def test_defect_12_a_faster_device_puts_nobody_ahead(tmp_path: Path) -> None:
    """Ada has all points of performance on one device, Bob none on another: over what both have they are the same."""
    [task] = board(tmp_path, timed("Device One", "Ada", 20), timed("Device Two", "Bob", 0)).tasks
    assert task.common is not None
    assert [(place.rank, place.entrant.name, place.tied) for place in task.common.places] == [
        (1, "Ada", True),
        (1, "Bob", True),
    ]
    assert "performance" not in task.common.names
    assert "utilisation" not in task.common.names
    assert "hardware" in task.common.names
    assert task.standing is Standing.OPEN
    assert "Performance: Ada on Device One (chip), Bob on Device Two (chip): not comparable" in task.reasons


def test_defect_12_each_device_has_ranks_of_its_own(tmp_path: Path) -> None:
    cards = [timed("One", "Ada", 5), timed("Two", "Bob", 20), timed("One", "Cy", 9), timed("Two", "Di", 19)]
    [task] = board(tmp_path, *cards).tasks
    assert {table.basis: [place.entrant.name for place in table.places] for table in task.alike} == {
        "One (chip)": ["Cy", "Ada"],
        "Two (chip)": ["Bob", "Di"],
    }


def test_defect_12_the_same_device_of_another_profile_is_another(tmp_path: Path) -> None:
    ada, bob = entrants(tmp_path, timed("One", "Ada", 5), timed("One", "Bob", 20))
    measures = tuple(dataclasses.replace(each, basis="One (other)") if each.basis else each for each in bob.measures)
    [task] = rank_entrants([ada, dataclasses.replace(bob, measures=measures)], {}).tasks
    assert len(task.alike) == 2


def test_defect_12_a_lead_counts_only_beyond_what_the_devices_could_change(tmp_path: Path) -> None:
    ada, bob = entrants(tmp_path, timed("One", "Ada", 20), timed("Two", "Bob", 0, correctness=10))
    assert margin(ada, bob) == pytest.approx(20 - 20 - 2)
    cy, di = entrants(tmp_path, timed("One", "Cy", 0), timed("Two", "Di", 20, correctness=2))
    assert margin(cy, di) == pytest.approx(28 - 20 - 2)
    assert rank_entrants([cy, di], {}).tasks[0].standing is Standing.WON


def test_defect_12_every_speed_up_is_shown_with_its_device(tmp_path: Path) -> None:
    text = render_leaderboard(board(tmp_path, timed("Device One", "Ada", 20), timed("Device Two", "Bob", 0)))
    rows = [line for line in text.splitlines() if line.startswith("| 1") and " (roll " in line]
    assert rows
    for row in rows:
        assert (" on Device One (chip)" in row) is ("| Ada" in row)
        assert (" on Device Two (chip)" in row) is ("| Bob" in row)
    assert "Ada on Device One (chip), Bob on Device Two (chip): not comparable" in text
