"""Versions side by side: what a run says of its stack, and what is said where there is no run."""

from __future__ import annotations

from datetime import date

from backends.expectation import Expectation, Expectations
from backends.pattern import parse_pattern
from backends.profile import Profile
from backends.stack import Axis
from matrix.cell import Cell
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Result
from matrix.run import Header, Run
from operators.case import Case
from operators.operator import Operator, Sample
from reports.grid import build_grid
from reports.stacks import Tried, render_axis, tried

TODAY = date(2026, 11, 24)
AXIS = Axis("grid", "A by B", "default", "{a}-on-{b}", {"a": ("1.0",), "b": ("3.8", "3.9")})
PROFILE = Profile("cpu", "cpu", "nobody", "cpu", "CPU", ("interpret",))


def made(outcomes: list[tuple[Outcome, str]], known: str = "") -> Tried:
    samples = tuple(Sample(f"typical-{place}", "T[2]") for place in range(len(outcomes)))
    operator = Operator("add", "add", "pointwise", {"gems": "aten"}, "aten", "float64", ("float32",), samples)
    cells = [Cell(PROFILE, Case(operator, "gems", "float32", sample), Evidence.INTERPRET) for sample in samples]
    results = {}
    for cell, (outcome, detail) in zip(cells, outcomes, strict=True):
        comparison = Comparison("exact", 2, 0) if outcome is Outcome.PASS else None
        phase = Phase.COMPARE if outcome in (Outcome.PASS, Outcome.WRONG) else Phase.RUN
        results[str(cell.id)] = (Result(str(cell.id), outcome, phase, detail, comparison=comparison),)
    entries = [Expectation("cpu", (parse_pattern(known),), "ERROR", "known", "nobody")] if known else []
    grid = build_grid([Run(Header(), results)], cells, [PROFILE], {"cpu": Expectations(entries)}, TODAY)
    return tried({"a": "1.0", "b": "3.8"}, grid)


def test_cells_are_counted_and_what_is_known_apart() -> None:
    outcomes = [(Outcome.PASS, ""), (Outcome.ERROR, "old"), (Outcome.ERROR, "new"), (Outcome.INFRA, "gap")]
    found = made(outcomes, known="add[sample=typical-1]")
    assert (found.passed, found.failed, found.unjudged, found.known) == (1, 2, 1, 1)
    assert {reason.text for reason in found.reasons} == {"ERROR: new", "INFRA: gap"}


def test_the_most_frequent_reason_comes_first_whatever_its_numbers() -> None:
    outcomes = [
        (Outcome.ERROR, "one"),
        (Outcome.ERROR, "no pointer 3 (a.py:3)"),
        (Outcome.ERROR, "no pointer 4 (b/c.py:14)"),
    ]
    first, second = made(outcomes).reasons
    assert (first.text, first.cells) == ("ERROR: no pointer 3", 2)
    assert (second.text, second.cells) == ("ERROR: one", 1)


def test_the_table_has_a_place_for_every_stack() -> None:
    text = render_axis(
        AXIS,
        [made([(Outcome.PASS, ""), (Outcome.ERROR, "a | b")]), Tried({"a": "1.0", "b": "3.9"}, problem="was not run")],
    )
    assert "| a | b 3.8 | b 3.9 |" in text
    assert "| 1.0 | 1 / 1 / 0 | was not run |" in text
    assert "| 1.0-on-3.8 | 0 | 1 cell: ERROR: a / b |" in text
    assert "| 1.0-on-3.9 | 0 | was not run |" in text
