"""The card as it is written: every point with its reason, and no harm from what an entry is called or says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from matrix.challenge.scoring.card import Ground, Scorecard, Subject
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, unmeasured
from matrix.challenge.scoring.weights import DIMENSIONS
from reports.scorecard import (
    SCHEMA_FILE,
    headline,
    render_scorecard,
    scorecard_document,
    summary_lines,
    write_scorecard,
)
from reports.scorecard_page import render_scorecard_page
from tests.reports.conftest import HOSTILE

REASON = Loss(
    "2 nan cases of challenge.roll: WRONG: 3 of 4 elements", 0.25, "python -m matrix challenge repeat roll 'ID'"
)
TABLE = Exhibit(
    "Cases that are not right", ("case", "outcome", "command"), (("chip:roll", "WRONG", "repeat it"),), "a note"
)


def score(name: str, *parts: Part) -> Score:
    found = parts or (Part("all of it", 10),)
    return Score(name, f"The {name}", sum(part.out_of for part in found), found, (TABLE,), ("A remark.",))


def card(**facts: object) -> Scorecard:
    scores = (
        score("correctness", Part("edges", 20, (REASON,), note="6 of 8"), Part("gradients", 10, unmeasured="a gap")),
        unmeasured("performance", "The performance", 20, "no chip is here"),
        *(score(name) for name in DIMENSIONS[2:]),
    )
    subject = Subject("roll", "easy", ("Ada", "Bob"), "MIT", "roll", "ab" * 32, ("roll.py",), ("test_roll.py",))
    facts_of_machine = {"processor": "A processor", "devices of chip": "A chip"}
    ground = Ground(
        "own", "20261126T0200Z", "2026-11-26T02:00:00+00:00", ("chip@run",), 9, facts_of_machine, {"torch": "2.13"}
    )
    made = Scorecard(subject, "flagos-operator-track", scores, (ground,), "2026-11-26")
    return replace(made, **facts)  # type: ignore[arg-type]


class Reader(HTMLParser):
    """What a browser would find: elements, attributes and the text outside of styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def hostile() -> Scorecard:
    """The same words of an attacker wherever an entry, or a record of it, can put a word."""
    part = Part(HOSTILE, 10, (Loss(HOSTILE, 0.5, HOSTILE),), note=HOSTILE)
    gap = Part(HOSTILE, 10, unmeasured=HOSTILE)
    table = Exhibit(HOSTILE, (HOSTILE, "command"), ((HOSTILE, HOSTILE),), HOSTILE)
    scores = tuple(Score(name, "A title", 20, (part, gap), (table,), (HOSTILE,)) for name in DIMENSIONS)
    subject = Subject("roll", "easy", (HOSTILE,), "MIT", HOSTILE, "ab" * 32, (HOSTILE,), (HOSTILE,))
    ground = Ground("given", HOSTILE, HOSTILE, (HOSTILE,), 9, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE})
    texts = dict.fromkeys(("tampering", "problems", "missing", "remarks"), (HOSTILE,))
    return card(subject=subject, scores=scores, grounds=(ground,), **texts)


def test_the_sum_says_over_how_many_points_it_is() -> None:
    made = card()
    assert (made.points, made.measured, made.out_of) == (55, 60, 90)
    assert headline(made) == "55 of 60 points that could be measured here, of 90 in all"
    whole = card(scores=tuple(score(name) for name in DIMENSIONS))
    assert headline(whole) == "60 of 60 points"


def test_defect_10_every_dimension_says_what_it_lost_and_what_was_not_measured() -> None:
    """The published judge has three dimensions typed in by hand, and entrants were refused with no score and no reason."""
    made = card()
    for text in (
        "\n".join(summary_lines(made)),
        render_scorecard(made),
        " ".join(Reader(render_scorecard_page(made)).words),
    ):
        assert "2 nan cases of challenge.roll: WRONG: 3 of 4 elements" in text.replace("&#42;", "*")
        assert "no chip is here" in text
        for name in DIMENSIONS:
            assert f"The {name}" in text
    assert "not measured (10), gradients: a gap" in render_scorecard(made)
    assert "python -m matrix challenge repeat roll 'ID'" in render_scorecard(made)


@pytest.mark.parametrize("made", [card(), hostile(), card(tampering=("patched: torch.equal",), missing=("write it",))])
def test_the_document_is_what_its_schema_says(made: Scorecard) -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(json.dumps(scorecard_document(made), allow_nan=False))
    jsonschema.validate(document, schema)
    assert [each["name"] for each in document["dimensions"]] == list(DIMENSIONS)


def test_unmeasured_is_null_and_never_zero() -> None:
    document = scorecard_document(card())
    performance = json.loads(json.dumps(document))["dimensions"][1]
    assert performance["points"] is None
    assert performance["measured"] == 0


def test_what_an_entry_says_is_no_markup_on_the_page() -> None:
    plain_page, hostile_page = Reader(render_scorecard_page(card())), Reader(render_scorecard_page(hostile()))
    assert set(hostile_page.elements) <= set(plain_page.elements) | {"li", "ul"}
    assert not {"script", "img", "iframe", "link"} & set(hostile_page.elements)
    assert not [name for name in hostile_page.attributes if name.startswith("on") or name == "style"]
    assert "<img src=x onerror=alert(1)>" in "".join(hostile_page.words)


def test_the_page_lets_nothing_act_and_needs_nothing_else() -> None:
    page = render_scorecard_page(hostile())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'", policy[1])
    assert "http://" not in page
    assert "https://" not in page
    assert "\x1b" not in page


def test_what_an_entry_says_is_no_markup_in_markdown() -> None:
    text = render_scorecard(hostile())
    outside = re.sub(r"(`+).+?\1", "", text)
    assert "<img" not in outside
    assert "</script>" not in outside
    assert "\x1b" not in text


def test_tampering_is_said_first() -> None:
    made = card(tampering=("patched: torch.equal was replaced",))
    assert headline(made).endswith("it tampers with its judge")
    assert "## It tampers with its judge" in render_scorecard(made)
    assert "torch.equal was replaced" in render_scorecard_page(made)


def test_machine_and_device_are_on_the_card_and_not_to_be_compared() -> None:
    for text in (render_scorecard(card()), render_scorecard_page(card())):
        assert "A chip" in text
        assert "A processor" in text
        assert "different machines or devices are not to be compared" in text


def test_a_long_table_is_cut_in_markdown_and_whole_elsewhere(tmp_path: Path) -> None:
    long = Exhibit("Many", ("case",), tuple((f"case {number}",) for number in range(90)))
    made = card(scores=(replace(card().scores[0], exhibits=(long,)), *card().scores[1:]))
    assert "and 65 more, in scorecard.html and scorecard.json" in render_scorecard(made)
    paths = write_scorecard(made, tmp_path)
    assert [path.name for path in paths] == ["scorecard.json", "scorecard.md", "scorecard.html"]
    assert "case 89" in paths[2].read_text()
    assert "case 89" in paths[0].read_text()
