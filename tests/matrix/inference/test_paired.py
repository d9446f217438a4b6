"""The paired test: only the questions on which the sides differ say anything."""

import pytest

from matrix.inference.paired import pair


def test_counts() -> None:
    found = pair([True, True, False, False], [True, False, True, False])
    assert (found.total, found.native, found.provider, found.lost, found.gained) == (4, 2, 2, 1, 1)
    assert found.different == 1.0


def test_the_same_answers_say_nothing() -> None:
    found = pair([True] * 30, [True] * 30)
    assert (found.worse, found.different) == (1.0, 1.0)


def test_a_loss_that_chance_makes_and_one_that_it_does_not() -> None:
    one = pair([True] * 30, [False, *[True] * 29])  # 3 % of 30 questions
    many = pair([True] * 1000, [False] * 30 + [True] * 970)  # 3 % of 1000
    assert one.worse == 0.5
    assert many.worse == pytest.approx(2**-30)


def test_one_side_of_a_binomial() -> None:
    found = pair([True] * 5 + [False], [False] * 5 + [True])
    assert found.worse == pytest.approx(7 / 64)  # five or six of six
    assert found.different == pytest.approx(14 / 64)


@pytest.mark.parametrize(("native", "provider"), [([], []), ([True], [True, False])])
def test_other_questions_are_no_pair(native: list[bool], provider: list[bool]) -> None:
    with pytest.raises(ValueError, match="both sides answer each question"):
        pair(native, provider)
