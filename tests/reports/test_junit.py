"""junit.xml, read back by two readers."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from matrix.outcome import Verdict
from reports.grid import Grid
from reports.junit import write_junit


def written(grid: Grid) -> str:
    stream = io.StringIO()
    write_junit(grid, stream)
    return stream.getvalue()


def test_a_junit_reader_finds_every_cell_and_what_became_of_it(grid: Grid, tmp_path: Path) -> None:
    junitparser: Any = pytest.importorskip("junitparser")
    path = tmp_path / "junit.xml"
    path.write_text(written(grid), encoding="utf-8")
    report = junitparser.JUnitXml.fromfile(str(path))
    suites = {suite.name: suite for suite in report}
    assert list(suites) == ["laptop", "accelerator", "faraway"]
    kinds = {junitparser.Failure: Verdict.BROKEN, junitparser.Error: Verdict.SUITE}
    for suite in suites.values():
        for case in suite:
            [finding] = [
                item
                for item in grid.findings
                if (item.id.profile, f"{item.id.row}@{item.id.evidence}") == (suite.name, case.name)
            ]
            assert case.classname == finding.id.operator
            assert [kinds.get(type(result)) for result in case.result if type(result) in kinds] == [
                verdict for verdict in kinds.values() if verdict is finding.verdict
            ]
    assert (report.tests, report.failures, report.errors) == (198, 6, 2)


def test_the_counts_are_the_elements(grid: Grid) -> None:
    root = ET.fromstring(written(grid))
    for suite in [root, *root]:
        for attribute, element in {"tests": "testcase", "failures": "failure", "errors": "error"}.items():
            assert int(suite.get(attribute, "")) == len(list(suite.iter(element)))
        assert int(suite.get("skipped", "")) == len(list(suite.iter("skipped")))


def test_what_is_not_the_providers_news_is_skipped_with_its_reason(grid: Grid) -> None:
    messages = [item.get("message", "") for item in ET.fromstring(written(grid)).iter("skipped")]
    assert "unknown: no device of this kind is here" in messages
    assert "n/a: lacks bf16" in messages
    assert any(message.startswith("known: ") for message in messages)
    assert "falls back to native" in written(grid)


def test_a_failure_says_what_where_and_how_to_repeat_it(grid: Grid) -> None:
    failure = next(ET.fromstring(written(grid)).iter("failure"))
    assert failure.get("type") == "WRONG"
    assert "</script><img src=x onerror=alert(1)>" in (failure.text or "")
    assert "again: python -m matrix rerun 'laptop:add.Tensor" in (failure.text or "")


def test_control_characters_and_giants_are_left_out(grid: Grid) -> None:
    text = written(grid)
    assert not {chr(code) for code in range(32)} - {"\n", "\t"} & set(text)
    assert "\x1b" not in text
    assert "boom</system-out>" in text
    assert max(map(len, text.splitlines())) < 12_000


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -5.0])
def test_a_time_that_is_none_is_zero(grid: Grid, seconds: float) -> None:
    finding = replace(grid.findings[0], result=replace(grid.findings[0].result, seconds=seconds))
    case = next(ET.fromstring(written(replace(grid, findings=(finding,)))).iter("testcase"))
    assert case.get("time") == "0.000"


def test_nothing_is_a_valid_file_too() -> None:
    assert ET.fromstring(written(Grid((), (), ()))).get("tests") == "0"
