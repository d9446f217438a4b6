"""The leaderboard: 60 / 40, ties that are called ties, entries that lack something ranked nowhere, reasons kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backends.reading import ReadingError
from matrix.annotation.judgements import Judgement, read_judgements
from matrix.annotation.ranking import rank
from matrix.annotation.score_file import Standing
from matrix.usage import UsageError
from reports.annotation_board import render_html, render_json, render_markdown

GOOD = """\
[[judgement]]
entry = "a"
judge = "Ada"
prompt_strategy = 80
long_context = 70
multi_turn = 60.5
[judgement.reasons]
prompt_strategy = "examples by similarity"
long_context = "fills the context"
multi_turn = "asks once more"
"""


def standing(entry: str, value: float = 0.5, without: int = 0) -> Standing:
    tasks = {number: value for number in range(1, 9) if number != without}
    return Standing(entry, tasks, {without: "no predictions"} if without else {}, "labels", scaled=False)


def judged(entry: str, mark: float, judge: str = "Ada") -> Judgement:
    names = ("prompt_strategy", "long_context", "multi_turn")
    return Judgement(entry, judge, dict.fromkeys(names, mark), dict.fromkeys(names, "because"))


def test_the_total_is_sixty_forty() -> None:
    marks = Judgement("a", "Ada", {"prompt_strategy": 100, "long_context": 50, "multi_turn": 0}, {})
    assert marks.technical == pytest.approx(0.2 * 100 + 0.4 * 50)
    [placed] = rank([standing("a", 0.8)], [marks])
    assert placed.total == pytest.approx(0.6 * 80 + 0.4 * 40)


def test_several_judges_are_averaged() -> None:
    [placed] = rank([standing("a")], [judged("a", 60), judged("a", 80, "Bob")])
    assert placed.technical == pytest.approx(70)


def test_ties_share_a_place_and_say_so() -> None:
    placed = rank([standing("c", 0.4), standing("b"), standing("a")], [judged(name, 50) for name in "abc"])
    assert [(each.standing.entry, each.shown_place) for each in placed] == [("a", "1="), ("b", "1="), ("c", "3")]
    assert "a: tied with b at 50.00" in render_markdown(placed)


def test_what_lacks_something_is_not_ranked_and_says_what() -> None:
    placed = rank([standing("a"), standing("b", without=8), standing("c")], [judged("b", 90), judged("c", 10)])
    assert [(each.standing.entry, each.shown_place) for each in placed] == [("c", "1"), ("a", "-"), ("b", "-")]
    text = render_markdown(placed)
    assert "a: not ranked: no judge has marked the technical part" in text
    assert "b: not ranked: task 8: no predictions" in text
    assert json.loads(render_json(placed))["entries"][1]["total"] is None


def test_a_judgement_of_nobody_and_two_scores_of_one_are_refused() -> None:
    with pytest.raises(UsageError, match="judgements are of x"):
        rank([standing("a")], [judged("x", 1)])
    with pytest.raises(UsageError, match="more than one score"):
        rank([standing("a"), standing("a")], [])


def test_names_from_elsewhere_are_text() -> None:
    name = "<script>alert(1)</script>|x"
    placed = rank([standing(name)], [judged(name, 50)])
    assert "<script>" not in render_html(placed)
    assert "<script>" not in render_markdown(placed)
    assert "\\|x" in render_markdown(placed)
    assert "because" in render_html(placed)


def test_judgements_are_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "judges.toml"
    path.write_text(GOOD)
    [found] = read_judgements(path)
    assert (found.entry, found.marks["multi_turn"], found.reasons["long_context"]) == ("a", 60.5, "fills the context")
    path.write_text(GOOD + GOOD)
    with pytest.raises(ReadingError, match="judges 'a' more than once"):
        read_judgements(path)
    path.write_text(
        GOOD.replace("80", "101").replace("long_context = 70\n", "").replace('multi_turn = "asks', 'other = "asks')
    )
    with pytest.raises(ReadingError) as caught:
        read_judgements(path)
    text = str(caught.value)
    for said in ("prompt_strategy: found 101", "long_context: found nothing", "reasons.multi_turn", "reasons.other"):
        assert said in text
    path.write_text(GOOD.split("[judgement.reasons]", maxsplit=1)[0])
    with pytest.raises(ReadingError, match="reasons: found nothing"):
        read_judgements(path)
