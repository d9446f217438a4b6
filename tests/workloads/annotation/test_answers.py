"""What counts as an answer, and when two are the same: the traps that entrants met, each caught by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.annotation.answers import fault, normal, residue, same
from workloads.annotation.tasks import TASKS


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (1, "17"),
        (1, "-3"),
        (2, " 4 "),
        (3, "[83, 406, 400]"),
        (3, "[]"),
        (4, "abcDEF"),
        (4, "answer"),
        (5, "Not sad"),
        (6, "Y"),
        (7, "the twenties"),
        (8, "import triton\n"),
    ],
)
def test_an_answer_of_the_task_s_form_has_no_fault(task: int, text: str) -> None:
    assert fault(TASKS[task], text) == ""


@pytest.mark.parametrize(
    ("task", "text", "said"),
    [
        (1, "17</label>", "residue of markup, '</label>'"),
        (1, "<think>hm</think>17", "residue of markup, '<think>'"),
        (8, "```python\nimport triton\n```", "residue of markup, '```'"),
        (7, "paris<|im_end|>", "residue"),
        (1, "", "is empty"),
        (1, " \n", "is empty"),
        (1, "The answer is 17", "preamble"),
        (5, "Answer: Sad", "preamble"),
        (1, "17.0", "is not one integer"),
        (1, "17 or 18", "is not one integer"),
        (1, "1" * 50, "has 50 characters"),
        (3, "1, 2, 3", "is no list of integers"),
        (3, "[1, 2.5]", "is no list of integers"),
        (5, "sad", "is not one of Sad, Not sad"),
        (6, "Yes", "is not one of Y, N"),
        (7, "paris\nfrance", "more than one line"),
        (8, "def f(:\n", "is no Python"),
        (4, "ab\x00c", "control character '\\x00'"),
        (4, "\ufeffabc", "control character '\\ufeff'"),
        (4, "a" * 4001, "has 4001 characters"),
    ],
)
def test_what_is_wrong_is_named(task: int, text: str, said: str) -> None:
    assert said in fault(TASKS[task], text)


@pytest.mark.parametrize(
    ("task", "prediction", "label", "right"),
    [
        (1, " 007 ", "7", True),
        (1, "+7", "7", True),
        (1, "7</label>", "7", False),
        (3, "[1,2,  3]", "[1, 2, 3]", True),
        (3, "[1, 2]", "[1, 2, 3]", False),
        (4, "ab ", "ab", True),
        (4, "AB", "ab", False),
        (5, "sad", "Sad", False),
        (7, "The  Twenties", "the twenties", True),
    ],
)
def test_exact_match_is_in_the_task_s_own_normal_form(task: int, prediction: str, label: str, right: bool) -> None:
    assert same(TASKS[task], prediction, label) is right


@given(st.sampled_from(sorted(TASKS)), st.text())
def test_normal_form_is_its_own_normal_form(number: int, text: str) -> None:
    once = normal(TASKS[number], text)
    assert normal(TASKS[number], once) == once


@given(st.text(alphabet="abc <>/`|", max_size=20))
def test_plain_words_are_no_residue(text: str) -> None:
    assert residue(text.replace("<", "").replace("`", "")) == ""
