"""Planning: which cells a run has, in which order. It imports no torch, so a broken vendor stack cannot shorten its column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from backends.profile import Profile
from matrix.cell import Cell
from matrix.columns import Column
from matrix.identity import id_text
from matrix.inference.case import WorkloadCase, cases_of
from matrix.outcome import Evidence, Outcome
from operators.case import Case
from operators.operator import TIMED, Operator, Sample
from workloads.workload import Workload

TIERS = ("smoke", "quick", "full")
# The order in which the quick and smoke tiers take edge cases: those that find most come first.
EDGES = (
    "odd",
    "strided",
    "empty",
    "nan",
    "scalar",
    "broadcast",
    "transposed",
    "one",
    "large",
    "extreme",
    "expanded",
    "illegal",
)
EDGES_OF_TIER = {"smoke": 2, "quick": len(EDGES)}
FEATURE_OF_DTYPE = {
    "float64": "fp64",
    "bfloat16": "bf16",
    "int64": "int64",
    "float8_e4m3fn": "fp8",
    "float8_e5m2": "fp8",
}


class SelectionError(ValueError):
    """A selection names something that is not there."""


@dataclass(frozen=True)
class Selection:
    """What to run: a tier, narrowed by globs. An empty tuple narrows nothing.

    Naming operators alone leaves the workloads out, and naming workloads alone the operators.
    """

    tier: str = "smoke"
    operators: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    """An outcome that is known before anything runs, and why."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class Plan:
    """The ordered cells, with those whose outcome is settled at once (`presets`, by cell id)."""

    cells: tuple[Cell, ...]
    presets: Mapping[str, Preset] = field(default_factory=dict)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The id of each cell. Columns share their cases, so the middle of an id is written once for all of them."""
        rows: dict[int, str] = {}
        for cell in self.cells:
            if id(cell.case) not in rows:
                rows[id(cell.case)] = cell.id.row
        return tuple(id_text(cell.profile.name, rows[id(cell.case)], cell.evidence) for cell in self.cells)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the ids: two plans are the same exactly when their digests are."""
        return hashlib.sha256("\n".join(self.ids).encode()).hexdigest()

    @property
    def runnable(self) -> tuple[Cell, ...]:
        return tuple(cell for cell, name in zip(self.cells, self.ids, strict=True) if name not in self.presets)


def plan(  # noqa: PLR0913 - what is asked for, of what is declared, and what cannot be had
    selection: Selection,
    columns: Sequence[Column],
    operators: Mapping[str, Operator],
    smoke: Iterable[str],
    unavailable: Mapping[Column, str] | None = None,
    *,
    workloads: Mapping[str, Workload] | None = None,
) -> Plan:
    """The plan of a selection; in each column workloads stand after the operators.

    `smoke` names the operators of the smoke tier; `unavailable` gives, for columns that cannot be filled here, the reason.
    Raises SelectionError for an unknown tier and for a pattern that matches nothing.
    """
    if selection.tier not in TIERS:
        raise SelectionError(f"{selection.tier!r} is not a tier; allowed are {', '.join(TIERS)}")
    timing = any(column.evidence is Evidence.TIME for column in columns)
    cases = tuple(
        case
        for timed in ((False, True) if timing else (False,))
        for case in _select(selection, operators, frozenset(smoke), timed=timed)
    )
    inference = _select_workloads(selection, workloads or {})
    cells: list[Cell] = []
    presets: dict[str, Preset] = {}
    for column in columns:
        away = (unavailable or {}).get(column)
        made = [Cell(column.profile, case, column.evidence) for case in cases if tells(case, column.evidence)]
        made += [Cell(column.profile, case, column.evidence) for case in inference if _belongs(case, column, selection)]
        cells += made
        if away or column.profile.lacks:
            settled = ((cell, _preset(column.profile, cell.case, away)) for cell in made)
            presets |= {str(cell.id): preset for cell, preset in settled if preset}
    return Plan(tuple(cells), presets)


def tells(case: Case, evidence: Evidence) -> bool:
    """Whether an evidence can say anything about a case.

    Calls of real size are for timing, and timing takes no others. What must be refused by host code has nothing to compile,
    and neither has a provider that is no Triton kernel.
    """
    if isinstance(case, WorkloadCase):
        return evidence.value in case.setting.evidence
    if (case.sample.kind == TIMED) is not (evidence is Evidence.TIME):
        return False
    return evidence is not Evidence.COMPILE or (not case.sample.raises and case.operator.proof != "call")


def lacking(profile: Profile, case: Case) -> str | None:
    """The feature that a case needs and a profile declares it has not."""
    if not profile.lacks:
        return None
    needs = [*case.operator.needs]
    if case.dtype in FEATURE_OF_DTYPE:
        needs.append(FEATURE_OF_DTYPE[case.dtype])
    return next((need for need in needs if need in profile.lacks), None)


