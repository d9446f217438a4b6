"""Adaptability: what `check` complains of, what ruff finds, what was registered, and what was computed by torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from matrix.challenge.checking import Checked, Complaint, Concern
from matrix.challenge.entry import Entry
from matrix.challenge.scoring.adaptability import score_adaptability
from matrix.challenge.scoring.score import Part
from matrix.challenge.scoring.weights import load_weights
from matrix.challenge.style import Remark, Style
from matrix.challenge.watched import Registered, Watched, WatchedCall
from tests.fakes.judged import TASK, repeat

WEIGHTS = load_weights().adaptability
ENTRY = Entry(Path("mine"), TASK, ("Ada",), "MIT", "leaky_relu.py:leaky_relu")
STYLE = Style((), 0, (), 10, 2, 2, (), (), ())
WATCHED = Watched((WatchedCall("a", "x:a/entry[]@interpret", {}, 1),), (Registered("challenge.leaky_relu"),), {})


def parts(*complaints: Complaint, style: Style | None = STYLE, watched: Watched | None = WATCHED) -> dict[str, Part]:
    checked = Checked(Path("mine"), ENTRY, complaints, (), 3)
    found = score_adaptability(checked, style, watched, WEIGHTS, 10, repeat)
    names = ("schema", "licence", "style", "imports", "registration", "own_kernels")
    return dict(zip(names, found.parts, strict=True))


def test_nothing_found_is_nothing_lost() -> None:
    found = parts()
    assert [part.share for part in found.values()] == [1] * 6
    assert sum(part.out_of for part in found.values()) == pytest.approx(10)


def test_a_function_that_is_called_otherwise_costs_its_share() -> None:
    part = parts(Complaint(Concern.SCHEMA, "leaky_relu_", "parameter 2 is nothing"))["schema"]
    assert part.share == 0.5
    assert part.losses[0].text == "parameter 2 is nothing"


def test_a_file_that_cannot_be_read_costs_all_of_the_schema() -> None:
    assert parts(Complaint(Concern.FILES, "leaky_relu.py", "cannot be read as Python"))["schema"].share == 0


def test_heads_cost_by_file_and_imports_all() -> None:
    found = parts(
        Complaint(Concern.LICENCE, "leaky_relu.py", "names no licence"),
        Complaint(Concern.IMPORTS, "leaky_relu.py", "3: imports os"),
    )
    assert found["licence"].share == pytest.approx(0.75)
    assert found["imports"].share == 0


def test_layout_and_findings_cost_half_each() -> None:
    finding = (Remark("a.py", 1, "F401", "unused"),)
    assert parts(style=replace(STYLE, unformatted=("a.py",)))["style"].share == 0.75
    assert parts(style=replace(STYLE, core=finding))["style"].share == 0.75
    assert parts(style=replace(STYLE, core=None, unformatted=None))["style"].points is None


def test_a_form_that_does_not_register_costs_its_share() -> None:
    forms = (
        Registered("a"),
        Registered("b", problem="torch never comes to it"),
        Registered("c", absent="torch has no such operator"),
    )
    part = parts(watched=replace(WATCHED, registered=forms))["registration"]
    assert part.share == 0.5
    assert part.losses[0].text == "b: torch never comes to it"
    absent = replace(WATCHED, registered=forms[2:])
    assert parts(watched=absent)["registration"].unmeasured == "torch has no such operator"
    gone = Watched((), (), {"a": "ImportError: no"})
    assert parts(watched=gone)["registration"].share == 0


def test_defect_11_one_call_that_computes_by_torch_costs_all_of_it() -> None:
    calls = (*WATCHED.calls * 9, WatchedCall("small", "x:small/entry[]@interpret", {"leaky_relu": 1}, 0))
    part = parts(watched=replace(WATCHED, calls=calls))["own_kernels"]
    assert part.share == 0
    assert part.losses[0].text == "1 of 10 calls compute by torch (aten::leaky_relu), such as small"
    assert part.losses[0].command == "repeat x:small/entry[]@interpret"


def test_what_was_not_watched_is_unmeasured() -> None:
    found = parts(watched=None)
    assert (found["registration"].points, found["own_kernels"].points) == (None, None)
