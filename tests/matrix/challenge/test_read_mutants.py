"""What was read of mutants of our own kernels: every declaration is of a mutant that there is, and a wrong one is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.reading import ReadingError
from matrix.challenge import read_mutants
from matrix.challenge.mutant import Fate, How, Judged
from matrix.challenge.mutating import Candidates, candidates_of
from matrix.challenge.mutation import Subject, as_read
from matrix.challenge.read_mutants import READ, Reading
from matrix.challenge.task import load_task, task_names

KERNEL = """
import triton
import triton.language as tl


@triton.jit
def copy_kernel(out, x, count, BLOCK: tl.constexpr):
    place = tl.arange(0, BLOCK)
    value = tl.load(x + place, mask=place < count, other=0)
    tl.store(out + place, value, mask=place < count)
"""
LINE = "value = tl.load(x + place, mask=place < count, other=0)"
UNUSED = f"[[equivalent]]\nline = '{LINE}'\nchanges = ['initial value']\nreason = 'it is not stored'\n"


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(read_mutants, "READ", tmp_path)
    path = tmp_path / "copying.py"
    path.write_text(KERNEL, encoding="utf-8")
    return path


def read(kernel: Path, declared: str) -> tuple[Reading, Candidates]:
    kernel.with_suffix(".toml").write_text(declared, encoding="utf-8")
    return Reading.of("roll", [kernel], kernel.parent), candidates_of([kernel], kernel.parent)


def survived(candidates: Candidates) -> list[Judged]:
    return [Judged(each.mutant, Fate.SURVIVED) for each in candidates.found]


def test_a_survivor_that_was_read_is_equivalent_with_its_reason(kernel: Path) -> None:
    reading, candidates = read(kernel, UNUSED)
    judged, wrong = as_read(reading, candidates, survived(candidates))
    [equivalent] = [each for each in judged if each.fate is Fate.EQUIVALENT]
    assert equivalent.mutant.after.endswith("other=0 + 1)")
    assert equivalent.detail == "it is not stored"
    assert wrong == ()


def test_one_for_chips_only_still_survives(kernel: Path) -> None:
    reading, candidates = read(kernel, UNUSED.replace("[[equivalent]]", "[[chips]]"))
    judged, wrong = as_read(reading, candidates, survived(candidates))
    assert {each.fate for each in judged} == {Fate.SURVIVED}
    assert [each.detail for each in judged if each.detail] == ["for chips only: it is not stored"]
    assert wrong == ()


def test_what_a_case_kills_was_read_wrongly(kernel: Path) -> None:
    reading, candidates = read(kernel, UNUSED)
    killed = [Judged(each.mutant, Fate.KILLED, "a case", How.WRONG) for each in candidates.found]
    judged, [wrong] = as_read(reading, candidates, killed)
    assert {each.fate for each in judged} == {Fate.KILLED}
    assert "declared equivalent; a case kills it" in wrong


def test_what_is_no_mutant_any_more_is_said(kernel: Path) -> None:
    reading, candidates = read(kernel, UNUSED.replace("other=0", "other=7"))
    assert "no mutant is 'initial value' in the line" in as_read(reading, candidates, [])[1][0]


def test_a_declaration_for_one_task_holds_for_no_other(kernel: Path) -> None:
    reading, candidates = read(kernel, f"{UNUSED}tasks = ['gcd']\n")
    judged, wrong = as_read(reading, candidates, survived(candidates))
    assert {each.fate for each in judged} == {Fate.SURVIVED}
    assert wrong == ()


def test_a_declaration_for_one_kernel_holds_for_no_other(kernel: Path) -> None:
    reading, candidates = read(kernel, f"{UNUSED}kernel = 'another_kernel'\n")
    assert len(as_read(reading, candidates, survived(candidates))[1]) == 1


@pytest.mark.parametrize("line", ["changes = ['initial value']", "reason = 'it is not stored'"])
def test_a_declaration_without_a_change_or_a_reason_is_refused(kernel: Path, line: str) -> None:
    with pytest.raises(ReadingError):
        read(kernel, UNUSED.replace(line, ""))


@pytest.mark.parametrize("task", task_names())
def test_every_declaration_is_of_a_mutant_that_there_is(task: str) -> None:
    subject = Subject.of_task(load_task(task))
    reading = Reading.of(task, subject.files, subject.root)
    assert reading.gone(each.mutant for each in candidates_of(subject.files, subject.root).found) == []


def test_every_file_of_declarations_is_of_a_kernel() -> None:
    kernels = {path.stem for path in (READ.parents[1] / "kernels").glob("*.py")}
    assert {path.stem for path in READ.glob("*.toml")} <= kernels