def _preset(profile: Profile, case: Case, away: str | None) -> Preset | None:
    if need := lacking(profile, case):
        return Preset(Outcome.UNSUPPORTED, f"{profile.name} declares that it has no {need}")
    return Preset(Outcome.NOT_RUN, away) if away else None


def _select(
    selection: Selection, operators: Mapping[str, Operator], smoke: frozenset[str], *, timed: bool
) -> Iterator[Case]:
    """The operators' cases of a selection, of those that are timed or of the others."""
    if selection.workloads and not selection.operators:
        return
    chosen = [operator for operator in operators.values() if _named(operator, selection.operators)]
    for pattern in selection.operators:
        if not any(_named(operator, (pattern,)) for operator in operators.values()):
            raise SelectionError(
                f"no operator matches {pattern!r}; `python -m matrix plan --tier full` lists all cells, "
                "and `--workload` selects workloads"
            )
    seen: set[str] = set()
    for operator in chosen:
        if selection.tier == "smoke" and operator.name not in smoke and not selection.operators:
            continue
        first = operator.base not in seen
        seen.add(operator.base)
        for sample, dtype in _pairs(operator, selection, leading=first, timed=timed):
            for provider in operator.providers:
                if _matches(provider, selection.providers):
                    yield Case(operator, provider, dtype, sample)


def _select_workloads(selection: Selection, workloads: Mapping[str, Workload]) -> tuple[WorkloadCase, ...]:
    """The workloads' cases of a selection, for any column."""
    for pattern in selection.workloads:
        if not any(fnmatchcase(name, pattern) for name in workloads):
            raise SelectionError(f"no workload matches {pattern!r}; there are {', '.join(workloads) or 'none'}")
    if selection.operators and not selection.workloads:
        return ()
    cases = (
        case
        for name, workload in workloads.items()
        if _matches(name, selection.workloads)
        for case in cases_of(workload, every_dtype=selection.tier == "full" or bool(selection.dtypes))
    )
    return tuple(
        case
        for case in cases
        if _matches(case.provider, selection.providers)
        and _matches(case.dtype, selection.dtypes)
        and _matches(case.setting.name, selection.settings)
    )


def _belongs(case: WorkloadCase, column: Column, selection: Selection) -> bool:
    """Whether a column has a case of a workload in this tier. A workload that is named is not narrowed to smoke's columns."""
    if not tells(case, column.evidence):
        return False
    tier = "quick" if selection.tier == "smoke" and selection.workloads else selection.tier
    if TIERS.index(case.setting.tier) <= TIERS.index(tier):
        return True
    return any(fnmatchcase(column.profile.name, pattern) for pattern in case.setting.smoke)


def _named(operator: Operator, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(
        fnmatchcase(operator.name, pattern) or fnmatchcase(operator.base, pattern) for pattern in patterns
    )


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _pairs(operator: Operator, selection: Selection, *, leading: bool, timed: bool) -> Iterator[tuple[Sample, str]]:
    """Samples and dtypes of one operator. `leading`: it is the first of its base name, which gets more of the quick tier."""
    samples = (sample for sample in operator.samples if (sample.kind == TIMED) is timed)
    offered = [(sample, _dtypes(operator, sample, selection)) for sample in samples]
    offered = [(sample, dtypes) for sample, dtypes in offered if dtypes]
    if not offered:
        return
    if selection.tier == "full":
        yield from ((sample, dtype) for sample, dtypes in offered for dtype in dtypes)
        return
    typical, dtypes = offered[0]
    yield typical, dtypes[0]
    if timed or (selection.tier == "quick" and not leading):
        return
    for dtype in _further_dtypes(dtypes, 2 if selection.tier == "smoke" else 1):
        yield typical, dtype
    for sample, edge_dtypes in _edges(offered[1:])[: EDGES_OF_TIER[selection.tier]]:
        yield sample, edge_dtypes[0]


def _dtypes(operator: Operator, sample: Sample, selection: Selection) -> tuple[str, ...]:
    return tuple(dtype for dtype in sample.dtypes or operator.dtypes if _matches(dtype, selection.dtypes))


def _further_dtypes(dtypes: tuple[str, ...], count: int) -> list[str]:
    """Half precision and integers before other floats: they are where kernels differ."""
    rank = {"bfloat16": 0, "float16": 1, "int64": 2, "int32": 3, "bool": 4}
    return sorted(dtypes[1:], key=lambda name: rank.get(name, 9))[:count]


def _edges(offered: list[tuple[Sample, tuple[str, ...]]]) -> list[tuple[Sample, tuple[str, ...]]]:
    """The first sample of each of the operator's edge kinds, in the order of EDGES."""
    by_kind: dict[str, tuple[Sample, tuple[str, ...]]] = {}
    for sample, dtypes in offered:
        by_kind.setdefault(sample.kind, (sample, dtypes))
    return [by_kind[kind] for kind in EDGES if kind in by_kind]
