"""A cell: one case on one profile with one evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backends.profile import Limits, Profile
from matrix.identity import CellId
from matrix.inference.case import WorkloadCase
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

    @property
    def limits(self) -> Limits:
        """What it may take. A workload says itself how long: it is not one call."""
        if isinstance(self.case, WorkloadCase):
            seconds = self.case.setting.seconds
            return replace(self.profile.limits, seconds=seconds, timing_seconds=seconds)
        return self.profile.limits
