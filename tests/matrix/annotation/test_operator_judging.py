"""Answers of task 8 through the operator machinery: what runs, what is right, and what was Triton's."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest

from matrix.annotation.operator_checks import read_checks
from matrix.annotation.operator_judging import Limits, OperatorJudge, Told, Tried, Used
from matrix.annotation.operator_source import code_of, objections
from matrix.challenge.child import Answers
from matrix.challenge.task import interpreter
from matrix.outcome import Evidence
from tests.matrix.annotation import answers
from workloads.annotation.generating.making import make
from workloads.annotation.problem import AnnotationError

pytestmark = pytest.mark.long


@cache
def judge_of(evidence: Evidence, seconds: float) -> OperatorJudge:
    return OperatorJudge(interpreter(), evidence, Limits(seconds))


def judged(
    source: str | None, label: str = "", seconds: float = 120.0, evidence: Evidence = Evidence.INTERPRET
) -> Tried:
    check = replace(answers.CHECK, reference="") if label else answers.CHECK
    return judge_of(evidence, seconds).judge("s", source, check, label)


def test_a_right_kernel_runs_is_right_and_is_tritons() -> None:
    tried = judged(answers.RIGHT)
    assert (tried.called, tried.right, tried.used) == (True, True, Used.TRITON)
    assert tried.kernels == ("double_kernel",)
    assert tried.beside == ()


def test_a_kernel_that_is_off_by_a_little_runs_and_is_wrong() -> None:
    tried = judged(answers.WRONG)
    assert (tried.called, tried.right, tried.used) == (True, False, Used.TRITON)
    assert "outside the bound" in tried.problem


def test_plain_torch_is_right_and_is_said_to_be_plain_torch() -> None:
    tried = judged(answers.PLAIN)
    assert (tried.called, tried.right, tried.used) == (True, True, Used.TORCH)
    assert tried.beside == ("mul",)


def test_a_kernel_for_show_is_told_by_what_torch_computed_beside_it() -> None:
    tried = judged(answers.DECOY)
    assert (tried.right, tried.used, tried.beside) == (True, Used.BOTH, ("add",))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (answers.RAISES, "in call 0 it ended early (status 1): ValueError: no"),
        (answers.OUT_OF_BOUNDS, "in call 0 it ended early"),
        (answers.CRASHES, "in call 0 it ended early (status -11)"),
        (answers.ENDS, "in call 0 it ended early (status 0)"),
        (answers.READS, "PermissionError: an answer may not open"),
        (answers.WRITES, "uses torch.save; an operator reads and writes no files"),
        (answers.RIGHT.replace("import triton\n", "import triton\nimport os\n"), "line 3: imports os"),
        (answers.RIGHT + "\nopen('/etc/passwd')\n", "uses open"),
        (answers.RIGHT + "\nprint(double.__globals__)\n", "uses __globals__"),
        (
            answers.RIGHT.replace("def double(x)", "def triple(x)"),
            "defines no double; it defines double_kernel, triple",
        ),
        ("def double(:\n", "is no Python"),
        (None, "there is no prediction"),
    ],
)
def test_what_does_not_run_says_why(source: str | None, said: str) -> None:
    tried = judged(source)
    assert (tried.called, tried.right) == (False, False)
    assert said in tried.problem


def test_a_hang_is_ended() -> None:
    tried = judged(answers.HANGS, seconds=20.0)
    assert (tried.called, tried.right) == (False, False)
    assert "took more than its time" in tried.problem


@pytest.mark.parametrize("source", [answers.FENCED, answers.WITH_TESTS])
def test_code_is_taken_out_of_what_stands_around_it(source: str) -> None:
    assert code_of(source) == answers.RIGHT
    assert objections(code_of(source), "double") == []


def test_a_label_says_what_is_right_where_there_is_no_reference() -> None:
    assert judged(answers.WRONG, label=answers.RIGHT).right is False


def test_a_broken_reference_is_not_the_answers_fault() -> None:
    tried = judged(answers.RIGHT, label=answers.RAISES)
    assert (tried.called, tried.right) == (True, None)
    assert "the reference itself did not end" in tried.problem


def test_an_answer_is_compiled_for_a_target() -> None:
    tried = judged(answers.RIGHT, evidence=Evidence.COMPILE)
    assert tried.compiled
    assert tried.right is None
    assert not judged(answers.PLAIN, evidence=Evidence.COMPILE).compiled
    refused = judged(answers.RIGHT.replace("BLOCK=64", "BLOCK=48"), evidence=Evidence.COMPILE)
    assert not refused.compiled
    assert "power of 2" in refused.problem


def test_forged_lines_are_not_believed() -> None:
    """Without the word, out of order, after an early end, or with calls left out."""
    done = {"word": "w", "call": 0, "done": {"outputs": [], "kernels": [], "beside": []}}
    last = {"word": "w", "finished": True}
    good = Told.of(Answers((done, last), 0, "-"), "w", 1)
    assert good.finished
    forged = [
        Answers(({**done, "word": "v"}, {**last, "word": "v"}), 0, "-"),
        Answers((last,), 0, "-"),
        Answers((last, done), 0, "-"),
        Answers((done, last), 1, "-"),
        Answers((done, last), None, "-"),
        Answers((done, done, last), 0, "-"),
        Answers((), 0, "-"),
    ]
    assert [Told.of(each, "w", 1).finished for each in forged] == [False] * len(forged)


def test_every_kernel_that_is_made_passes_its_own_check() -> None:
    """A few of them through the machinery; all of them by the reader and the static checks."""
    made = make(8, examples=300, test=4)
    listed = [{"id": id_, **check} for id_, check in made.checks.items()]
    checks = read_checks(json.dumps({"checks": listed}).encode(), "x")
    for example in made.file.examples:
        assert objections(code_of(example.output), checks[example.id].function) == []
    for example in made.file.examples[:2]:
        tried = OperatorJudge(interpreter()).judge(example.id, example.output, checks[example.id])
        assert (tried.right, tried.used, tried.problem) == (True, Used.TRITON, "")


def test_checks_are_read_strictly() -> None:
    listed = [
        {"id": 1, "function": "f g", "calls": ["T["], "dtype": "int3", "more": 1},
        {"id": True, "function": "f", "calls": []},
        {"id": "a", "function": "f", "calls": ["T[1]"]},
        {"id": "a", "function": "f", "calls": ["T[1]"]},
        3,
    ]
    with pytest.raises(AnnotationError) as caught:
        read_checks(json.dumps({"checks": listed}).encode(), "c.json")
    text = str(caught.value)
    for said in (
        "checks[0].function",
        "checks[0].dtype",
        "checks[0].calls[0]",
        "'more'",
        "checks[1].id",
        "checks[1].calls",
    ):
        assert said in text
    for said in ("checks[3].id: 'a' is there twice", "checks[4]: is 3"):
        assert said in text
    for data in (b"[]", b"{", b'{"checks": 1}', b'{"checks": [], "x": 1}'):
        with pytest.raises(AnnotationError):
            read_checks(data, "c.json")
