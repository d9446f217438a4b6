"""The leaderboard's three files: the JSON keeps to its schema, and no text of a stranger means anything in the others."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from matrix.challenge.ranking.leaderboard import Leaderboard, rank_entrants
from matrix.cli import main
from reports.leaderboard import SCHEMA_FILE, leaderboard_document, render_leaderboard, write_leaderboard
from tests.fakes.cards import EVERYTHING, card, entrants, write

HOSTILE = "<script>alert(1)</script>|`**x**`[a](http://b)"


@pytest.fixture
def board(tmp_path: Path) -> Leaderboard:
    """Entries of two operators: measured on two devices and on none, of a team in breach, hostile, and tampering."""
    fast = {**EVERYTHING, "performance": 20.0}
    found = entrants(
        tmp_path,
        card("Ada", "Grace", points=fast, device="Device One", speedup=1.5),
        card(HOSTILE, points={**EVERYTHING, "performance": 10.0}, device=f"Device Two {HOSTILE}", speedup=1.25),
        card("Di"),
        card("Eve", tampering=[HOSTILE]),
        card("ada", task="svd"),
    )
    return rank_entrants(found, {})


def test_the_json_keeps_to_its_schema(board: Leaderboard) -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(leaderboard_document(board), schema, cls=jsonschema.Draft202012Validator)
    jsonschema.validate(leaderboard_document(rank_entrants([], {})), schema, cls=jsonschema.Draft202012Validator)


def test_a_total_says_of_how_many_measured_points_it_is(board: Leaderboard) -> None:
    text = render_leaderboard(board)
    assert "78 of 78 points measured (100 in all)" in text
    assert "performance unmeasured" in text


def test_a_speed_up_stands_with_its_device(board: Leaderboard) -> None:
    text = render_leaderboard(board)
    assert text.count("1.500 (1.350 to 1.650) on Device One (chip)") >= 1
    assert "not measured" in text


def test_breaches_name_the_people(board: Leaderboard) -> None:
    text = render_leaderboard(board)
    assert "one team for each person: Ada is in 2 teams: (Ada, Grace) and (ada)" in text


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_no_text_of_a_stranger_acts(board: Leaderboard, tmp_path: Path) -> None:
    _, markdown, page = write_leaderboard(board, tmp_path / "out")
    parser = _Tags()
    parser.feed(page.read_text(encoding="utf-8"))
    assert {tag for tag, _ in parser.seen} & {"script", "a", "img", "iframe", "b"} == set()
    assert "alert(1)" in page.read_text(encoding="utf-8")
    policy = next(facts["content"] for tag, facts in parser.seen if tag == "meta" and "content" in facts)
    assert policy.startswith("default-src 'none'")
    for forbidden in ("<script", "`**", "](http"):
        assert forbidden not in markdown.read_text(encoding="utf-8")


def test_the_command_writes_three_files_and_fails_on_a_breach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write(tmp_path, card("Ada"), card("Bob", task="gcd"))
    others = tmp_path / "others.txt"
    others.write_text("Bob | another\n", encoding="utf-8")
    command = ["challenge", "rank", *map(str, good)]
    assert main([*command, "--out", str(tmp_path / "board")]) == 0
    assert sorted(path.name for path in (tmp_path / "board").iterdir()) == [
        "leaderboard.html",
        "leaderboard.json",
        "leaderboard.md",
    ]
    assert main([*command, "--others", str(others)]) == 1
    assert "Bob is in this track and in another (another)" in capsys.readouterr().out


def test_the_command_says_what_is_wrong_with_all_cards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text("[]")
    (tmp_path / "b.json").write_text("{")
    assert main(["challenge", "rank", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 2
    said = capsys.readouterr().err
    assert "a.json" in said
    assert "b.json" in said
