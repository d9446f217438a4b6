"""A cell: one case on one profile with one evidence."""

from __future__ import annotations

from dataclasses import dataclass

from backends.profile import Profile
from matrix.identity import CellId
from matrix.outcome import Evidence
from operators.case import Case


@dataclass(frozen=True)
class Cell:
    """Profile x case x evidence."""

    profile: Profile
    case: Case
    evidence: Evidence

    @property
    def id(self) -> CellId:
        case = self.case
        parameters = (("dtype", case.dtype), ("sample", case.sample.name))
        return CellId(self.profile.name, case.operator.name, case.provider, parameters, self.evidence)
