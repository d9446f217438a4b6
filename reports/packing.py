"""A grid as the compact data of the page: texts once, a letter per cell, facts shared by the cells that have them.

30,000 cases on 20 profiles fit into a few megabytes, because a layer (what was asked of a profile) that was not run costs two
letters a cell. The page's script is the only reader, so the form may change with it; other programs read matrix.json.

    cases    columns: row of the grid, operator, provider, parameters, call (indices into `strings`)
    layers   one for each column: per case a letter for outcome and verdict (`.`: not planned), and for the cells that
             are there, in order: fact, milliseconds, comparison (one value where all are the same)
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matrix.outcome import MEANING, Evidence, Outcome, Verdict
from matrix.record import Json
from matrix.result import Comparison, Compiled, Result
from matrix.verdict import LOUD, SEVERITY
from reports.finding import Finding
from reports.grid import Grid
from reports.measured import describe_facts, describe_measures, square_measure
from reports.sources import conflicts, describe_conflict, describe_strongest, sources
from reports.speed import describe_timing, speeds, square_speed, timing_of
from reports.summary import Summary
from reports.wording import EVIDENCE, SYMBOLS, VERDICTS, clean, count, moment, shorten, tail

ABSENT = "."
OUTCOME_LETTERS: dict[Outcome, str] = dict(zip(Outcome, "PWEUCTODSNI", strict=True))
VERDICT_LETTERS: dict[Verdict, str] = dict(zip(Verdict, "okfbsnu", strict=True))

DETAIL_LIMIT, SHORT_DETAIL_LIMIT, MANY_DETAILS = 800, 160, 5000
OUTPUT_LIMIT = 3000
# Characters of output and tracebacks in all: a page that nobody can open tells nothing.
OUTPUT_BUDGET = 4_000_000
MOST_LAUNCHES, MOST_POLICIES, MOST_NAMES = 20, 8, 200


@dataclass
class Shared:
    """Values, each once, and their places."""

    values: list[Json] = field(default_factory=list)
    places: dict[Hashable, int] = field(default_factory=dict)

    def place(self, value: Json, key: Hashable = None) -> int:
        known = self.places.setdefault(repr(value) if key is None else key, len(self.values))
        if known == len(self.values):
            self.values.append(value)
        return known


class Packer:
    """What is shared while a grid is packed."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.strings = Shared([""], {"": 0})
        self.facts = Shared()
        self.known: dict[tuple[str, int], int] = {}
        loud = [finding for finding in grid.findings if finding.verdict in LOUD]
        self.detail_limit = DETAIL_LIMIT if len(loud) <= MANY_DETAILS else SHORT_DETAIL_LIMIT
        self.with_output = _within_budget(loud)
        self.merged = grid.merged

    def text(self, text: str | None, limit: int = DETAIL_LIMIT) -> int:
        key = (text or "", limit)
        if key not in self.known:
            bounded = shorten(clean(key[0]), limit)
            self.known[key] = self.strings.place(bounded, bounded)
        return self.known[key]

    def fact(self, finding: Finding) -> int:
        """Everything that many cells have in common: phase, detail, gap, kernels, attempts, expectation, output."""
        result = finding.result
        launches: list[Json] = [
            [self.text(item.kernel, 200), self.text(item.file, 300), item.count]
            for item in result.launches[:MOST_LAUNCHES]
        ]
        attempts: list[Json] = (
            [self._attempt(attempt) for attempt in finding.attempts] if len(finding.attempts) > 1 else []
        )
        expectation = finding.expectation
        output = finding.text in self.with_output
        fact: list[Json] = [
            self.text(result.phase),
            self.text(result.detail, self.detail_limit),
            self.text(result.gap, 100),
            launches,
            attempts,
            [self.text(expectation.outcome), self.text(expectation.reason), self.text(expectation.issue)]
            if expectation
            else 0,
            self.text(tail(clean(result.traceback or ""), OUTPUT_LIMIT), OUTPUT_LIMIT + 2) if output else 0,
            self.text(tail(clean(result.output or ""), OUTPUT_LIMIT), OUTPUT_LIMIT + 2) if output else 0,
            int(finding.unstable),
            self.text(finding.vacuous) if finding.impostors else 0,
            [self._compiled(item) for item in result.compiled[:MOST_LAUNCHES]],
            self.text(result.remembered, 40),
            [self.text(line, 300) for line in describe_timing(result.timing)] if result.timing else [],
            finding.voices[-1].run + 1 if self.merged and finding.voices else 0,
            self.text(describe_conflict(self.grid, finding)) if finding.conflict else 0,
            self.text(finding.own_rerun or finding.rerun_options, 1000),
            [self.text(line, 300) for line in describe_measures(result.measures)],
            [self.text(line, 600) for line in describe_facts(result)],
        ]
        return self.facts.place(_trim(fact))

    def _compiled(self, item: Compiled) -> Json:
        """A compiled kernel; its compile time is left out, which would keep cells from sharing what they have in common."""
        configuration = ", ".join(f"{name}={value}" for name, value in item.configuration.items())
        names: list[Json] = [self.text(item.kernel, 200), self.text(item.file, 300), self.text(configuration, 600)]
        numbers: list[Json] = [item.count, item.size, item.shared, item.registers, item.spilled]
        return [*names, *numbers, item.tried or 0, item.fitting or 0]

    def _attempt(self, result: Result) -> Json:
        milliseconds = None if result.seconds is None else _number(1000 * result.seconds)
        return [result.attempt, self.text(result.outcome), self.text(result.phase), milliseconds]

    def comparison(self, comparison: Comparison | None) -> Json:
        if comparison is None:
            return 0
        policies = list(comparison.policies.items())[:MOST_POLICIES]
        numbers: list[Json] = [
            self.text(comparison.rule, 300),
            comparison.total,
            comparison.mismatched,
            _number(comparison.max_abs),
            _number(comparison.max_rel),
            _number(comparison.bound),
            0 if comparison.first_bad is None else list(comparison.first_bad[:16]),
            self.text(comparison.got, 200),
            self.text(comparison.expected, 200),
            comparison.output,
            [[self.text(name, 60), int(within)] for name, within in policies],
            [self.text(name, 60) for name in comparison.vacuous[:MOST_POLICIES]],
        ]
        return _trim(numbers)


