"""Workloads in a plan: which tier and column has them, ids that parse back, and operators that stay as they are."""

from dataclasses import replace
from typing import Any

import pytest

from backends.profiles import load_profiles
from matrix.columns import Column
from matrix.declared import Declared
from matrix.identity import IdentityError, parse_id
from matrix.inference.case import WorkloadCase
from matrix.outcome import Evidence, Outcome
from matrix.plan import Plan, Selection, SelectionError, plan
from operators.catalogue import load_catalogue, smoke_operators
from tests.fakes.inference import HOST, SETTING
from workloads.catalogue import load_workloads
from workloads.workload import Workload

WORKLOADS = {
    "talk": Workload("talk", "parity", "", {"own": "x.py:y", "other": "x.py:z"}, (replace(SETTING, smoke=("h*",)),))
}


def made(selection: Selection, evidence: Evidence = Evidence.RUN, **more: Any) -> Plan:
    operators = {name: load_catalogue()[name] for name in ("mm", "add.Tensor")}
    profile = replace(HOST, **more)
    return plan(selection, [Column(profile, evidence)], operators, ["mm"], workloads=WORKLOADS)


def kinds(planned: Plan) -> tuple[int, int]:
    """How many cells of operators and of workloads."""
    number = sum(isinstance(cell.case, WorkloadCase) for cell in planned.cells)
    return len(planned.cells) - number, number


def test_every_tier_has_operators_and_workloads() -> None:
    for tier, number in (("smoke", 2), ("quick", 2), ("full", 4)):
        operators, workloads = kinds(made(Selection(tier)))
        assert operators
        assert workloads == number  # two providers, and in the full tier two dtypes


def test_naming_one_sort_leaves_the_other_out() -> None:
    assert kinds(made(Selection("quick", operators=("mm",))))[1] == 0
    assert kinds(made(Selection("quick", workloads=("t*",))))[0] == 0
    operators, workloads = kinds(made(Selection("quick", operators=("mm",), workloads=("talk",))))
    assert operators
    assert workloads


def test_the_smoke_tier_has_a_workload_on_the_columns_it_names_or_where_it_is_asked_for() -> None:
    late = {"talk": replace(WORKLOADS["talk"], settings=(replace(SETTING, tier="full", smoke=("h*",)),))}
    columns = [Column(replace(HOST, name=name), Evidence.RUN) for name in ("host", "chip")]
    planned = plan(Selection("smoke"), columns, {}, (), workloads=late)
    assert {cell.profile.name for cell in planned.cells} == {"host"}
    asked = plan(Selection("full", workloads=("talk",)), columns, {}, (), workloads=late)
    assert {cell.profile.name for cell in asked.cells} == {"host", "chip"}


def test_an_evidence_that_a_setting_cannot_give_has_no_cell() -> None:
    assert kinds(made(Selection("full"), Evidence.COMPILE))[1] == 0
    assert kinds(made(Selection("full"), Evidence.TIME))[1] == 0


def test_providers_and_dtypes_narrow_workloads_too() -> None:
    planned = made(Selection("smoke", providers=("own",), dtypes=("bf*",), workloads=("talk",)))
    assert [(cell.case.provider, cell.case.dtype) for cell in planned.cells] == [("own", "bfloat16")]


def test_a_dtype_that_the_profile_lacks_is_unsupported() -> None:
    planned = made(Selection("full", workloads=("talk",)), lacks=("bf16",))
    assert {preset.outcome for preset in planned.presets.values()} == {Outcome.UNSUPPORTED}
    assert len(planned.presets) == 2


def test_a_pattern_that_matches_no_workload_says_which_there_are() -> None:
    with pytest.raises(SelectionError, match="no workload matches 'walk'; there are talk"):
        made(Selection("quick", workloads=("walk",)))


def test_operators_are_planned_the_same_with_workloads_or_without() -> None:
    profile = load_profiles()["cpu-interpreter"]
    columns = [Column(profile, Evidence.INTERPRET)]
    alone = plan(Selection("full"), columns, load_catalogue(), smoke_operators())
    beside = plan(Selection("full"), columns, load_catalogue(), smoke_operators(), workloads=load_workloads())
    assert beside.ids[: len(alone.ids)] == alone.ids
    named = Selection("full", operators=("*",))
    assert plan(named, columns, load_catalogue(), (), workloads=load_workloads()).digest == alone.digest


def test_every_id_parses_back_to_its_cell() -> None:
    declared = Declared.read(["*"])
    planned = plan(Selection("full", workloads=("*",)), declared.columns, {}, (), workloads=declared.workloads)
    assert planned.cells
    for cell in planned.cells:
        found = declared.find(parse_id(str(cell.id)))
        assert found == cell
        assert str(found.id) == str(cell.id)


@pytest.mark.parametrize("part", ["sample=transformers-tiny-9", "dtype=int8", "/nobody["])
def test_an_id_of_nothing_declared_is_refused(part: str) -> None:
    text = "cpu-interpreter:model-parity/flag_gems[dtype=float32,sample=transformers-tiny-0]@interpret"
    old = {"s": "sample=transformers-tiny-0", "d": "dtype=float32", "/": "/flag_gems["}[part[0]]
    text = text.replace(old, part)
    with pytest.raises(IdentityError, match="has no setting"):
        Declared.read(["cpu-interpreter"]).find(parse_id(text))


def test_the_default_run_has_a_row_of_inference() -> None:
    declared = Declared.read([])
    planned = declared.plan(Selection())
    found = [str(cell.id) for cell in planned.cells if isinstance(cell.case, WorkloadCase)]
    assert "cpu-interpreter:model-parity/flag_gems[dtype=float32,sample=transformers-tiny-0]@interpret" in found


def test_a_workload_has_its_own_limit() -> None:
    cell = made(Selection("smoke", workloads=("talk",))).cells[0]
    assert cell.limits.seconds == cell.limits.timing_seconds == SETTING.seconds
    assert cell.limits.memory_gib == HOST.limits.memory_gib
