"""What was found of an entry, case by case: the cells of its runs, each with the family of case that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from matrix.identity import CellId
from matrix.outcome import Evidence, Outcome
from matrix.result import Result
from operators.operator import TIMED, Operator, Sample

ILLEGAL, GRADIENT, FORMS, TYPICAL, EDGES = "illegal", "gradient", "forms", "typical", "edges"
PLAIN_KINDS = ("typical", "large")
GRADIENTS, LARGE = "backward", ".large"
ANSWERS = (Evidence.INTERPRET, Evidence.RUN)  # evidences that compare an answer and are not about time


@dataclass(frozen=True)
class Judged:
    """A cell that was planned or that evidence from elsewhere has. `source`: which run says so, 0 being the card's own."""

    id: CellId
    sample: Sample
    result: Result
    source: int = 0

    @property
    def right(self) -> bool:
        return self.result.outcome is Outcome.PASS

    @property
    def judged(self) -> bool:
        """Whether the entry was put to the test."""
        return self.result.outcome.judged


@dataclass(frozen=True)
class Case:
    """A case with all that was found of it. `row` is its id without profile and evidence.

    hollow  it must raise, as every call of its form does: then that it raises is no merit
    """

    row: str
    operator: str
    family: str
    sample: Sample
    dtype: str
    cells: tuple[Judged, ...]
    hollow: bool = False

    @cached_property
    def deciding(self) -> tuple[Judged, ...]:
        """The cells of the strongest evidence at which its answer was judged: none where it was not."""
        answered = [cell for cell in self.cells if cell.id.evidence in ANSWERS and cell.judged]
        strongest = max((cell.id.evidence.strength for cell in answered), default=None)
        return tuple(cell for cell in answered if cell.id.evidence.strength == strongest)

    @property
    def judged(self) -> bool:
        return bool(self.deciding)

    @property
    def worst(self) -> Judged | None:
        """A cell that decides, one that is not right if there is one."""
        return next((cell for cell in self.deciding if not cell.right), next(iter(self.deciding), None))

    def right(self, policy: str) -> bool:
        """Whether it is right in every deciding cell, under a tolerance policy by name."""
        return self.judged and not self.hollow and all(inside(cell.result, policy) for cell in self.deciding)


def inside(result: Result, policy: str) -> bool:
    """Whether an answer is right under a policy. Where no element was held against a bound, the judge's outcome says it.

    Of an answer of several tensors, a policy's verdict is that of the tensor that decided.
    """
    comparison = result.comparison
    verdict = comparison.policies.get(policy) if comparison is not None else None
    if comparison is None or verdict is None:
        return result.outcome is Outcome.PASS
    if result.outcome is Outcome.PASS:
        return verdict
    # WRONG for its elements alone, and for nothing else, such as an argument that was written to.
    return verdict and result.outcome is Outcome.WRONG and comparison.mismatched > 0


def family_of(main: str, row: str, sample: Sample) -> str:
    """The family of a case: by its sample where the call is illegal, by its row where that is not the task's main one."""
    if sample.raises:
        return ILLEGAL
    if GRADIENTS in row:
        return GRADIENT
    if row.removesuffix(LARGE) != main:
        return FORMS
    return TYPICAL if sample.kind in PLAIN_KINDS else EDGES


def cases_of(rows: Mapping[str, Operator], main: str, cells: Iterable[Judged]) -> tuple[Case, ...]:
    """Every case that has a cell, in the order of the rows; the calls that are timed are no cases."""
    grouped: dict[str, list[Judged]] = {}
    for cell in cells:
        if cell.sample.kind != TIMED:
            grouped.setdefault(cell.id.row, []).append(cell)
    order = {name: place for place, name in enumerate(rows)}
    found = [_case(main, row, each) for row, each in grouped.items()]
    working = {case.operator for case in found if not case.sample.raises and any(cell.right for cell in case.deciding)}
    tried = {case.operator for case in found if not case.sample.raises and case.judged}
    found = [replace(case, hollow=case.sample.raises and case.operator in tried - working) for case in found]
    return tuple(sorted(found, key=lambda case: order.get(case.operator, len(order))))


def _case(main: str, row: str, cells: Sequence[Judged]) -> Case:
    first = cells[0]
    family = family_of(main, first.id.operator, first.sample)
    return Case(row, first.id.operator, family, first.sample, first.id.parameter("dtype"), tuple(cells))


def share_right(cases: Sequence[Case], policy: str) -> float | None:
    """Of the cases that were judged, the share that is right; None where none was."""
    judged = [case for case in cases if case.judged]
    return sum(case.right(policy) for case in judged) / len(judged) if judged else None
