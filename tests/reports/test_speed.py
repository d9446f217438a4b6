"""Speed in the reports: means with their coverage, what is said of one timing, and where it shows."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Result, Sampled, Timing
from matrix.run import Header, Run
from reports.document import write_document
from reports.grid import Grid, build_grid
from reports.markdown import render_markdown
from reports.page import render_page
from reports.speed import describe_timing, factor, span, speeds
from reports.table import render_table
from tests.reports.conftest import TODAY, make_cells, make_profile


def timing(speedup: float, seconds: float = 1e-4, **facts: object) -> Timing:
    baseline, candidate = (Sampled((value,) * 6, 2e-5) for value in (seconds * speedup, seconds))
    given: dict[str, object] = {"device": "a chip", "stopped": "interval", **facts}
    return Timing(baseline, candidate, "aten::op", speedup, 0.99 * speedup, 1.01 * speedup, **given)  # type: ignore[arg-type]


@pytest.fixture
def timed() -> Grid:
    """Four cells of one operator: twice as fast, half as fast, wrong, not run."""
    profile = make_profile("chip", ("time",))
    cells = make_cells(profile, Evidence.TIME, {"mm": "matmul"})[:4]
    names = [str(cell.id) for cell in cells]
    compared = Comparison("the same computation", 1, 0)
    results = {
        name: (Result(name, Outcome.PASS, Phase.COMPARE, comparison=compared, timing=timing(speedup)),)
        for name, speedup in zip(names[:2], (2.0, 0.5), strict=True)
    }
    results[names[2]] = (Result(names[2], Outcome.WRONG, Phase.COMPARE, "another answer", comparison=compared),)
    return build_grid([Run(Header(started="2026-11-25"), results)], cells, [profile], {}, TODAY)


def test_a_mean_says_what_it_is_over(timed: Grid) -> None:
    (speed,) = speeds(timed)
    assert speed.mean == pytest.approx(1.0)
    assert str(speed) == "geometric mean 1.00x over 2 of 4 cells (50.0 %); 1 faster, 1 slower"
    assert [item.result.timing.speedup for item in speed.slower if item.result.timing] == [0.5]


def test_where_nothing_was_timed_there_is_no_mean(timed: Grid) -> None:
    nothing = build_grid([], [], [], {}, TODAY)
    assert speeds(nothing) == []
    (speed,) = speeds(timed)
    assert str(replace(speed, timed=())) == "nothing was timed of 4 cells"


def test_every_report_shows_it(timed: Grid) -> None:
    stream = io.StringIO()
    write_document(timed, stream)
    document = json.loads(stream.getvalue())
    assert document["speed"][0]["geometric_mean"] == pytest.approx(1.0)
    assert document["cells"][0]["timing"]["speedup"] == 2.0
    assert document["cells"][0]["timing"]["candidate_low"] == 1e-4
    assert "timing" not in document["cells"][2]
    for text in (render_table(timed), render_markdown(timed)):
        assert "geometric mean 1.00x" in text
        assert "0.50x the speed of aten" in text
    assert "0.50x the speed of aten::op" in render_page(timed)


def test_the_facts_of_a_timing_in_words() -> None:
    facts = {"moved": 10**8, "peak_bandwidth": 4e12, "operations": 10**10, "peak_arithmetic": 5e14, "floor": 6e-5}
    lines = describe_timing(timing(0.9, stable=False, conditions={"temperature_c before": 41.0}, **facts))
    text = "\n".join(lines)
    assert "0.90x the speed of aten::op (95 % interval 0.891 to 0.909)" in text
    assert "100 us a call, the native operator 90 us" in text
    assert "25 % of 4.00 TB/s and 20 % of 500 TFLOP/s" in text
    assert "did not come to rest" in text
    assert "near the launch floor of 60 us" in text
    assert "temperature_c before 41" in text


@pytest.mark.parametrize(("seconds", "text"), [(2.5, "2.5 s"), (3e-3, "3 ms"), (4.56e-5, "45.6 us"), (7e-9, "7 ns")])
def test_short_times(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_factors() -> None:
    assert (factor(0.934), factor(1.0), factor(25.4)) == ("0.93x", "1.00x", "25x")
