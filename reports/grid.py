"""The grid: results of any number of runs, pivoted to operators x columns. What every renderer takes.

Nothing here decides what a result means (that is `matrix.verdict`) or how it looks (that is a renderer).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from backends.expectation import Expectations
from backends.profile import Profile
from backends.profiles import is_shipped
from matrix.cell import Cell
from matrix.columns import Column
from matrix.identity import CellId, IdentityError, parse_id
from matrix.outcome import Evidence, Outcome, Phase, Verdict
from matrix.result import Result
from matrix.run import Run
from matrix.verdict import Lapsed, find_lapsed, live_expectations, weigh
from reports.finding import Finding, Row, Square, Voice

UNLISTED = "unlisted"
SUITE = "suite"
NOTHING_EXPECTED = Expectations()


@dataclass(frozen=True)
class About:
    """What the record does not say of itself: the name of its folder, the tier that was asked for, how long it took."""

    id: str = ""
    tier: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Adopted:
    """A test of an adopted suite: its node id, and the command that repeats it."""

    node: str
    rerun: str


@dataclass(frozen=True)
class Grid:
    """Everything a reader may ask of the runs.

    columns   profiles with the evidence that was asked of them; a row has one square for each
    rows      grouped by family, in the order of the plan;  lapsed: expectations that are stale or expired
    no_cases  operators that have no case, and why;  notices: what of several runs does not fit together
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    runs: tuple[Run, ...] = ()
    lapsed: tuple[Lapsed, ...] = ()
    no_cases: Mapping[str, str] = field(default_factory=dict)
    about: About = About()
    notices: tuple[str, ...] = ()

    @cached_property
    def merged(self) -> bool:
        """Whether it holds what came in bundles."""
        return any(run.origin is not None for run in self.runs)

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """The profiles of the columns, each once."""
        return tuple({column.profile.name: column.profile for column in self.columns}.values())

    @property
    def latest(self) -> Run | None:
        """The run that started last."""
        return max(self.runs, key=lambda run: run.header.started, default=None)

    @cached_property
    def verdicts(self) -> Counter[Verdict]:
        return Counter(finding.verdict for finding in self.findings)

    @cached_property
    def totals(self) -> dict[tuple[str, Evidence], Counter[Outcome]]:
        """Outcomes per column."""
        count: dict[tuple[str, Evidence], Counter[Outcome]] = {_key(column): Counter() for column in self.columns}
        for finding in self.findings:
            count[finding.id.profile, finding.id.evidence][finding.result.outcome] += 1
        return count


def build_grid(  # noqa: PLR0913 - the one place where everything that a reader needs comes together
    runs: Sequence[Run],
    cells: Iterable[Cell],
    profiles: Sequence[Profile],
    expectations: Mapping[str, Expectations],
    today: date,
    *,
    universe: Iterable[CellId] | None = None,
    no_cases: Mapping[str, str] | None = None,
    catalogues: tuple[str, ...] = (),
    about: About = About(),
    adopted: Mapping[str, Adopted] | None = None,
) -> Grid:
    """Pivot what was planned and what was recorded.

    A planned cell without a result is NOT_RUN, so that an interrupted run has no holes. A recorded cell that no plan
    names (a bundle of another catalogue) is kept under the family `unlisted`. Where runs share a cell, attempts of the
    latest run that carried it speak. universe: every cell of the full tier, to tell which expectations are stale;
    catalogues: files that a rerun must be given; adopted: the tests of an adopted suite, by cell.
    """
    recorded = _merge(runs)
    recorded |= {cell: _missing(cell) for cell in sorted((adopted or {}).keys() - recorded.keys())}
    findings = []
    for cell in cells:
        identity, operator = cell.id, cell.case.operator
        record = recorded.pop(str(identity), None) or _missing(str(identity))
        row = _RowFacts(operator.base, operator.family, cell.case.sample.call, operator.vacuous)
        findings.append(_find(identity, record, row, expectations, today))
    for text, record in recorded.items():
        stranger = _read_id(text)
        if stranger is not None:
            findings.append(
                _find(stranger, record, _stranger(stranger, (adopted or {}).get(text)), expectations, today)
            )
    findings = [replace(finding, catalogues=catalogues) for finding in findings] if catalogues else findings
    files = {one.name: str(Path(one.path).resolve()) for one in profiles if one.path and not is_shipped(one.path)}
    findings = [replace(item, profile_file=files.get(item.id.profile, "")) for item in findings] if files else findings
    columns = _columns(profiles, findings, strongest_first=any(run.origin is not None for run in runs))
    return Grid(
        columns,
        _pivot(findings, columns),
        tuple(findings),
        tuple(runs),
        _lapsed(findings, expectations, today, universe),
        dict(no_cases or {}),
        about,
    )


@dataclass(frozen=True)
class _Record:
    """What the runs say of one cell."""

    final: Result
    attempts: tuple[Result, ...]
    unstable: bool = False
    voices: tuple[Voice, ...] = ()