def pack_grid(grid: Grid, *, strict: bool = False) -> dict[str, Json]:
    """The page's data."""
    packer = Packer(grid)
    cases = _number_cases(grid)
    data: dict[str, Json] = {
        "head": _head(grid, strict=strict),
        "verdicts": [
            [VERDICT_LETTERS[verdict], verdict.value, SYMBOLS[verdict], VERDICTS[verdict]] for verdict in SEVERITY
        ],
        "outcomes": [[OUTCOME_LETTERS[outcome], outcome.value, MEANING[outcome]] for outcome in Outcome],
        "judged": "".join(OUTCOME_LETTERS[outcome] for outcome in Outcome if outcome.judged),
        "evidences": [[evidence.value, EVIDENCE[evidence]] for evidence in Evidence],
        "columns": [
            [column.profile.name, shorten(clean(column.profile.title), 80), column.evidence.strength]
            for column in grid.columns
        ],
        "families": list(dict.fromkeys(row.family for row in grid.rows)),
        "rows": [[row.base, row.family] for row in grid.rows],
        "speeds": {
            str(place): [square_speed(row.squares[place]) for row in grid.rows]
            for place, column in enumerate(grid.columns)
            if column.evidence is Evidence.TIME
        },
        "measures": {
            str(place): {str(index): text for index, text in enumerate(texts) if text}
            for place in range(len(grid.columns))
            if any(texts := [square_measure(row.squares[place]) for row in grid.rows])
        },
        "cases": _cases(grid, cases, packer),
        "layers": _layers(grid, cases, packer),
        "notes": _notes(grid, strict=strict),
        "sources": [
            [
                shorten(clean(text), 200)
                for text in (item.name, item.digest, moment(item.started), item.machine_and_redaction, item.stack)
            ]
            for item in sources(grid)
        ],
    }
    return data | {"strings": packer.strings.values, "facts": packer.facts.values}


def _within_budget(findings: Sequence[Finding]) -> set[str]:
    """The cells whose output is shown: the worst first, until the page is full."""
    left = OUTPUT_BUDGET
    chosen = set()
    for finding in sorted(findings, key=lambda finding: SEVERITY.index(finding.verdict)):
        texts = (finding.result.traceback or "", finding.result.output or "")
        left -= sum(min(len(text), OUTPUT_LIMIT) for text in texts)
        if left < 0:
            break
        chosen.add(finding.text)
    return chosen


def _number_cases(grid: Grid) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for row in grid.rows:
        for square in row.squares:
            for finding in square.findings:
                numbers.setdefault(finding.id.row, len(numbers))
    return numbers


def _cases(grid: Grid, cases: Mapping[str, int], packer: Packer) -> Json:
    rows = {row.base: place for place, row in enumerate(grid.rows)}
    columns: list[list[Json]] = [[0] * len(cases) for _ in range(5)]
    for finding in grid.findings:
        place = cases[finding.id.row]
        parameters = ",".join(f"{key}={value}" for key, value in finding.id.parameters)
        texts = (finding.id.operator, finding.id.provider, parameters, finding.call)
        for column, value in zip(columns, [rows[finding.base], *map(packer.text, texts)], strict=True):
            column[place] = value
    return [*columns]


def _layers(grid: Grid, cases: Mapping[str, int], packer: Packer) -> Json:
    members: dict[tuple[str, Evidence], list[Finding]] = {}
    for finding in grid.findings:
        members.setdefault((finding.id.profile, finding.id.evidence), []).append(finding)
    found = [members.get((column.profile.name, column.evidence), []) for column in grid.columns]
    return [_layer(findings, cases, packer) for findings in found]


