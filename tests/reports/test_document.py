"""matrix.json holds what its schema says, and the schema is strict."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from matrix.outcome import Evidence, Outcome, Phase, Verdict
from reports.document import DETAIL_LIMIT, OUTPUT_LIMIT, SCHEMA_FILE, write_document
from reports.grid import About, Grid

PROMISED = [
    "id",
    "profile",
    "operator",
    "provider",
    "dtype",
    "evidence",
    "outcome",
    "phase",
    "verdict",
    "detail",
    "seconds",
    "rerun",
]


def refuse(token: str) -> Any:
    raise AssertionError(f"{token} is no JSON")


def written(grid: Grid) -> Any:
    stream = io.StringIO()
    write_document(grid, stream)
    return json.loads(stream.getvalue(), parse_constant=refuse)


@pytest.fixture
def schema() -> Any:
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def problems(schema: Any, document: Any) -> list[str]:
    return [error.json_path for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


def test_the_schema_is_a_schema(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_a_document_is_valid(grid: Grid, schema: Any) -> None:
    assert problems(schema, written(replace(grid, about=About("run-1", "quick", 12.5)))) == []


def test_a_document_of_nothing_is_valid(schema: Any) -> None:
    assert problems(schema, written(Grid((), (), ()))) == []


def test_the_schema_and_the_code_know_the_same_words(schema: Any) -> None:
    for name, words in {"outcome": Outcome, "verdict": Verdict, "phase": Phase, "evidence": Evidence}.items():
        assert schema["$defs"][name]["enum"] == [word.value for word in words]


def objects(schema: Any, path: str = "$") -> list[tuple[str, Any]]:
    """Every place of the schema that describes an object with named properties."""
    found = [(path, schema)] if isinstance(schema, dict) and "properties" in schema else []
    pairs = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    return found + [item for key, value in pairs for item in objects(value, f"{path}.{key}")]


def test_the_schema_allows_no_field_that_it_does_not_name(schema: Any) -> None:
    places = objects(schema)
    assert len(places) > 12
    assert [path for path, place in places if place.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("field", PROMISED)
def test_every_promised_field_is_in_every_cell_and_required(grid: Grid, schema: Any, field: str) -> None:
    document = written(grid)
    assert all(field in cell for cell in document["cells"])
    del document["cells"][0][field]
    assert problems(schema, document) == ["$.cells[0]"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("outcome", "SKIPPED"), ("verdict", "fine"), ("seconds", "fast"), ("extra", 1), ("evidence", "hope"), ("id", "x")],
)
def test_what_is_not_in_the_schema_is_refused(grid: Grid, schema: Any, field: str, value: object) -> None:
    document = written(grid)
    document["cells"][0][field] = value
    assert problems(schema, document) != []


def test_the_cells_are_the_grids_in_order(grid: Grid) -> None:
    assert [cell["id"] for cell in written(grid)["cells"]] == [finding.text for finding in grid.findings]


def test_facts_are_spelled_as_in_the_journal(grid: Grid) -> None:
    wrong = written(grid)["cells"][0]
    assert wrong["comparison"]["max_abs"] == "inf"
    assert wrong["comparison"]["max_rel"] == "nan"
    assert [attempt["attempt"] for attempt in wrong["attempts"]] == [1, 2]
    assert wrong["call"] == "T[5, 3], dim=0"


def test_giant_fields_are_cut_and_nothing_acts_on_a_terminal(grid: Grid) -> None:
    error, crash = written(grid)["cells"][1], written(grid)["cells"][3]
    assert len(error["detail"]) == DETAIL_LIMIT
    assert len(error["traceback"]) == OUTPUT_LIMIT + 2
    assert crash["output"] == "boom"
    assert crash["unstable"] is True


def test_totals_vacuity_and_expectations_stand_at_the_top(grid: Grid) -> None:
    document = written(grid)
    assert list(document)[-1] == "cells"
    assert {total["profile"]: total["cells"] for total in document["totals"]} == {
        "laptop": 66,
        "accelerator": 66,
        "faraway": 66,
    }
    assert [item["pattern"] for item in document["expectations"]["expired"]] == ["mm.Tensor"]
    assert [item["impostors"] for item in document["vacuity"]["single"]] == [["zeros"]]
    assert document["no_cases"] == {"weird.Tensor": "needs a device-side generator"}
    assert document["run"]["status"] == "red"
    assert document["run"]["stack"] == {"torch": "2.13.0", "triton": "3.7.1"}


def test_one_cell_is_one_line(grid: Grid) -> None:
    stream = io.StringIO()
    write_document(grid, stream)
    lines = stream.getvalue().splitlines()
    assert sum(line.startswith('{"id":') for line in lines) == len(grid.findings)


def test_unfinished_expectations_are_named_where_there_are_any(grid: Grid, schema: Any) -> None:
    assert "draft" not in written(grid)["expectations"]
    draft = replace(grid.lapsed[0], kind="draft", why="it was drafted")
    document = written(replace(grid, lapsed=(draft,)))
    assert [item["why"] for item in document["expectations"]["draft"]] == ["it was drafted"]
    assert problems(schema, document) == []
