"""The baseline: nearest examples, a budget that is filled and never burst, and replies read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.annotation.baseline import Nearest, answer_in, fill
from workloads.annotation.data_file import Example, Sample
from workloads.annotation.generating.making import make
from workloads.annotation.strategy import Assignment, Baseline, Budget
from workloads.annotation.tasks import TASKS


def baseline(number: int = 1, minimum: int = 600, limit: int = 3000, examples: int = 64) -> Baseline:
    file = make(number, examples=examples).file
    budget = Budget(minimum, limit, 100, 0.02)
    return Baseline(
        Assignment(file.task, file.definition, file.examples, budget, lambda texts: [len(text) for text in texts])
    )


def test_the_nearest_examples_come_first() -> None:
    examples = [Example(1, "red fox", "a"), Example(2, "blue whale swims", "b"), Example(3, "a red red fox runs", "c")]
    assert [each.id for each in Nearest(examples).order("the red fox")] == [1, 3, 2]
    assert [each.id for each in Nearest(examples).order("nothing of it")] == [1, 2, 3]


@given(st.lists(st.integers(1, 50), max_size=300), st.integers(-10, 500), st.integers(0, 600))
def test_a_budget_is_never_burst_and_filled_where_it_can_be(costs: list[int], aim: int, limit: int) -> None:
    examples = [Example(number, "", str(cost)) for number, cost in enumerate(costs)]
    chosen = fill(examples, lambda some: [int(each.output) for each in some], aim, limit)
    used = sum(int(each.output) for each in chosen)
    assert used <= limit
    left = [each for each in examples if each not in chosen]
    assert used >= aim or all(used + int(each.output) > limit for each in left)


def test_a_prompt_has_the_least_context_and_the_nearest_example_last() -> None:
    strategy = baseline()
    sample = Sample("s", strategy.assignment.examples[5].input)
    chosen = strategy.select(sample)
    [message] = strategy.build(sample, chosen)
    assert 600 <= len(message.content) <= 3000
    assert chosen[-1] == strategy.assignment.examples[5]
    assert message.content.endswith(f"Input: {sample.input}\nOutput:")


@pytest.mark.parametrize(
    ("task", "reply", "answer"),
    [
        (1, "17", "17"),
        (1, " 17\n", "17"),
        (1, "<think>\nhm\n</think>\n\n17", "17"),
        (1, "17</label>", None),
        (1, "It is 17.", None),
        (1, "", None),
        (5, "Not sad", "Not sad"),
        (8, "Here it is:\n```python\nimport triton\n```\nDone.", "import triton"),
        (8, "import triton", "import triton"),
    ],
)
def test_replies_are_read_strictly(task: int, reply: str, answer: str | None) -> None:
    assert answer_in(TASKS[task], reply) == answer


def test_it_reminds_once_and_gives_up() -> None:
    strategy = baseline()
    sample = Sample("s", "[1, 2]")
    assert "one integer" in (strategy.follow_up(sample, "seventeen", 1) or "")
    assert strategy.follow_up(sample, "seventeen", 2) is None


def test_a_scaled_budget_says_so() -> None:
    assert "scaled to 0.02 of the official one" in Budget(600, 3000, 100, 0.02).words
    assert "scaled" not in Budget(30000, 130000, 100).words
