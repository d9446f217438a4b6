"""Mutants of a small kernel, judged by its own tests in the interpreter: what weak tests let pass, strong ones notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.challenge.entry import read_entry
from matrix.challenge.mutant import Fate, How, Judged, MutationResult
from matrix.challenge.mutation import Budget, MutationError, Subject, imported_kernels, judge_mutants
from matrix.challenge.task import interpreter, load_task
from tests.fakes.entries import HEAD, STRONG, WEAK, write_entry

pytestmark = pytest.mark.long


def judged(folder: Path) -> MutationResult:
    entry = read_entry(folder)
    subject = Subject(
        "small", entry.task, entry.files, entry.folder, len(entry.files), functions=entry.functions, tests=folder
    )
    return judge_mutants(subject, interpreter(), Budget(seconds=1.0))


def of(result: MutationResult, change: str) -> Judged:
    return next(each for each in result.judged if change in str(each.mutant))


BOUND = "place < count -> place < count - 1"
MASK = "mask=inside, other=0) -> tl.load(x + place)"
ENDLESS = "step += 1 -> step -= 1"
UNUSED = "other=0) -> tl.load(x + place, mask=inside, other=0 + 1)"


def test_strong_tests_kill_what_can_be_told_from_the_kernel(tmp_path: Path) -> None:
    result = judged(write_entry(tmp_path))
    assert result.survivors == ()
    assert result.share == 1
    assert (result.ran, result.left_out) == (3, ())
    assert of(result, BOUND).how is How.WRONG
    assert of(result, BOUND).by.startswith("test_shuffle.py::test_values[")
    assert of(result, MASK).how is How.RAISED
    assert of(result, ENDLESS).how is How.TIMED_OUT
    assert of(result, UNUSED).fate is Fate.EQUIVALENT
    assert result.counts[Fate.UNJUDGED] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["entry.toml", "shuffle.py", "test_shuffle.py"]


def test_weak_tests_let_a_wrong_kernel_pass(tmp_path: Path) -> None:
    result = judged(write_entry(tmp_path, WEAK))
    assert of(result, BOUND).fate is Fate.SURVIVED
    assert of(result, MASK).fate is Fate.SURVIVED
    assert of(result, ENDLESS).how is How.TIMED_OUT
    assert of(result, UNUSED).fate is Fate.EQUIVALENT
    assert result.share is not None
    assert result.share < 0.7


def test_tests_that_fail_on_the_kernel_itself_notice_nothing(tmp_path: Path) -> None:
    broken = HEAD + '"""Broken."""\n\n\ndef test_never() -> None:\n    raise AssertionError("always")\n'
    with pytest.raises(MutationError, match=r"no test passes on the kernel as it is; test_shuffle\.py::test_never"):
        judged(write_entry(tmp_path, broken))


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("import nowhere_to_be_found\n", "tests cannot be collected"),
        ("import os\nos._exit(3)\n", r"ended early \(status 3\)"),
        (STRONG.replace("def test", "def no_test"), "the test files hold no test"),
    ],
)
def test_tests_that_cannot_run_are_refused(tmp_path: Path, tests: str, said: str) -> None:
    with pytest.raises(MutationError, match=said):
        judged(write_entry(tmp_path, tests))


def test_our_own_kernels_come_with_what_they_share() -> None:
    subject = Subject.of_task(load_task("roll"))
    assert [path.name for path in subject.files] == ["roll.py", "outputs.py", "pointwise.py", "rows.py"]
    assert subject.own == 1
    assert imported_kernels(subject.files[1]) == ()
