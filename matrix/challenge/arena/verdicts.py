"""Verdicts of the arena: a result that ends a case, what findings make of one, and an answer that is near enough."""

from __future__ import annotations

from dataclasses import replace

import torch

from matrix.judging.reference import Answer
from matrix.judging.timed import allowed_distance, distance
from matrix.outcome import Outcome, Phase
from matrix.result import Result
from matrix.tampering import Tampering


class Ended(Exception):  # noqa: N818 - a verdict
    """The case ends here, with this result."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.detail)
        self.result = result


def with_tampering(result: Result, findings: tuple[Tampering, ...]) -> Result:
    """A result that says what was found. A PASS becomes an ERROR, or UNDISPATCHED where torch answered."""
    if not findings:
        return result
    words = "; ".join(dict.fromkeys(map(str, findings)))
    detail = f"tampering: {words}" + (f"; {result.detail}" if result.detail else "")
    if result.outcome.blames_provider:
        return replace(result, detail=detail, tampering=findings)
    outcome = Outcome.UNDISPATCHED if {each.kind for each in findings} == {"fall-back"} else Outcome.ERROR
    return replace(result, outcome=outcome, phase=Phase.RUN, detail=detail, gap=None, timing=None, tampering=findings)


def near(got: dict[str, torch.Tensor], due: Answer) -> bool:
    """Whether an answer is, as a whole, the one that is due: as far from it as another order of rounding is."""
    native = dict(due.native or due.exact)
    for label, exact in due.exact:
        mine = got.get(label)
        if mine is None or mine.shape != exact.shape or mine.dtype != native[label].dtype:
            return False
        if not distance(mine, exact.to(mine.dtype)) <= allowed_distance(mine.dtype):
            return False
    return True


def short(text: str | None, limit: int = 160) -> str:
    plain = " ".join((text or "").split())
    return plain if len(plain) <= limit else plain[: limit - 3] + "..."
