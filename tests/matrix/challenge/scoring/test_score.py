"""Points cannot be lost without a sentence, and what was not measured is no loss."""

from __future__ import annotations

import pytest

from matrix.challenge.scoring.card import hold
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, covered, divide, unmeasured
from matrix.outcome import Outcome
from tests.fakes.judged import cases, cell


def test_a_share_is_what_the_losses_leave() -> None:
    part = Part("a part", 10, (Loss("because", 0.25), Loss("and because", 0.25)))
    assert part.share == 0.5
    assert part.points == 5
    assert Part("whole", 10).points == 10


@pytest.mark.parametrize(
    "illegal",
    [
        lambda: Loss("", 0.5),
        lambda: Loss("costs nothing", 0.0),
        lambda: Loss("costs too much", 1.5),
        lambda: Part("twice", 1, (Loss("a", 0.7), Loss("b", 0.7))),
        lambda: Part("unmeasured and lost", 1, (Loss("a", 0.7),), unmeasured="no chip"),
        lambda: Score("s", "S", 10, (Part("too little", 9),)),
        lambda: Exhibit("a table", ("one",), (("1", "2"),)),
    ],
)
def test_what_contradicts_itself_cannot_be_made(illegal: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        illegal()  # type: ignore[operator]


def test_what_was_not_measured_leaves_the_score_and_is_not_zero() -> None:
    score = Score(
        "s", "S", 10, (Part("known", 4, (Loss("half is gone", 0.5),)), Part("unknown", 6, unmeasured="no chip"))
    )
    assert (score.points, score.measured, score.share) == (2, 4, 0.5)
    nothing = unmeasured("s", "S", 10, "no chip")
    assert (nothing.points, nothing.measured, nothing.share) == (None, 0, None)


def test_a_part_of_which_a_share_was_measured_is_two() -> None:
    parts = covered("cases", 10, 0.75, [Loss("one is wrong", 0.5)], "3 of 4", "one was not run")
    assert [(part.out_of, part.points) for part in parts] == [(7.5, 3.75), (2.5, None)]
    assert [part.out_of for part in covered("cases", 10, 1.0, [], "", "")] == [10]
    assert covered("cases", 10, 0.0, [], "", "nothing was run")[0].unmeasured == "nothing was run"


def test_points_are_divided_by_weight() -> None:
    assert divide(30, {"a": 2, "b": 1, "c": 0}) == {"a": 20, "b": 10, "c": 0}
    assert divide(30, {"a": 0, "b": 0}) == {"a": 15, "b": 15}


def scores() -> list[Score]:
    return [
        Score("correctness", "C", 30, (Part("cases", 30, (Loss("most are wrong", 0.75),)),)),
        Score("readability", "R", 10, (Part("names", 6), Part("lint", 4, unmeasured="no ruff"))),
    ]


def test_an_entry_that_is_mostly_wrong_earns_for_correctness_alone() -> None:
    found = hold(
        scores(),
        cases(cell(), cell(Outcome.WRONG, sample="odd-0"), cell(Outcome.WRONG, sample="odd-1")),
        "native",
        0.5,
        (),
    )
    assert [score.points for score in found] == [7.5, 0]
    assert found[1].measured == 6
    assert "33.3% of the cases are right" in found[1].parts[0].losses[0].text


def test_an_entry_that_is_right_keeps_what_it_has() -> None:
    assert hold(scores(), cases(cell()), "native", 0.5, ()) == scores()
    assert hold(scores(), (), "native", 0.5, ()) == scores(), "nothing was judged, so nothing is known to be wrong"


def test_an_entry_that_cheats_earns_nothing_and_the_reason_is_said() -> None:
    found = hold(scores(), cases(cell()), "native", 0.5, ("patched: torch.equal was replaced",))
    assert [score.points for score in found] == [0, 0]
    assert "torch.equal was replaced" in found[0].parts[0].losses[0].text