@dataclass(frozen=True)
class _RowFacts:
    """What the catalogue says of it."""

    base: str
    family: str
    call: str = ""
    vacuous: str | None = None
    rerun: str = ""


def _stranger(identity: CellId, adopted: Adopted | None) -> _RowFacts:
    """The row of a cell that no plan names: a test of a suite, or a case of another catalogue."""
    if identity.operator.startswith(f"{SUITE}."):
        return _RowFacts(
            identity.operator, SUITE, adopted.node if adopted else "", rerun=adopted.rerun if adopted else ""
        )
    return _RowFacts(identity.operator.removeprefix("fused.").partition(".")[0], UNLISTED)


def _merge(runs: Sequence[Run]) -> dict[str, _Record]:
    merged: dict[str, _Record] = {}
    for place, run in sorted(enumerate(runs), key=lambda item: item[1].header.started):
        said = {outcome: Voice(place, outcome) for outcome in Outcome}
        for cell in run.results:
            final, before = run.final(cell), merged.get(cell)
            if final is None or (before is not None and final.outcome is Outcome.NOT_RUN):
                continue
            carried = before is not None and before.final.outcome is not Outcome.NOT_RUN
            voices = (*before.voices, said[final.outcome]) if before is not None and carried else (said[final.outcome],)
            merged[cell] = _Record(final, run.attempts(cell), run.unstable(cell), voices)
    return merged


def _find(
    identity: CellId,
    record: _Record,
    row: _RowFacts,
    expectations: Mapping[str, Expectations],
    today: date,
) -> Finding:
    live = live_expectations(record.final.cell, expectations.get(identity.profile, NOTHING_EXPECTED), today)
    same = [item for item in live if item.outcome == record.final.outcome]
    return Finding(
        identity,
        row.base,
        row.family,
        row.call,
        record.final,
        record.attempts,
        weigh(record.final, live),
        record.unstable,
        next(iter([*same, *live]), None),
        row.vacuous,
        own_rerun=row.rerun,
        voices=record.voices,
    )


def _missing(cell: str) -> _Record:
    detail = "planned, but the record holds no result: the run was interrupted"
    return _Record(Result(cell, Outcome.NOT_RUN, Phase.PLAN, detail), ())


def _read_id(text: str) -> CellId | None:
    try:
        return parse_id(text)
    except IdentityError:  # a line of another company's bundle: it names no cell, so it can fill none
        return None


def _columns(profiles: Sequence[Profile], findings: Iterable[Finding], *, strongest_first: bool) -> tuple[Column, ...]:
    """What has cells: profiles in the given order and then those that only a record knows.

    Evidences stand weakest first, as they are run; where machines are joined, what is known best comes first.
    """
    used = dict.fromkeys((finding.id.profile, finding.id.evidence) for finding in findings)
    known = {profile.name: profile for profile in profiles}
    strangers = {name: Profile(name, name, "", "", "", ()) for name, _ in used if name not in known}
    return tuple(
        Column(profile, evidence)
        for name, profile in (known | strangers).items()
        for evidence in (reversed(Evidence) if strongest_first else Evidence)
        if (name, evidence) in used
    )


def _key(column: Column) -> tuple[str, Evidence]:
    return column.profile.name, column.evidence


def _pivot(findings: Iterable[Finding], columns: Sequence[Column]) -> tuple[Row, ...]:
    families: dict[str, str] = {}
    cells: dict[tuple[str, tuple[str, Evidence]], list[Finding]] = {}
    for finding in findings:
        families.setdefault(finding.base, finding.family)
        cells.setdefault((finding.base, (finding.id.profile, finding.id.evidence)), []).append(finding)
    order = {family: place for place, family in enumerate(dict.fromkeys(families.values()))}
    rows = []
    for base in sorted(families, key=lambda base: order[families[base]]):
        squares = tuple(Square(tuple(cells.get((base, _key(column)), ()))) for column in columns)
        rows.append(Row(base, families[base], squares))
    return tuple(rows)


def _lapsed(
    findings: Iterable[Finding],
    expectations: Mapping[str, Expectations],
    today: date,
    universe: Iterable[CellId] | None,
) -> tuple[Lapsed, ...]:
    outcomes: dict[str, dict[str, Outcome]] = {}
    for finding in findings:
        outcomes.setdefault(finding.id.profile, {})[finding.text] = finding.result.outcome
    everything: dict[str, list[str]] = {}
    for identity in universe or ():
        everything.setdefault(identity.profile, []).append(str(identity))
    lapsed: list[Lapsed] = []
    for profile, found in outcomes.items():
        cells = None if universe is None else everything.get(profile, [])
        lapsed += find_lapsed(expectations.get(profile, NOTHING_EXPECTED), found, today, cells)
    return tuple(lapsed)