def _layer(findings: list[Finding], cases: Mapping[str, int], packer: Packer) -> Json:
    outcomes, verdicts = [ABSENT] * len(cases), [ABSENT] * len(cases)
    findings = sorted(findings, key=lambda finding: cases[finding.id.row])
    for finding in findings:
        place = cases[finding.id.row]
        outcomes[place] = OUTCOME_LETTERS[finding.result.outcome]
        verdicts[place] = VERDICT_LETTERS[finding.verdict]
    milliseconds = [None if finding.seconds is None else _number(1000 * finding.seconds) for finding in findings]
    return [
        "".join(outcomes),
        "".join(verdicts),
        _once([packer.fact(finding) for finding in findings]),
        _once(milliseconds),
        _once([packer.comparison(finding.result.comparison) for finding in findings]),
    ]


def _once(values: Sequence[Json]) -> Json:
    """The values, or the one that all are, as `{"all": value}`."""
    same = values and all(value == values[0] for value in values)
    return {"all": values[0]} if same else list(values)


def _trim(values: list[Json]) -> list[Json]:
    """Without what is absent at the end."""
    while values and values[-1] in (0, None, []):
        values.pop()
    return values


def _number(value: float | None) -> Json:
    """Four significant digits are enough to read; what JSON cannot hold is spelled."""
    if value is None:
        return None
    if not math.isfinite(value):
        return str(value)
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


def _head(grid: Grid, *, strict: bool) -> Json:
    summary = Summary(grid, strict)
    latest = grid.latest
    header = latest.header if latest else None
    facts: list[tuple[str, object]] = [
        ("tier", grid.about.tier or "unknown"),
        ("started", moment(header.started) if header else "unknown"),
        ("run", grid.about.id or "unnamed"),
        ("plan", header.plan if header else ""),
        ("runs", len(grid.runs) if len(grid.runs) > 1 else ""),
        *(header.stack.items() if header else ()),
        *(header.machine.items() if header else ()),
    ]
    return {
        "status": summary.color,
        "headline": summary.headline,
        "seconds": grid.about.seconds,
        "facts": [[clean(name)[:60], shorten(clean(str(value)), 200)] for name, value in facts if value],
    }


def _notes(grid: Grid, *, strict: bool) -> Json:
    """Lists below the grid: a title, a sentence, and lines of (cell id or nothing, text)."""
    summary = Summary(grid, strict)
    vacuity = summary.vacuity
    lapsed = [("", f"{item.kind}: {item.profile}: {item.expectation.pattern} ({item.why})") for item in grid.lapsed]
    fooled = [(item.text, f"{', '.join(item.impostors)} would pass") for item in vacuity.undeclared]
    declared = [(item.text, f"{', '.join(item.impostors)}: {item.vacuous}") for item in vacuity.declared]
    unstable = [(item.text, " then ".join(attempt.outcome for attempt in item.attempts)) for item in summary.unstable]
    gaps = [(gap.example.text, f"{gap.name}: {count(gap.cells, 'cell')}, {gap.share}") for gap in summary.gaps]
    unrun = [
        ("", f"{profile}: {count(number, 'cell')}: {reason}")
        for profile, reasons in summary.unrun.items()
        for reason, number in reasons.most_common(3)
    ]
    no_cases = [("", f"{name}: {reason}") for name, reason in grid.no_cases.items()]
    slower = [(item.text, describe_timing(timing_of(item))[0]) for speed in speeds(grid) for item in speed.slower]
    means = "; ".join(f"{speed.column}: {speed}" for speed in speeds(grid))
    disagreeing = [(item.text, describe_conflict(grid, item)) for item in conflicts(grid)]
    return [
        _note("Conflicts", "Runs disagree, with the same evidence. The newest counts.", disagreeing),
        _note("What does not fit together", "", [("", notice) for notice in grid.notices]),
        _note("Where this comes from", _strongest(grid), [("", str(source)) for source in sources(grid)]),
        _note("Speed", f"Slower than the native operator. {means}.", slower, keep=bool(means)),
        _note("Not run", "Why cells could not be tried here.", unrun),
        _note("Gaps of the emulation", "No fault of an operator: what the emulation cannot do yet.", gaps),
        _note(
            "Expectations to look at",
            "Stale or expired: they excuse nothing (more). Draft: nobody said yet what is wrong.",
            lapsed,
        ),
        _note("Unstable cells", "Their attempts ended differently. The bad one counts.", unstable),
        _note("Vacuous cases", f"{vacuity}.", [*fooled, *declared], keep=bool(vacuity.checked)),
        _note("Operators without cases", "Listed so that no row vanishes.", no_cases),
    ]


def _strongest(grid: Grid) -> str:
    return f"Each case by its strongest evidence: {'; '.join(describe_strongest(grid)) or 'none was judged'}."


def _note(title: str, text: str, lines: Iterable[tuple[str, str]], *, keep: bool = False) -> Json:
    listed = list(lines)
    shown: list[Json] = [[cell, shorten(clean(line), 300)] for cell, line in listed[:MOST_NAMES]]
    return [title, text, shown, len(listed), int(keep)]
