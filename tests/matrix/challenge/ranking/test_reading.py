"""Scorecards are strangers' files: what is wrong with any of them is said at once, and nothing that is wrong is ranked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matrix.challenge.ranking.reading import CardsError, read_entrants
from tests.fakes.cards import CHIPLESS, EVERYTHING, card, entrants, write


def refused(path: Path, document: Any) -> str:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    with pytest.raises(CardsError) as raised:
        read_entrants([path])
    return str(raised.value)


def test_a_card_as_the_judge_writes_it_is_read(tmp_path: Path) -> None:
    [found] = entrants(tmp_path, card("Ada", "Grace", points=EVERYTHING, device="Chip One", speedup=1.25))
    assert (found.task, found.tier, found.team) == ("roll", "easy", ("Ada", "Grace"))
    assert (found.points, found.measured, found.out_of) == pytest.approx((100, 100, 100))
    assert found.measure("performance").basis == "Chip One (chip)"
    assert found.measure("hardware").basis == ""
    assert found.scored_device is not None
    assert found.scored_device.speedup == 1.25


def test_a_folder_is_the_card_in_it(tmp_path: Path) -> None:
    (tmp_path / "scorecard.json").write_text(json.dumps(card("Ada")))
    assert read_entrants([tmp_path])[0].measured == sum(CHIPLESS.values())


def test_what_was_not_measured_is_not_zero(tmp_path: Path) -> None:
    [found] = entrants(tmp_path, card("Ada"))
    assert found.measure("performance").points is None
    assert (found.measured, found.out_of) == pytest.approx((78, 100))


def test_every_problem_of_every_file_is_said_at_once(tmp_path: Path) -> None:
    first, second = card("Ada"), card("Bob", task="gcd")
    first["tier"], first["date"], first["team"] = "hard", "yesterday", []
    second["task"], second["unknown"] = "no such task", 1
    with pytest.raises(CardsError) as raised:
        read_entrants([*write(tmp_path, first, second), tmp_path / "nothing.json"])
    said = str(raised.value)
    for expected in ("tier", "date", "team", "no such task", "unknown keys", "nothing.json: cannot be read"):
        assert expected in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is no JSON"),
        ("[]", "where an object must stand"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"points": NaN}', "NaN"),
        ("[" * 100_000, "deep"),
        ('"\\ud800', "is no JSON"),
    ],
)
def test_what_is_no_card_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refused(tmp_path / "a.json", text)


def test_a_file_without_an_end_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matrix.challenge.ranking.reading.CARD_BYTES", 100)
    assert "is larger than" in refused(tmp_path / "a.json", card("Ada"))


@pytest.mark.parametrize(
    ("where", "value", "reason"),
    [
        (("points",), 99, "its parts come to 78"),
        (("measured",), 100, "its parts come to 78"),
        (("points",), -1, "a number from 0"),
        (("points",), "78", "a number from 0"),
        (("points",), True, "a number from 0"),
        (("dimensions", 0, "points"), 29, "its parts come to 30"),
        (("dimensions", 0, "parts", 0, "points"), 31, "has 31 points of 30"),
        (("dimensions", 0, "name"), "performance", "each of correctness"),
        (("dimensions", 0, "parts"), [], "a list of 1"),
        (("digest",), "0" * 63, "digest"),
        (("team",), ["Ada", 7], "a text of 1 to"),
        (("team",), ["x" * 121], "a text of 1 to"),
        (("schema",), "compatibility-matrix-scorecard/2", "compatibility-matrix-scorecard/1"),
        (("devices",), [{"name": "Chip"}], "devices[0].profile"),
    ],
)
def test_a_card_that_does_not_add_up_is_refused(
    tmp_path: Path, where: tuple[str | int, ...], value: Any, reason: str
) -> None:
    document: Any = card("Ada")
    inner = document
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    assert reason in refused(tmp_path / "a.json", document)


def test_points_of_performance_name_their_device(tmp_path: Path) -> None:
    assert "no device in `devices` is scored" in refused(tmp_path / "a.json", card("Ada", points=EVERYTHING))


def test_the_same_entry_twice_is_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(CardsError, match="more than once"):
        entrants(tmp_path, card("Ada"), card("Ada"))


def test_cards_of_different_weights_are_not_ranked_together(tmp_path: Path) -> None:
    with pytest.raises(CardsError, match="different weights"):
        entrants(tmp_path, card("Ada"), card("Bob", weights="others"))


def test_control_characters_do_not_come_through(tmp_path: Path) -> None:
    [found] = entrants(tmp_path, card("A\u202eda\x1b[31m"))
    assert found.team == ("Ada",)
