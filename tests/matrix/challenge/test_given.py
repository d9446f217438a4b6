"""Runs that a card rests on: only of the very same entry, and where two disagree the one that is not right counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from matrix.challenge.given import STACK_KEY, Given, judged_of, read_given
from matrix.challenge.scoring.cases import Judged
from matrix.challenge.scoring.making import expected_timings, tampering_of
from matrix.outcome import Outcome
from matrix.run import Header, Run
from matrix.runner.journal import Journal, write_header
from matrix.tampering import Tampering
from matrix.usage import UsageError
from tests.fakes.judged import TASK, cell

ROWS = TASK.rows


def given(*cells: Judged) -> Given:
    results = {str(each.id): (each.result,) for each in cells}
    return Given("a run", Run(Header(), results), own=False)


def write_run(folder: Path, digest: str | None) -> Path:
    folder.mkdir()
    journal = Journal(folder / "journal-001-run.jsonl", "run-1")
    journal.write("run", write_header(Header(stack={} if digest is None else {STACK_KEY: digest})))
    journal.opened()
    journal.result(cell().result)
    return folder


def test_only_cells_of_the_task_and_the_entry_count() -> None:
    mine = cell()
    foreign = replace(mine, id=replace(mine.id, provider="ours"), result=replace(mine.result, cell="no id at all"))
    unknown = cell(sample="typical-99")
    other = cell(row="challenge.roll")
    narrow = cell(sample="extreme-0", dtype="int8")
    assert [each.id for each in judged_of([given(mine, foreign, unknown, other, narrow)], ROWS)] == [mine.id]


def test_of_two_runs_of_a_cell_the_one_that_is_not_right_counts() -> None:
    good, bad, idle = cell(), cell(Outcome.WRONG), cell(Outcome.NOT_RUN)
    for runs in ([good, bad], [bad, good], [idle, bad], [bad, idle]):
        found = judged_of([given(each) for each in runs], ROWS)
        assert [each.result.outcome for each in found] == [Outcome.WRONG]
    assert judged_of([given(idle), given(good)], ROWS)[0].source == 1


def test_a_run_of_the_same_entry_is_read(tmp_path: Path) -> None:
    assert read_given(write_run(tmp_path / "run", "ab"), "ab")[0].run.results


@pytest.mark.parametrize(
    ("digest", "sentence"), [("cd", "is of another entry"), (None, "holds no judgement"), ("", "is of another entry")]
)
def test_anything_else_is_refused(tmp_path: Path, digest: str | None, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_given(write_run(tmp_path / "run", digest), "ab")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        read_given(tmp_path / "nowhere", "ab")


def tampered(kind: str, number: int = 0) -> Judged:
    found = cell(Outcome.ERROR, sample=f"typical-{number}")
    return replace(found, result=replace(found.result, tampering=(Tampering(kind, "seen"),)))


def test_tampering_is_told_once_for_each_kind_and_a_fall_back_is_none() -> None:
    assert tampering_of([cell(), tampered("fall-back")]) == ()
    found = tampering_of([tampered("patched"), tampered("patched", 1), tampered("replay", 2)])
    assert [text.partition(":")[0] for text in found] == ["patched", "replay"]
    assert "2 findings of this kind" in found[0]


def test_the_task_says_how_many_calls_are_timed() -> None:
    assert expected_timings(dict(ROWS)) == 0
