"""matrix.html: one file, no network, and nothing that a record holds can act. (How it looks was seen in a browser.)"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

import reports.packing
from matrix.outcome import Evidence, Outcome, Verdict
from matrix.record import Json
from reports.grid import Grid
from reports.packing import OUTCOME_LETTERS, OUTPUT_LIMIT, VERDICT_LETTERS, pack_grid
from reports.page import FOLDER, SCRIPTS, embed, render_page


class Frame(HTMLParser):
    """What a browser would make of the file: elements, attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.raw: dict[str, str] = {}
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self.inside = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.raw[self.inside] = self.raw.get(self.inside, "") + data


@pytest.fixture
def frame(grid: Grid) -> Frame:
    return Frame(render_page(grid))


def test_no_markup_of_a_record_becomes_an_element(frame: Frame, grid: Grid) -> None:
    empty = Frame(render_page(Grid((), (), ())))
    assert frame.tags == empty.tags
    assert "img" not in frame.tags
    assert [item for item in frame.attributes if item[1].startswith("on")] == []


def test_nothing_is_loaded_from_anywhere(frame: Frame, grid: Grid) -> None:
    references = [value for _, name, value in frame.attributes if name in ("src", "href", "action", "data")]
    assert references == ["#frame"]
    assert not re.search(
        r"url\(|@import|https?:|fetch\(|XMLHttpRequest|import\(", frame.raw["style"] + frame.raw["script"]
    )


def test_the_policy_lets_exactly_this_style_and_script_act(frame: Frame) -> None:
    policy = next(
        value for tag, name, value in frame.attributes if (tag, name) == ("meta", "content") and "'none'" in value
    )
    for element in ("style", "script"):
        digest = b64encode(sha256(frame.raw[element].encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_script_writes_texts_and_never_markup() -> None:
    source = "".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.cssText|srcdoc"
    assert re.findall(forbidden, source) == []


def test_the_data_can_stand_in_a_script_element_and_reads_back() -> None:
    hostile: Json = {"x": "</script><!-- <script> ]]> \u2028\u2029 \ud800 & 'quotes' \"too\" \\u003c"}
    text = embed(hostile)
    assert text.isascii()
    assert not set(text) & set("<>&")
    assert json.loads(text) == hostile


def unpack(data: Any) -> dict[str, tuple[str, str]]:
    """Outcome and verdict of every cell, by id, as the page's script reads them."""
    outcomes = {letter: name for letter, name, _ in data["outcomes"]}
    verdicts = {letter: name for letter, name, *_ in data["verdicts"]}
    strings, (_, operators, providers, parameters, _) = data["strings"], data["cases"]
    cells = {}
    for (profile, _, evidence), (found, judged, *_) in zip(data["columns"], data["layers"], strict=True):
        for place, letter in enumerate(found):
            if letter == ".":
                continue
            row = f"{strings[operators[place]]}/{strings[providers[place]]}[{strings[parameters[place]]}]"
            name = f"{profile}:{row}@{data['evidences'][evidence][0]}"
            cells[name] = (outcomes[letter], verdicts[judged[place]])
    return cells


def test_every_cell_is_in_the_page_with_its_outcome_and_verdict(frame: Frame, grid: Grid) -> None:
    assert unpack(json.loads(frame.raw["data"])) == {
        finding.text: (finding.result.outcome.value, finding.verdict.value) for finding in grid.findings
    }


def test_the_facts_of_a_cell_are_in_the_page(grid: Grid) -> None:
    data: Any = pack_grid(grid)
    layer = data["layers"][0]
    phase, detail, _, launches, attempts, *_ = data["facts"][layer[2][0]]
    assert data["strings"][phase] == "compare"
    assert data["strings"][detail].startswith("</script><img")
    assert [attempt[0] for attempt in attempts] == [1, 2]
    assert launches == []
    rule, total, wrong, *_ = layer[4][0]
    assert (data["strings"][rule], total, wrong) == ("rtol 0.016", 15, 3)


def test_facts_stand_in_the_order_of_the_cases_whatever_the_plan_s_order_was(grid: Grid) -> None:
    """Profiles may come with their cells in different orders; the script counts ranks along the cases."""
    backwards = tuple(reversed(grid.findings))
    data: Any = pack_grid(replace(grid, findings=backwards))
    layer = data["layers"][[name for name, *_ in data["columns"]].index("laptop")]
    present = [letter for letter in layer[0] if letter != "."]
    details = [data["facts"][fact][1] if len(data["facts"][fact]) > 1 else 0 for fact in layer[2]]
    assert len(present) == len(details)
    assert [bool(detail) for detail in details] == [letter != "P" for letter in present]


def test_letters_are_one_each() -> None:
    assert len(set(OUTCOME_LETTERS.values())) == len(Outcome)
    assert len(set(VERDICT_LETTERS.values())) == len(Verdict)
    assert "." not in {*OUTCOME_LETTERS.values(), *VERDICT_LETTERS.values()}


def test_a_column_that_was_not_run_costs_next_to_nothing(grid: Grid) -> None:
    data: Any = pack_grid(grid)
    faraway = data["layers"][[evidence for *_, evidence in data["columns"]].index(Evidence.RUN.strength)]
    assert len(json.dumps(faraway)) < 2 * 66 + 100
    assert all(set(values) == {"all"} for values in faraway[2:])


def test_giant_outputs_do_not_make_a_giant_page(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports.packing, "OUTPUT_BUDGET", 20 * OUTPUT_LIMIT)
    broken = [finding for finding in grid.findings if finding.verdict is Verdict.BROKEN]
    findings = [
        replace(broken[0], id=finding.id, result=replace(broken[0].result, traceback="x" * 60_000 + str(place)))
        for place, finding in enumerate(grid.findings)
    ]
    page = render_page(replace(grid, findings=tuple(findings)))
    assert 19 * OUTPUT_LIMIT < page.count("x" * 100) * 100 < 21 * OUTPUT_LIMIT


def test_status_is_a_symbol_and_a_word(frame: Frame) -> None:
    verdicts = json.loads(frame.raw["data"])["verdicts"]
    assert len({symbol for _, _, symbol, _ in verdicts}) == len(Verdict)
    assert all(name and meaning for _, name, _, meaning in verdicts)


def luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_has_the_contrast_that_wcag_aa_asks_for() -> None:
    """4.5 : 1 for text, in the light and in the dark scheme."""
    css = (FOLDER / "page.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    )
    for scheme in (light, light | dark):
        pairs = [(name, f"{name}-back") for name in ("ok", "known", "fixed", "broken", "suite")]
        pairs += [
            (name, ground) for name in ("ink", "soft", "unknown", "na") for ground in ("paper", "raised", "sunken")
        ]
        pairs += [(name, "paper") for name in ("ok", "known", "fixed", "suite", "broken-ink")]
        for text, ground in pairs:
            high, low = sorted((luminance(scheme[text]), luminance(scheme[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground, scheme[text], scheme[ground])
