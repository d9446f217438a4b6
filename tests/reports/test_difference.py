"""What became of a cell between two runs, what is worse, and what the runs as such differ in."""

from __future__ import annotations

from typing import Any

import pytest

from reports.difference import MEANING, WORSE, Category, Difference, compare
from reports.snapshot import read_snapshot
from tests.fakes.documents import cell, document, failed, timed

VENDOR = [{"kernel": "softmax_kernel", "file": "gems/runtime/backend/_chip/ops/softmax.py", "count": 1}]
GENERIC = [{"kernel": "softmax_kernel", "file": "gems/ops/softmax.py", "count": 1}]


def difference(old: dict[str, Any], new: dict[str, Any]) -> Difference:
    return compare(read_snapshot(old, "old"), read_snapshot(new, "new"))


def between(old: Any, new: Any) -> list[tuple[str, str]]:
    """What is said of one cell."""
    found = difference(document(old), document(new))
    return [(change.category.value, change.why) for change in found.changes]


def category(old: Any, new: Any) -> list[str]:
    return [name for name, _ in between(old, new)]


@pytest.mark.parametrize("fault", ["WRONG", "ERROR", "UNCOMPILED", "CRASH", "TIMEOUT", "OOM", "UNDISPATCHED"])
def test_what_passed_and_fails_is_a_new_failure_and_the_other_way_round_it_is_fixed(fault: str) -> None:
    assert category(cell(), failed(outcome=fault)) == ["new failures"]
    assert category(failed(outcome=fault), cell()) == ["fixed"]


@pytest.mark.parametrize(
    "lost",
    [failed(outcome="NOT_RUN"), failed(outcome="INFRA"), failed(outcome="UNSUPPORTED"), failed(phase="reference")],
)
def test_what_is_judged_no_more_is_unknown(lost: Any) -> None:
    assert category(cell(), lost) == ["unknown now"]
    assert category(failed(), lost) == ["unknown now"]
    assert category(lost, cell()) == ["known now"]
    assert category(lost, failed(outcome="WRONG")) == ["known now"]
    assert category(lost, failed(outcome="NOT_RUN", detail="another reason")) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            failed(outcome="WRONG"),
            failed(outcome="CRASH", detail="SIGSEGV"),
            "WRONG in phase compare -> CRASH in phase run",
        ),
        (failed(phase="run"), failed(phase="compare"), "ERROR in phase run -> ERROR in phase compare"),
        (
            failed(detail="TypeError: a"),
            failed(detail="torch.cuda.OutOfMemoryError: b"),
            "TypeError -> OutOfMemoryError",
        ),
        (
            cell(launches=VENDOR),
            cell(launches=GENERIC),
            "softmax_kernel of gems/runtime/backend/_chip/ops/softmax.py -> ",
        ),
        (cell(launches=VENDOR), cell(launches=[]), "-> none besides"),
        (cell(launches=[], compiled=VENDOR), cell(launches=[], compiled=GENERIC), "gems/ops/softmax.py"),
    ],
)
def test_another_fault_and_another_kernel_are_changes(old: Any, new: Any, why: str) -> None:
    (change,) = between(old, new)
    assert change[0] == "changed"
    assert why in change[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (cell(), cell(seconds=90, output="other words")),
        (failed(detail="ValueError: 3 of 9 at 0x7f"), failed(detail="ValueError: 4 of 9 at 0x80")),
        (failed(outcome="WRONG", detail="3 of 9"), failed(outcome="WRONG", detail="4 of 9")),
        (failed(launches=VENDOR), failed(launches=[])),  # how far a failed call came says nothing
        (cell(launches=[{**VENDOR[0], "count": 1}]), cell(launches=[{**VENDOR[0], "count": 3}])),
        (failed(outcome="NOT_RUN"), failed(outcome="INFRA")),
    ],
)
def test_what_is_the_same_is_no_news(old: Any, new: Any) -> None:
    assert category(old, new) == []


def test_a_judged_cell_that_is_not_there_is_gone_and_one_more_is_new() -> None:
    found = difference(document(cell("add"), failed("mm", "NOT_RUN")), document(cell("mul")))
    assert [(change.category, change.cell.base) for change in found.changes] == [
        (Category.NEW, "mul"),
        (Category.GONE, "add"),
    ]


