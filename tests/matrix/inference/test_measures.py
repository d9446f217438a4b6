"""Measures and facts: they survive the record, cannot contradict it, and are in every report."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from matrix.outcome import Outcome, Phase
from matrix.record import RecordError, result_from_json, result_to_json
from matrix.result import Measure, Result, ResultError
from matrix.run import Header, Run
from reports.document import document_cells
from reports.grid import Grid, build_grid
from reports.markdown import render_markdown
from reports.measured import amount
from reports.page import render_page
from reports.table import Terminal, render_table
from reports.write import write_reports
from tests.fakes.inference import HOST, parity

CELL = parity("healthy")
MEASURES = (Measure("output", "tokens/s", 4123.4, (4100.0, 4123.4, 4150.0)), Measure("share", "%", 12.5))
RESULT = Result(
    str(CELL.id), Outcome.PASS, Phase.COMPARE, measures=MEASURES, facts={"engine": "steam 1.0", "weights": "made"}
)


def grid() -> Grid:
    run = Run(Header(), {RESULT.cell: (RESULT,)})
    return build_grid([run], [CELL], [HOST], {}, date(2026, 11, 26))


def test_they_come_back_as_they_were() -> None:
    assert result_from_json(json.loads(json.dumps(result_to_json(RESULT)))) == RESULT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"measures": [{"name": "x", "unit": "", "value": "nan"}]}, "finite"),
        ({"measures": [{"name": "", "unit": "", "value": 1}]}, "has a name"),
        ({"measures": [{"name": "x", "unit": 3, "value": 1}]}, "measures.unit"),
        ({"measures": [{"name": "x", "unit": "", "value": 1, "samples": ["inf"]}]}, "finite"),
        ({"measures": {}}, "a list"),
        ({"facts": {"engine": 3}}, "facts.engine"),
        ({"facts": []}, "an object"),
    ],
)
def test_what_is_no_measure_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        result_from_json(result_to_json(RESULT) | change)


def test_a_pass_needs_something_to_show() -> None:
    with pytest.raises(ResultError, match="needs a comparison, measures"):
        Result(str(CELL.id), Outcome.PASS, Phase.COMPARE)
    timed = str(CELL.id).replace("@run", "@time")
    assert Result(timed, Outcome.PASS, Phase.TIME, measures=MEASURES).measures == MEASURES
    with pytest.raises(ResultError, match="needs a timing, or measures"):
        Result(timed, Outcome.PASS, Phase.COMPILE, compiled=(), comparison=_nothing())


def _nothing() -> Any:
    from matrix.result import Comparison

    return Comparison("none", 0, 0)


def test_the_tables_show_the_headline() -> None:
    assert "4123 tokens/s" in render_table(grid(), Terminal(120))
    assert "4123 tokens/s" in render_markdown(grid())


def test_the_page_shows_all_of_them_and_the_facts() -> None:
    page = render_page(grid())
    for said in ("output: 4123 tokens/s (3 samples)", "share: 12.5 %", "engine: steam 1.0", "weights: made"):
        assert said in page


def test_the_document_holds_them_and_is_valid(tmp_path: Path) -> None:
    cell = next(document_cells(grid()))
    assert cell["measures"] == [
        {"name": "output", "unit": "tokens/s", "value": 4123.4, "samples": 3},
        {"name": "share", "unit": "%", "value": 12.5},
    ]
    write_reports(grid(), tmp_path)
    schema = json.loads((Path(__file__).parents[3] / "reports" / "matrix.schema.json").read_text())
    jsonschema.validate(json.loads((tmp_path / "matrix.json").read_text()), schema)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(412.0, "tokens/s", "412 tokens/s"), (1e-7, "nat", "1e-07 nat"), (0.98765, "x", "0.988 x"), (3.0, "", "3")],
)
def test_amounts_are_written_as_people_do(value: float, unit: str, text: str) -> None:
    assert amount(Measure("m", unit, value)) == text
