"""What a cell that was carried many times over says in its result. Nothing here imports torch.

    PASS   comparison: total = repetitions, mismatched = 0
    WRONG  comparison: total = repetitions, mismatched = those that differ from the first, first_bad = the first of them

The rule names it, so that such a result is never taken for one that agreed with a reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from matrix.outcome import Outcome
from matrix.result import Comparison, Result
from operators.operator import Operator

# Variables of the workers: how often a case is called, and after how many seconds it is left at what there is by then.
COUNT_VARIABLE, SECONDS_VARIABLE = "MATRIX_REPEAT", "MATRIX_REPEAT_SECONDS"
_RULE = re.compile(r"\d+ repetitions bit-identical( \(of \d+: time was up\))?")


@dataclass(frozen=True)
class Repetitions:
    """How often a case was called, and how many of the answers differed from the first.

    fault   what it ended in instead, where it crashed, hung or raised on the way
    """

    count: int
    different: int
    fault: str = ""

    @property
    def alike(self) -> bool:
        return not self.different and not self.fault

    def __str__(self) -> str:
        return self.fault or f"{self.different} of {self.count} differ from the first"


def rule(count: int, asked: int) -> str:
    """The rule of a comparison of repetitions."""
    return f"{count} repetitions bit-identical" + (f" (of {asked}: time was up)" if count < asked else "")


def repetitions(result: Result) -> Repetitions | None:
    """What a result says of repetitions; None for one of another kind, or that never came so far."""
    comparison: Comparison | None = result.comparison
    if comparison is None or _RULE.fullmatch(comparison.rule) is None:
        return None
    if (result.outcome is Outcome.PASS) != (comparison.mismatched == 0):
        return None  # a record that contradicts itself says nothing
    return Repetitions(comparison.total, comparison.mismatched)


def told(result: Result) -> Repetitions | None:
    """What the result of a run of repetitions says; None where the case was not put to the test."""
    found = repetitions(result)
    if found is None and result.outcome.blames_provider:
        return Repetitions(0, 0, fault=result.outcome.value)
    return found


def repeatable(operator: Operator) -> bool:
    """Whether the same inputs must give the same answer: a random operator is asked for another one each time."""
    return operator.family != "random" and operator.against != "distribution"
