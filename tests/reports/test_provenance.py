"""How far a column came with the vendor's kernels: what counts as judged, and the reason beside what does not."""

from __future__ import annotations

from matrix.lint.inventory import GENERATED, JIT, VendorKernel
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Launch, Result
from reports.provenance import NO_CASE, NOT_IMPORTED, NOT_LAUNCHED, NOT_SELECTED, Column, Reach, reach, render_reach

COLUMN = Column("chip", Evidence.INTERPRET, "acme")
OPERATORS = {"add": frozenset({"add.Tensor"}), "mm": frozenset({"mm"}), "sort": frozenset({"sort"})}


def kernel(name: str, *entries: str, kind: str = JIT, architecture: str = "", file: str = "") -> VendorKernel:
    return VendorKernel(file or f"gems/{name}.py", name, kind, architecture, frozenset(entries))


def result(operator: str, outcome: Outcome, *launches: str, gap: str | None = None, file: str = "") -> Result:
    cell = f"chip:{operator}/gems[dtype=float32,sample=typical-0]@interpret"
    comparison = Comparison("exact", 1, 0) if outcome is Outcome.PASS else None
    phase = Phase.COMPARE if outcome in (Outcome.PASS, Outcome.WRONG) else Phase.RUN
    ran = tuple(Launch(name, file or f"gems/{name}.py") for name in launches)
    detail = "" if outcome is Outcome.PASS else "it did not"
    return Result(cell, outcome, phase, detail, comparison=comparison, launches=ran, gap=gap)


def only(kernels: list[VendorKernel], *results: Result) -> Reach:
    (found,) = reach(COLUMN, kernels, OPERATORS, results)
    return found


def test_a_kernel_is_judged_by_a_judged_cell_that_launched_it() -> None:
    kernels = [kernel("add_kernel", "add"), kernel("mm_kernel", "mm"), kernel("sort_kernel", "sort")]
    found = only(
        kernels,
        result("add.Tensor", Outcome.PASS, "add_kernel"),
        result("mm", Outcome.WRONG, "mm_kernel"),
        result("sort", Outcome.INFRA, "sort_kernel", gap="block:scan"),
    )
    assert (found.kernels, found.judged) == (3, 2)
    assert [missed.kernel.name for missed in found.missed] == ["sort_kernel"]
    assert found.missed[0].reason == "stopped by block:scan"
    assert "chip:sort/gems" in found.missed[0].detail


def test_a_kernel_of_the_same_name_in_another_file_is_another_kernel() -> None:
    found = only(
        [kernel("add_kernel", "add")], result("add.Tensor", Outcome.PASS, "add_kernel", file="gems/ops/add.py")
    )
    assert found.judged == 0
    assert found.missed[0].reason == NOT_LAUNCHED
    assert found.missed[0].detail == "add.Tensor: 1 PASS"


def test_each_kernel_that_was_not_judged_has_its_reason() -> None:
    kernels = [kernel("a"), kernel("b", "gelu"), kernel("c", "mm")]
    found = only(kernels, result("add.Tensor", Outcome.PASS))
    assert [missed.reason for missed in found.missed] == [NOT_IMPORTED, NO_CASE, NOT_SELECTED]


def test_what_stopped_a_few_cells_of_an_operator_is_not_why_its_kernel_was_not_launched() -> None:
    other = result("mm", Outcome.UNSUPPORTED)
    most = [result("mm", Outcome.PASS), result("mm", Outcome.WRONG), other]
    assert only([kernel("c", "mm")], *most).missed[0].reason == NOT_LAUNCHED
    assert only([kernel("c", "mm")], *most).missed[0].detail == "mm: 1 PASS, 1 UNSUPPORTED, 1 WRONG"
    assert only([kernel("c", "mm")], most[0], other, other).missed[0].reason == "UNSUPPORTED: it did not"


def test_generated_kernels_are_known_by_their_file_alone() -> None:
    kernels = [
        kernel("index", "add", kind=GENERATED, file="gems/index.py"),
        kernel("plain_kernel", "add", file="gems/index.py"),
    ]
    assert only(kernels, result("add.Tensor", Outcome.PASS, "_made_up", file="gems/index.py")).judged == 1
    assert only(kernels, result("add.Tensor", Outcome.PASS, "plain_kernel", file="gems/index.py")).judged == 1


def test_another_architecture_is_not_held_against_the_column() -> None:
    kernels = [kernel("old", "add", architecture="eight"), kernel("new", "mm", architecture="nine")]
    eight, nine = reach(COLUMN, kernels, OPERATORS, [result("mm", Outcome.PASS, "new")])
    assert (eight.loaded, eight.judged) == (False, 0)
    assert (nine.loaded, nine.judged) == (True, 1)
    neither = reach(COLUMN, kernels, OPERATORS, [result("mm", Outcome.PASS)])
    assert all(item.loaded for item in neither), "where nothing was launched nothing is known of what is loaded"


def test_the_table_and_the_list_are_printed() -> None:
    kernels = [kernel("add_kernel", "add"), kernel("mm_kernel", "mm")]
    text = render_reach([only(kernels, result("add.Tensor", Outcome.PASS, "add_kernel"))])
    assert "chip    interpret  acme             2        1       50.0 %" in text
    assert f"  {NOT_SELECTED} (1)\n    gems/mm_kernel.py:mm_kernel: by mm" in text
    assert "add_kernel.py" not in text
