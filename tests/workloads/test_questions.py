"""Questions of our own: the same each time, with one right answer among four."""

import pytest

from workloads.questions import CHOICES, TASKS, questions_of


@pytest.mark.parametrize("task", TASKS)
def test_questions_are_the_same_each_time_and_differ_among_themselves(task: str) -> None:
    questions = questions_of(task, 50)
    assert questions == questions_of(task, 50)
    assert questions[:10] == questions_of(task, 10)
    assert len({question.prompt for question in questions}) > 40
    for question in questions:
        assert len(question.choices) in (0, CHOICES)
        assert len(set(question.choices)) == len(question.choices)
        assert question.choices or question.answer


def test_the_right_answer_is_right() -> None:
    for question in questions_of("sums", 50):
        one, other = question.prompt.removesuffix(" =").split(" + ")
        assert int(question.choices[question.right]) == int(one) + int(other)
    for question in questions_of("largest", 50):
        assert int(question.choices[question.right]) == max(map(int, question.choices))
    for question in questions_of("recall", 50):
        name = question.prompt.rpartition(" So ")[2].removesuffix(" has the")
        assert f"{name} has the{question.choices[question.right]}." in question.prompt


def test_places_of_right_answers_are_spread() -> None:
    assert {question.right for question in questions_of("largest", 50)} == set(range(CHOICES))


def test_a_task_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        questions_of("riddles", 1)
