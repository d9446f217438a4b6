"""A workload as a row of the matrix: planning, the runner and reports read it as they read an operator's case.

It imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from operators.case import Case
from operators.operator import Operator, Sample
from workloads.workload import FAMILY, Setting, Workload


@dataclass(frozen=True)
class WorkloadCase(Case):
    """A workload, its provider, dtype and setting. `operator` and `sample` are what it looks like as a row."""

    workload: Workload
    setting: Setting


@cache
def row_of(workload: Workload) -> Operator:
    """What lists and reports read of a row. Nothing of it is called: the judge hands workloads over."""
    dtypes = dict.fromkeys(dtype for setting in workload.settings for dtype in setting.dtypes)
    return Operator(
        name=workload.name,
        base=workload.name,
        family=FAMILY,
        providers=dict(workload.providers),
        reference="native",
        against="native",
        dtypes=tuple(dtypes),
        samples=tuple(_sample(setting) for setting in workload.settings),
        needs=workload.needs,
        vacuous=workload.vacuous,
    )


def case_of(workload: Workload, provider: str, dtype: str, setting: Setting) -> WorkloadCase:
    return WorkloadCase(row_of(workload), provider, dtype, _sample(setting), workload, setting)


@cache
def _sample(setting: Setting) -> Sample:
    return Sample(setting.name, setting.described, setting.dtypes)


def cases_of(workload: Workload, *, every_dtype: bool) -> Iterator[WorkloadCase]:
    """The cases of a workload, settings in their order; of each the first dtype, or all."""
    for setting in workload.settings:
        for dtype in setting.dtypes if every_dtype else setting.dtypes[:1]:
            for provider in workload.providers:
                yield case_of(workload, provider, dtype, setting)