def test_speed_is_told_beyond_both_gates_only() -> None:
    assert between(timed(1.0), timed(0.9)) == [("slower", "speed-up 1x (0.99 to 1.01) -> 0.9x (0.891 to 0.909)")]
    assert category(timed(0.9), timed(1.0)) == ["faster"]
    assert category(timed(1.0, margin=0.001), timed(0.96, margin=0.001)) == []
    assert category(timed(1.0, margin=0.2), timed(0.8, margin=0.2)) == []


def test_speed_is_of_cells_timed_on_purpose_that_pass() -> None:
    assert category(timed(1.0, evidence="run"), timed(0.5, evidence="run")) == []
    slow = timed(0.5, outcome="WRONG", phase="compare", detail="no")
    assert category(timed(1.0), slow) == ["new failures"]
    assert category(timed(1.0), cell(evidence="time", phase="time")) == []


def test_across_devices_no_speed_is_compared_and_that_is_said() -> None:
    found = difference(
        document(timed(1.0), timed(1.0, row="mm", device="")),
        document(timed(0.1, device="Other"), timed(0.1, row="mm")),
    )
    assert found.changes == ()
    assert (found.timed, found.elsewhere) == (
        0,
        {("Chip 9000", "Other"): 1, ("a device that is not named", "Chip 9000"): 1},
    )


def test_against_another_native_operator_no_speed_is_compared() -> None:
    old, new = timed(1.0), timed(0.1)
    old["timing"]["against"], new["timing"]["against"] = "torch.sum", "torch.mean"
    found = difference(document(old), document(new))
    assert (found.changes, list(found.elsewhere)) == (
        (),
        [("Chip 9000, against torch.sum", "Chip 9000, against torch.mean")],
    )


def test_one_cell_may_be_slower_because_another_kernel_answered() -> None:
    assert category(timed(1.0, launches=VENDOR), timed(0.5, launches=GENERIC)) == ["changed", "slower"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ([cell()], [cell()], 0),
        ([failed()], [cell()], 0),
        ([failed()], [failed(outcome="CRASH")], 0),
        ([cell()], [cell(), failed("mm")], 0),
        ([cell()], [failed()], 1),
        ([timed(1.0)], [timed(0.5)], 1),
        ([cell()], [failed(outcome="NOT_RUN")], 1),
        ([cell(), cell("mm")], [cell()], 1),
        ([], [], 3),
        ([cell()], [cell("mm")], 3),
        ([failed(outcome="NOT_RUN")], [failed(outcome="NOT_RUN")], 3),
    ],
)
def test_the_exit_code_says_whether_anything_is_worse(old: list[Any], new: list[Any], code: int) -> None:
    assert difference(document(*old), document(*new)).exit_code() == code


def test_only_gone_cells_can_be_excused() -> None:
    gone = difference(document(cell(), cell("mm")), document(cell()))
    assert (gone.exit_code(), gone.exit_code(allow_gone=True)) == (1, 0)
    lost = difference(document(cell()), document(failed(outcome="NOT_RUN")))
    assert lost.exit_code(allow_gone=True) == 1


def test_alike_changes_of_one_operator_are_one_group() -> None:
    rows = [f"sort/gems[dtype=float32,sample=odd-{place}]" for place in range(900)]
    found = difference(
        document(*map(cell, rows), cell("mm")), document(*(failed(row, "CRASH") for row in rows), failed("mm"))
    )
    groups = found.groups(Category.FAILURE)
    assert [(group.base, group.column, group.words, len(group.changes)) for group in groups] == [
        ("sort", "chip@run", "PASS -> CRASH", 900),
        ("mm", "chip@run", "PASS -> ERROR", 1),
    ]
    assert found.by_operator == {"sort": {Category.FAILURE: 900}, "mm": {Category.FAILURE: 1}}


def test_the_runs_as_such() -> None:
    old = document(cell(), stack={"torch": "2.11", "numpy": "1"}, machine={"driver": "550"}, plan="b" * 64)
    new = document(cell(), stack={"torch": "2.13", "scipy": "1"}, machine={"driver": "550"})
    assert difference(old, new).differs == (
        "plan: bbbbbbbbbbbb -> aaaaaaaaaaaa (other cells were planned)",
        "stack torch: 2.11 -> 2.13",
        "stack numpy: 1 -> not said",
        "stack scipy: not said -> 1",
    )
    assert difference(old, old).differs == ()


def test_every_category_has_its_meaning() -> None:
    assert set(MEANING) == set(Category)
    assert set(WORSE) < set(Category)
