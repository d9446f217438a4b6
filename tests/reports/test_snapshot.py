"""Reading a matrix.json that another company wrote: what is wrong is one sentence each, and nothing is a traceback."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Result, Sampled, Timing
from matrix.usage import UsageError
from reports import snapshot
from reports.difference import compare
from reports.difference_json import render_json
from reports.difference_markdown import render_markdown_difference
from reports.difference_text import render_text
from reports.document import document_cells, document_head
from reports.grid import Grid
from reports.snapshot import Snapshot, Speed, load_snapshot, parse_snapshot, read_snapshot
from tests.fakes.documents import cell, document, failed, timed


def problems(found: object) -> list[str]:
    with pytest.raises(UsageError) as error:
        parse_snapshot(json.dumps(found), "x.json")
    return str(error.value).splitlines()


def changed(**changes: Any) -> dict[str, Any]:
    return document(cell(**changes))


def test_a_cell_is_read_whole() -> None:
    read = parse_snapshot(json.dumps(document(timed(1.5), failed("mm"))), "x.json")
    passed, broken = read.cells.values()
    assert (passed.id.operator, passed.id.evidence, passed.base) == ("add.Tensor", Evidence.TIME, "add")
    assert passed.kernels == {("add_kernel", "gems/ops/add.py")}
    assert passed.speed is not None
    assert (passed.speed.speedup, passed.speed.device) == (1.5, "Chip 9000")
    assert (broken.outcome, broken.phase, broken.detail) == (Outcome.ERROR, Phase.RUN, "RuntimeError: no")
    assert read.facts["stack torch"] == "2.13.0"
    assert read.facts["machine processor"] == "two cores"


def test_an_absent_timing_or_one_without_its_interval_is_no_speed() -> None:
    without = timed(1.5)
    del without["timing"]["speedup_low"]
    endless = timed(1.5, row="mm")
    endless["timing"]["speedup_high"] = "inf"
    read = parse_snapshot(json.dumps(document(cell(), without, endless)), "x.json")
    assert [seen.speed for seen in read.cells.values()] == [None, None, None]


def test_the_project_s_own_document_is_read_with_all_that_it_says(grid: Grid) -> None:
    first = replace(grid.findings[-1], id=replace(grid.findings[-1].id, evidence=Evidence.TIME))
    sampled = Sampled((2e-4,) * 6, 1e-5)
    timing = Timing(sampled, sampled, "aten::mm", 1.25, 1.2, 1.5, "Chip 9000", "interval")
    passed = Result(first.text, Outcome.PASS, Phase.COMPARE, comparison=Comparison("exact", 1, 0), timing=timing)
    findings = (*grid.findings[:-1], replace(first, result=passed))
    written = {**document_head(grid), "cells": list(document_cells(replace(grid, findings=findings)))}
    read = parse_snapshot(json.dumps(written), "x.json")
    assert [(text, seen.outcome, seen.base) for text, seen in read.cells.items()] == [
        (finding.text, finding.result.outcome, finding.base) for finding in findings
    ]
    assert all(seen.judged == finding.judged for seen, finding in zip(read.cells.values(), findings, strict=True))
    assert all(seen.rerun == finding.rerun for seen, finding in zip(read.cells.values(), findings, strict=True))
    assert [seen.speed for seen in read.cells.values() if seen.speed] == [
        Speed(1.25, 1.2, 1.5, "Chip 9000", "aten::mm")
    ]
    assert (read.facts["plan"], read.facts["stack triton"]) == ("0123abcd", "3.7.1")


def test_what_is_not_used_is_dropped_while_parsing() -> None:
    assert "output" not in json.loads(json.dumps(cell()), object_hook=snapshot._slim)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "schema is a list of 0; allowed is 'compatibility-matrix/1'"),
        ({"schema": "compatibility-matrix/9"}, "'compatibility-matrix/9'"),
        ({**document(), "cells": {}}, "cells is an object of 0; a list"),
        ({**document(), "run": 3}, "run is 3"),
        ({**document(), "machine": {"cpu": 7}}, "machine cpu is 7; a text is allowed"),
        ({**document(), "cells": [3]}, "cells[0]: 3; an object is allowed"),
        (document(cell(), cell()), "cells[1]: a second cell chip:add.Tensor"),
        (changed(id="x"), "cells[0]: 'x' is not a cell id"),
        (changed(id=" " + cell()["id"]), "without blanks"),
        (changed(id="x" * 501), "at most 500 characters"),
        (changed(outcome="MAYBE"), "'MAYBE' in phase 'compare' is no outcome"),
        (changed(outcome=["PASS"]), "outcome is a list of 1"),
        (changed(phase="later"), "is no outcome in a phase"),
        (changed(detail="x" * 4001), "detail is"),
        (changed(launches=[3]), "kernels are a list of 1"),
        (changed(launches=[{"kernel": 1, "file": "f"}]), "kernel is 1"),
        (changed(timing=3), "timing is 3"),
        (changed(timing={"speedup": -1}), "timing.speedup is -1; a number above 0"),
        (changed(timing={"speedup": 10**400}), "timing.speedup is a giant number"),
        (changed(timing={"speedup": True}), "timing.speedup is True"),
        (changed(timing={"speedup": 2, "speedup_low": 3, "speedup_high": 4}), "it lies within"),
    ],
)
def test_a_wrong_document_is_refused_in_a_sentence(found: object, words: str) -> None:
    (problem,) = problems(found)
    assert problem.startswith("x.json: ")
    assert words in problem


def test_all_problems_come_at_once_and_a_flood_is_cut() -> None:
    assert len(problems(document(cell(outcome="A"), failed("mm", "B")))) == 2
    flood = problems(document(*(cell(f"op{place}", outcome="A") for place in range(50))))
    assert len(flood) == snapshot.MOST_PROBLEMS + 1
    assert flood[-1].endswith("and 40 problems more")


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', "[" * 100_000, '"\\ud800', "9" * 5000, "\x00"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^x\.json: no JSON"):
        parse_snapshot(text, "x.json")


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "matrix.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="no readable"):
        load_snapshot(path)
    monkeypatch.setattr(snapshot, "FILE_LIMIT", 1)
    with pytest.raises(UsageError, match="has 2 bytes; at most 1 are read"):
        load_snapshot(path)


@pytest.mark.parametrize(
    ("rerun", "options"),
    [
        ("python -m matrix rerun 'ID' --catalogue 'my ops.toml'", " --catalogue 'my ops.toml'"),
        ("python -m matrix rerun 'ID' --catalogue '$(reboot)'", " --catalogue '$(reboot)'"),
        ("python -m matrix rerun 'ID' --profile my.toml --catalogue a", " --profile my.toml --catalogue a"),
        ("python -m matrix rerun 'ID' --out /", ""),
        ("python -m matrix rerun 'ID'; reboot", ""),
        ("python -m matrix rerun 'ID' --catalogue", ""),
        ("python -m matrix rerun 'ID", ""),
        ("reboot", ""),
    ],
)
def test_a_command_is_written_here_and_never_handed_on(rerun: str, options: str) -> None:
    read = parse_snapshot(json.dumps(changed(rerun=rerun.replace("ID", cell()["id"]))), "x.json")
    (seen,) = read.cells.values()
    assert seen.rerun == f"python -m matrix rerun '{cell()['id']}'{options}"


def test_a_test_of_a_suite_has_a_command_that_is_not_ours_to_repeat() -> None:
    read = parse_snapshot(json.dumps(changed(rerun="python -m matrix adopt --profile x -- --basetemp=/home")), "x.json")
    (seen,) = read.cells.values()
    assert seen.rerun == ""


def test_only_the_profiles_asked_for() -> None:
    both = read_snapshot(document(cell(), cell(profile="other")), "x")
    assert [seen.id.profile for seen in both.only(["ch*"]).cells.values()] == ["chip"]
    assert len(both.only([]).cells) == 2


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*cell(), *document(), "timing", "speedup"]) | st.text(max_size=5), inner, max_size=6
        )
    ),
    max_leaves=25,
)


def _survives(found: object) -> None:
    try:
        read = parse_snapshot(json.dumps(found), "x.json")
    except UsageError as error:
        told = str(error).splitlines()
    else:
        told = []
        _renders(read)
    assert all(line.startswith("x.json: ") for line in told)


def _renders(read: Snapshot) -> None:
    good = read_snapshot(document(cell(), timed(2.0)), "good")
    for one, other in ((read, good), (good, read)):
        difference = compare(one, other)
        for text in (render_text(difference), render_markdown_difference(difference), render_json(difference)):
            text.encode()
            assert "\x1b" not in text


@given(anything)
def test_no_json_gives_a_traceback(found: object) -> None:
    _survives(found)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*cell(), "timing", "compiled"]), anything, max_size=4), st.data())
def test_no_field_of_a_cell_gives_a_traceback(changes: dict[str, Any], data: st.DataObject) -> None:
    names = ("run", "machine", "cells", "schema")
    head = data.draw(st.dictionaries(st.sampled_from(names), anything, max_size=1))
    _survives({**document(cell(**changes)), **head})


@given(st.text(max_size=60))
def test_no_text_gives_a_traceback(text: str) -> None:
    with pytest.raises(UsageError):
        parse_snapshot(text, "x.json")
