"""Results that contradict themselves cannot be built."""

from __future__ import annotations

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result, ResultError

COMPARED = Comparison(rule="exact", total=1, mismatched=0)


@pytest.mark.parametrize(
    "facts",
    [
        {"outcome": Outcome.PASS, "phase": Phase.COMPARE},
        {"outcome": Outcome.WRONG, "phase": Phase.RUN, "detail": "x", "comparison": COMPARED},
        {"outcome": Outcome.ERROR, "phase": Phase.RUN},
        {"outcome": Outcome.CRASH, "phase": Phase.RUN, "detail": "SIGSEGV", "comparison": COMPARED},
        {"outcome": Outcome.TIMEOUT, "phase": Phase.RUN, "detail": "60 s", "comparison": COMPARED},
        {"outcome": Outcome.ERROR, "phase": Phase.RUN, "detail": "x", "gap": "inline-asm"},
        {"outcome": Outcome.PASS, "phase": Phase.COMPARE, "comparison": COMPARED, "attempt": 0},
    ],
)
def test_a_contradiction_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(ResultError, match="cell"):
        Result("cell", **facts)  # type: ignore[arg-type]


def test_a_pass_with_its_comparison_is_built() -> None:
    assert Result("cell", Outcome.PASS, Phase.COMPARE, comparison=COMPARED).attempt == 1
