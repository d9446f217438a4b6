"""Who is ahead of whom: only where both were measured alike, and only as far as what was not measured leaves it certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.challenge.ranking.breaches import read_others
from matrix.challenge.ranking.comparing import Table, margin
from matrix.challenge.ranking.leaderboard import Leaderboard, Standing, rank_entrants
from matrix.record import Json
from matrix.usage import UsageError
from tests.fakes.cards import CHIPLESS, EVERYTHING, card, entrants

Card = dict[str, Json]


def board(folder: Path, *cards: Card, others: dict[str, str] | None = None) -> Leaderboard:
    return rank_entrants(entrants(folder, *cards), others or {})


def ranks(table: Table | None) -> list[tuple[int, str, bool]]:
    assert table is not None
    return [(place.rank, place.entrant.name, place.tied) for place in table.places]


def on(device: str, *team: str, performance: float, **points: float) -> Card:
    """An entry of which everything was measured, on a device."""
    return card(
        *team, points={**EVERYTHING, "performance": performance, **points}, device=device, speedup=1 + performance / 40
    )


def test_the_best_of_those_measured_alike_wins(tmp_path: Path) -> None:
    [task] = board(tmp_path, on("A", "Ada", performance=10), on("A", "Bob", performance=12)).tasks
    assert ranks(task.common) == [(1, "Bob", False), (2, "Ada", False)]
    assert task.standing is Standing.WON
    assert task.winner is not None
    assert task.winner.name == "Bob"
    assert len(task.alike) == 1


def test_a_tie_is_a_tie_and_no_win(tmp_path: Path) -> None:
    found = board(
        tmp_path, on("A", "Ada", performance=10), on("A", "Bob", performance=10.001), on("A", "Cy", performance=9)
    )
    [task] = found.tasks
    assert ranks(task.common) == [(1, "Ada", True), (1, "Bob", True), (3, "Cy", False)]
    assert task.standing is Standing.TIED
    assert task.winner is None
    assert [team.prize for team in found.teams] == [0, 0, 0]


def test_what_was_not_measured_keeps_a_task_open(tmp_path: Path) -> None:
    """Ada is ahead by 5, and 22 points were measured of nobody."""
    [task] = board(tmp_path, card("Ada"), card("Bob", points={**CHIPLESS, "correctness": 25})).tasks
    assert task.standing is Standing.OPEN
    assert [each.name for each in task.first] == ["Ada"]
    assert "Performance: measured of neither" in task.reasons


def test_an_entry_is_not_behind_for_what_was_not_measured_of_it(tmp_path: Path) -> None:
    """Bob's performance is known and earned 1; Ada's is not: over what both have, Ada is ahead."""
    [task] = board(tmp_path, card("Ada"), on("A", "Bob", performance=1, correctness=29)).tasks
    assert task.common is not None
    assert task.common.names == ("correctness", "completeness", "adaptability", "hardware", "readability")
    assert ranks(task.common) == [(1, "Ada", False), (2, "Bob", False)]
    assert len(task.alike) == 2
    assert task.standing is Standing.OPEN


def test_a_lead_that_nothing_can_change_wins_without_all_evidence(tmp_path: Path) -> None:
    [task] = board(tmp_path, card("Ada"), card("Bob", points={**CHIPLESS, "correctness": 5})).tasks
    assert task.standing is Standing.WON


def test_an_only_entry_wins_and_it_is_said_that_it_is_the_only_one(tmp_path: Path) -> None:
    [task] = board(tmp_path, card("Ada"), card("Eve", tampering=["forged: an answer"])).tasks
    assert task.standing is Standing.WON
    assert task.reasons == ("there is no other entry that can be ranked",)
    assert [each.entrant.name for each in task.excluded] == ["Eve"]


def test_extents_must_be_the_same(tmp_path: Path) -> None:
    """A dimension of which a part was measured of one and all of another is not compared."""
    ada, bob = on("A", "Ada", performance=10), card("Bob", points=CHIPLESS)
    [task] = board(tmp_path, ada, bob).tasks
    assert task.common is not None
    assert "utilisation" not in task.common.names


def test_no_entry_that_can_be_ranked(tmp_path: Path) -> None:
    unmeasured = {name: points for name, points in CHIPLESS.items() if name != "correctness"}
    [task] = board(
        tmp_path, card("Eve", tampering=["forged"]), card("Bob", points=unmeasured), card("Cy", problems=["no kernel"])
    ).tasks
    assert task.standing is Standing.NONE
    assert [each.why.split(":")[0] for each in task.excluded] == [
        "it tampers with its judge",
        "its correctness was not measured",
        "it is no valid entry",
    ]


def test_prizes_are_those_of_the_tier_and_overall_is_over_what_all_have(tmp_path: Path) -> None:
    found = board(
        tmp_path, card("Ada"), card("Ada", task="svd"), card("Bob", task="median"), on("A", "Cy", performance=20)
    )
    prizes = {team.name: (team.rank, team.prize, team.won) for team in found.teams}
    assert prizes["Ada"] == (1, 3000, ("svd",))
    assert prizes["Bob"] == (2, 2000, ("median",))
    assert prizes["Cy"] == (3, 0, ())
    assert found.overall is not None
    assert "performance" not in found.overall.names
    assert len(found.overall.places) == 4
    assert [task.task for task in found.tasks] == ["roll", "median", "svd"]


def test_a_team_has_one_to_three_members(tmp_path: Path) -> None:
    found = board(tmp_path, card("A", "B", "C", "D"), card("E", "F", "G", task="gcd"))
    assert [breach.rule for breach in found.breaches] == ["one to three members"]
    assert found.breaches[0].people == ("A", "B", "C", "D")


def test_a_person_in_two_teams_is_named_however_the_name_is_written(tmp_path: Path) -> None:
    found = board(tmp_path, card("Ada Lovelace", "Bob"), card("ADA  lovelace", task="gcd"), card("Cy", task="cosh"))
    [breach] = found.breaches
    assert breach.rule == "one team for each person"
    assert "Ada Lovelace is in 2 teams" in breach.text
    assert len(breach.places) == 2


def test_one_team_may_enter_for_several_operators(tmp_path: Path) -> None:
    assert board(tmp_path, card("Ada", "Bob"), card("Bob", "Ada", task="gcd")).breaches == ()


def test_a_person_in_two_tracks_is_named_and_wins_nothing_yet(tmp_path: Path) -> None:
    others = tmp_path / "others.txt"
    others.write_text("# track 2 and 3\nada | inference\nEve\n")
    found = board(tmp_path, card("Ada"), others=read_others(others))
    [breach] = found.breaches
    assert breach.people == ("Ada",)
    assert "(inference)" in breach.text
    assert found.tasks[0].standing is Standing.HELD
    assert found.teams[0].prize == 0


def test_a_name_twice_in_a_team_is_a_breach(tmp_path: Path) -> None:
    assert [breach.rule for breach in board(tmp_path, card("Ada", "ada")).breaches] == ["each person once"]


def test_a_list_of_others_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_others(tmp_path / "nothing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        read_others(tmp_path / "binary")
    (tmp_path / "long").write_text("x" * 300)
    with pytest.raises(UsageError, match="longer than"):
        read_others(tmp_path / "long")


def test_the_order_in_which_cards_are_given_does_not_matter(tmp_path: Path) -> None:
    cards = [on("A", "Ada", performance=3), on("B", "Bob", performance=9), card("Cy"), on("A", "Di", performance=5)]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = board(tmp_path / "one", *cards), board(tmp_path / "two", *reversed(cards))
    assert [ranks(table) for table in one.tasks[0].alike] == [ranks(table) for table in two.tasks[0].alike]
    assert ranks(one.tasks[0].common) == ranks(two.tasks[0].common)
    assert one.tasks[0].standing is two.tasks[0].standing


def test_a_margin_says_what_is_certain(tmp_path: Path) -> None:
    ada, bob, cy = entrants(
        tmp_path,
        on("A", "Ada", performance=20),
        on("A", "Bob", performance=5),
        on("B", "Cy", performance=0, correctness=1),
    )
    assert margin(ada, bob) == pytest.approx(15)
    assert margin(ada, cy) == pytest.approx(29 - 20 - 2)
    assert margin(bob, ada) == pytest.approx(-15)
