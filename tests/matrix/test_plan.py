"""What a selection plans: tiers, globs, what a profile lacks, and what cannot run here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.profile import Profile
from backends.profiles import load_profiles
from matrix.columns import Column
from matrix.outcome import Evidence, Outcome
from matrix.plan import Plan, Selection, SelectionError, plan
from operators.catalogue import load_catalogue, smoke_operators
from operators.operator import Operator, Sample

PROFILE = Profile("chip", "A chip", "maker", "cpu", "CPU", ("interpret",))
SAMPLES = tuple(
    Sample(name, "T[2]")
    for name in ("typical-0", "typical-1", "expanded-0", "odd-0", "odd-1", "nan-0", "strided-0", "illegal-0")
)
TIMED = (Sample("timed-0", "T[9]", ("float16", "float32")), Sample("timed-1", "T[8]", ("float16", "float32")))


def operator(name: str, base: str, dtypes: tuple[str, ...] = ("float32", "float16", "bfloat16", "int64")) -> Operator:
    return Operator(name, base, "pointwise", {"p": "m:f"}, "aten", "float64", dtypes, SAMPLES)


OPERATORS = {o.name: o for o in (operator("add.Tensor", "add"), operator("add.Scalar", "add"), operator("mm", "mm"))}


def made(selection: Selection, *profiles: Profile, unavailable: dict[str, str] | None = None) -> Plan:
    columns = [Column(profile, Evidence(profile.evidence[0])) for profile in profiles or (PROFILE,)]
    away = {column: unavailable[column.profile.name] for column in columns} if unavailable else None
    return plan(selection, columns, OPERATORS, ["mm"], away)


def timed(selection: Selection, *evidences: Evidence) -> Plan:
    """The plan for operators that have timed samples too, but for `add.Scalar`."""
    operators = {
        name: found if name == "add.Scalar" else replace(found, samples=(*SAMPLES, *TIMED))
        for name, found in OPERATORS.items()
    }
    return plan(selection, [Column(PROFILE, evidence) for evidence in evidences], operators, ["mm"])


def rows(result: Plan) -> list[tuple[str, str, str]]:
    return [(c.case.operator.name, c.case.dtype, c.case.sample.name) for c in result.cells]


def test_full_is_every_case_of_every_operator() -> None:
    assert len(made(Selection("full")).cells) == 3 * len(SAMPLES) * 4


def test_quick_has_every_operator_and_gives_the_first_of_a_base_its_edges() -> None:
    found = rows(made(Selection("quick")))
    assert [row for row in found if row[0] == "add.Scalar"] == [("add.Scalar", "float32", "typical-0")]
    assert [row for row in found if row[0] == "add.Tensor"] == [
        ("add.Tensor", "float32", "typical-0"),
        ("add.Tensor", "bfloat16", "typical-0"),
        ("add.Tensor", "float32", "odd-0"),
        ("add.Tensor", "float32", "strided-0"),
        ("add.Tensor", "float32", "nan-0"),
        ("add.Tensor", "float32", "expanded-0"),
        ("add.Tensor", "float32", "illegal-0"),
    ]


def test_smoke_is_the_named_operators_only() -> None:
    found = rows(made(Selection("smoke")))
    assert {row[0] for row in found} == {"mm"}
    assert {row[1] for row in found} == {"float32", "bfloat16", "float16"}
    assert [row[2] for row in found if row[1] == "float32"] == ["typical-0", "odd-0", "strided-0"]


def test_an_operator_that_is_asked_for_by_name_is_planned_in_any_tier() -> None:
    assert {row[0] for row in rows(made(Selection("smoke", operators=("add*",))))} == {"add.Tensor", "add.Scalar"}


def test_a_dtype_narrows_before_the_tier_chooses() -> None:
    found = rows(made(Selection("quick", dtypes=("int*",))))
    assert {row[1] for row in found} == {"int64"}
    assert {row[0] for row in found} == set(OPERATORS)


def test_what_the_profile_lacks_is_unsupported_and_stays_in_the_plan() -> None:
    result = made(Selection("full"), replace(PROFILE, lacks=("bf16",)))
    half = [str(cell.id) for cell in result.cells if cell.case.dtype == "bfloat16"]
    assert half
    assert all(result.presets[name].outcome is Outcome.UNSUPPORTED for name in half)
    assert len(result.runnable) == len(result.cells) - len(half)


def test_a_column_that_cannot_run_here_is_planned_and_says_why() -> None:
    result = made(Selection("smoke"), replace(PROFILE, evidence=("run", "time")), unavailable={"chip": "no device"})
    assert result.cells
    assert {cell.evidence for cell in result.cells} == {Evidence.RUN}
    assert {preset.reason for preset in result.presets.values()} == {"no device"}
    assert not result.runnable


def test_what_must_be_refused_has_nothing_to_compile() -> None:
    refused = replace(OPERATORS["mm"], samples=(*SAMPLES, Sample("illegal-1", "T[3]", raises=True)))
    counts = [
        len(plan(Selection("full"), [Column(PROFILE, evidence)], {"mm": refused}, []).cells)
        for evidence in (Evidence.COMPILE, Evidence.INTERPRET)
    ]
    assert counts == [4 * len(SAMPLES), 4 * len(SAMPLES) + 4]


@pytest.mark.parametrize("evidence", [Evidence.COMPILE, Evidence.INTERPRET, Evidence.RUN])
@pytest.mark.parametrize("tier", ["smoke", "quick", "full"])
def test_calls_that_are_timed_change_no_other_plan(tier: str, evidence: Evidence) -> None:
    without = plan(Selection(tier), [Column(PROFILE, evidence)], OPERATORS, ["mm"])
    assert timed(Selection(tier), evidence).digest == without.digest


def test_what_is_timed_is_timed_samples_only() -> None:
    first = [("add.Tensor", "float16", "timed-0"), ("mm", "float16", "timed-0")]
    assert rows(timed(Selection("smoke"), Evidence.TIME)) == first[1:]
    assert rows(timed(Selection("quick"), Evidence.TIME)) == first
    everything = rows(timed(Selection("full"), Evidence.TIME))
    assert len(set(everything)) == len(everything) == 2 * len(TIMED) * 2
    assert {sample for _, _, sample in everything} == {"timed-0", "timed-1"}
    assert {dtype for _, dtype, _ in rows(timed(Selection("quick", dtypes=("float32",)), Evidence.TIME))} == {"float32"}


def test_timing_stands_beside_other_columns() -> None:
    both = timed(Selection("quick"), Evidence.TIME, Evidence.RUN)
    assert both.ids == timed(Selection("quick"), Evidence.TIME).ids + timed(Selection("quick"), Evidence.RUN).ids


def test_the_full_plan_of_the_interpreter_is_what_it_was_before_anything_was_timed() -> None:
    """Its ids are in journals, expectations and documents; harvesting more cases changes this figure on purpose."""
    column = Column(load_profiles()["cpu-interpreter"], Evidence.INTERPRET)
    found = plan(Selection("full"), [column], load_catalogue(), smoke_operators())
    assert (len(found.cells), found.digest[:16]) == (13446, "70f7592a58d731a6")


def test_one_profile_may_have_a_column_for_each_of_its_evidences() -> None:
    both = [Column(PROFILE, Evidence.COMPILE), Column(PROFILE, Evidence.INTERPRET)]
    found = plan(Selection("smoke"), both, OPERATORS, ["mm"], {both[0]: "no compiler"})
    half = len(found.cells) // 2
    assert {cell.evidence for cell in found.cells[:half]} == {Evidence.COMPILE}
    assert set(found.presets) == set(found.ids[:half])
    assert len(set(found.ids)) == 2 * half


def test_the_digest_tells_plans_apart() -> None:
    assert made(Selection("full")).digest == made(Selection("full")).digest
    assert made(Selection("full")).digest != made(Selection("quick")).digest


@pytest.mark.parametrize(
    ("selection", "word"), [(Selection("huge"), "smoke"), (Selection(operators=("nope*",)), "nope")]
)
def test_an_unknown_name_is_refused(selection: Selection, word: str) -> None:
    with pytest.raises(SelectionError, match=word):
        made(selection)
