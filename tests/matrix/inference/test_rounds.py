"""Rounds of requests: what is computed of them, and what cannot be true."""

from typing import Any

import pytest

from matrix.inference.request import AnswerError
from matrix.inference.rounds import Round, Served, percentile, read_round, short, spelled, spread
from workloads.engine import Generation

PROMPTS = [[1, 2, 3], [4, 5, 6]]


def written(**changes: Any) -> dict[str, Any]:
    found = [Generation((7, 8), "length", (0.5, 0.75)), Generation((9, 9), "length", (0.5, 1.0))]
    return {**spelled(1.0, PROMPTS, found), **changes}


def test_a_round_survives_being_written() -> None:
    found = read_round(written(), PROMPTS, 2)
    assert (found.generated, found.tokens, found.seconds) == (4, 10, 1.0)
    assert found.requests[0] == Served(3, (7, 8), (0.5, 0.75))


def test_waits_are_those_of_serving_benchmarks() -> None:
    one = Served(3, (1, 2, 3), (0.5, 0.6, 1.0))
    assert (one.first, one.last) == (0.5, 1.0)
    assert one.gaps == pytest.approx((0.1, 0.4))
    assert one.per_token == pytest.approx(0.25)
    assert Served(3, (1,), (0.5,)).per_token is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seconds": 0}, "took 0.0 seconds"),
        ({"seconds": "soon"}, "not written as it should be"),
        ({"requests": []}, "answers 0 requests, not the 2"),
        ({"seconds": 0.8}, "run backwards, or past"),
    ],
)
def test_what_cannot_be_true_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        read_round(written(**changes), PROMPTS, 2)


def test_times_that_run_backwards_are_refused() -> None:
    backwards = Generation((7, 8), "length", (0.75, 0.5))
    with pytest.raises(AnswerError, match="run backwards"):
        read_round(spelled(1.0, PROMPTS[:1], [backwards]), PROMPTS[:1], 2)


def test_more_tokens_than_asked_are_refused_and_fewer_are_told() -> None:
    with pytest.raises(AnswerError, match="has 2 tokens; 1 were asked for"):
        read_round(written(), PROMPTS, 1)
    found = read_round(written(), PROMPTS, 3)
    assert short([found], 3) == "2 of 2 requests came to fewer than 3 tokens, the shortest to 2"
    assert short([found], 2) == ""


def test_percentiles_are_between_values() -> None:
    assert percentile([4.0, 1.0, 2.0, 3.0], 50) == 2.5
    assert percentile([1.0], 99) == 1.0
    assert spread([1.0, 3.0]) == {"mean": 2.0, "p50": 2.0, "p90": pytest.approx(2.8), "p99": pytest.approx(2.98)}
    assert Round(2.0, ()).generated == 0
