"""matrix.json: every fact of a grid for other programs, as `reports/matrix.schema.json` says. One cell a line.

Facts are spelled as in the journal (`matrix/record.py`), so there is one spelling of a float that JSON cannot hold.
Outputs and tracebacks are cut: the journal has them in full.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TextIO

from backends.expectation import Expectation
from matrix.outcome import Evidence, Outcome
from matrix.record import Json, result_to_json, write_float
from matrix.result import Measure, Result, Timing
from matrix.timing.statistics import median_interval
from reports.finding import Finding
from reports.grid import Grid
from reports.sources import Source, sources, strongest
from reports.speed import speeds
from reports.summary import Summary
from reports.wording import clean, shorten, tail

SCHEMA = "compatibility-matrix/1"
SCHEMA_FILE = Path(__file__).with_name("matrix.schema.json")
DETAIL_LIMIT = 2000
OUTPUT_LIMIT = 4000
MOST_LAUNCHES = 50


def write_document(grid: Grid, stream: TextIO, *, strict: bool = False) -> None:
    """Write the document, cell after cell: a large run never stands in memory twice."""
    stream.write("{\n")
    head = document_head(grid, strict=strict)
    stream.writelines(f"{_dump(name)}: {_dump(value)},\n" for name, value in head.items())
    stream.write('"cells": [')
    before = "\n"
    for cell in document_cells(grid):
        stream.write(before + _dump(cell))
        before = ",\n"
    stream.write("\n]}\n")


def document_head(grid: Grid, *, strict: bool = False) -> dict[str, Json]:
    """Everything but the cells."""
    summary = Summary(grid, strict)
    latest = grid.latest
    head: dict[str, Json] = {
        "schema": SCHEMA,
        "run": _run(grid, summary),
        "profiles": _profiles(grid),
        "machine": dict(latest.header.machine) if latest else {},
        "totals": _totals(grid),
        "speed": _speed(grid),
        "vacuity": _vacuity(summary),
        "expectations": _expectations(grid),
        "gaps": [
            {"name": gap.name, "cells": gap.cells, "tried": gap.tried, "example": gap.example.text}
            for gap in summary.gaps
        ],
        "no_cases": dict(grid.no_cases),
    }
    return head | _merging(grid)


def document_cells(grid: Grid) -> Iterator[dict[str, Json]]:
    """The cells in the order of the plan."""
    found = [_source(source) for source in sources(grid)]
    if not found:
        return (describe_cell(finding) for finding in grid.findings)
    return (describe_cell(finding) | _provenance(finding, found) for finding in grid.findings)


def describe_cell(finding: Finding) -> dict[str, Json]:
    """One cell; what is absent or empty is left out, but for the fields that every reader may count on."""
    identity, result = finding.id, finding.result
    facts: dict[str, Json] = {
        "id": finding.text,
        "profile": identity.profile,
        "operator": identity.operator,
        "base": finding.base,
        "family": finding.family,
        "provider": identity.provider,
        "dtype": finding.dtype,
        "sample": finding.sample,
        "evidence": identity.evidence.value,
        "outcome": result.outcome.value,
        "phase": result.phase.value,
        "verdict": finding.verdict.value,
        "detail": shorten(clean(result.detail), DETAIL_LIMIT),
        "seconds": finding.seconds,
        "rerun": finding.rerun,
    }
    return facts | {name: value for name, value in _more(finding).items() if value not in (None, "", [], {}, False)}


def _more(finding: Finding) -> dict[str, Json]:
    result = finding.result
    spelled = result_to_json(result)
    launches, compiled = spelled.get("launches", []), spelled.get("compiled", [])
    return {
        "call": finding.call,
        "unstable": finding.unstable,
        "attempts": [_attempt(attempt) for attempt in finding.attempts] if len(finding.attempts) > 1 else [],
        "comparison": spelled.get("comparison"),
        "launches": launches[:MOST_LAUNCHES] if isinstance(launches, list) else [],
        "compiled": compiled[:MOST_LAUNCHES] if isinstance(compiled, list) else [],
        "timing": _timing(result.timing) if result.timing else None,
        "measures": [_measure(measure) for measure in result.measures],
        "facts": {shorten(clean(name), 100): shorten(clean(text), DETAIL_LIMIT) for name, text in result.facts.items()},
        "remembered": result.remembered,
        "gap": result.gap,
        "worker": result.worker,
        "traceback": tail(clean(result.traceback or ""), OUTPUT_LIMIT),
        "output": tail(clean(result.output or ""), OUTPUT_LIMIT),
        "expectation": _expectation(finding.expectation) if finding.expectation else None,
    }


def _measure(measure: Measure) -> Json:
    """A number without its raw samples: those are in the journal."""
    facts: dict[str, Json] = {"name": measure.name, "unit": measure.unit, "value": write_float(measure.value)}
    return facts | ({"samples": len(measure.samples)} if measure.samples else {})


def _timing(timing: Timing) -> Json:
    """What was measured, without the raw samples: those are in the journal."""
    facts: dict[str, Json] = {"against": timing.against, "device": timing.device, "stopped": timing.stopped}
    numbers = {
        "speedup": timing.speedup,
        "speedup_low": timing.speedup_low,
        "speedup_high": timing.speedup_high,
        "floor_seconds": timing.floor,
        "bandwidth_share": timing.bandwidth_share,
        "arithmetic_share": timing.arithmetic_share,
    }
    for name, sampled in (("baseline", timing.baseline), ("candidate", timing.candidate)):
        interval = median_interval(sampled.samples)
        numbers |= {f"{name}_seconds": interval.median, f"{name}_low": interval.low, f"{name}_high": interval.high}
        numbers |= {f"{name}_host_seconds": sampled.host}
    facts |= {name: write_float(value) for name, value in numbers.items() if value is not None}
    return facts | {"samples": len(timing.baseline.samples), "stable": timing.stable}


def _speed(grid: Grid) -> Json:
    return [
        {
            "profile": speed.column.profile.name,
            "geometric_mean": write_float(speed.mean),
            "timed": len(speed.timed),
            "cells": len(speed.findings),
            "faster": len(speed.faster),
            "slower": len(speed.slower),
            "near_floor": speed.near_floor,
        }
        for speed in speeds(grid)
    ]


def _attempt(result: Result) -> Json:
    return {
        "attempt": result.attempt,
        "outcome": result.outcome.value,
        "phase": result.phase.value,
        "detail": shorten(clean(result.detail), DETAIL_LIMIT),
        "seconds": write_float(result.seconds),
        "worker": result.worker,
    }


def _merging(grid: Grid) -> dict[str, Json]:
    """What only a matrix of several machines has: where it comes from, and each case by its strongest evidence."""
    if not grid.merged:
        return {}
    listed: list[Json] = [
        {
            **_source(source),
            "sha256": run.origin.digest if run.origin else "",
            "cells": source.cells,
            "plan": run.header.plan,
            "facts": dict(run.header.machine),
            "versions": dict(run.header.stack),
        }
        for source, run in zip(sources(grid), grid.runs, strict=True)
    ]
    best: list[Json] = []
    for evidence, findings in strongest(grid).items():
        verdicts = Counter(finding.verdict.value for finding in findings)
        best.append({"evidence": evidence.value, "cases": len(findings), "verdicts": dict(verdicts)})
    return {"sources": listed, "strongest": best}


def _source(source: Source) -> dict[str, Json]:
    names = ("name", "digest", "machine", "stack", "started")
    facts: dict[str, Json] = {name: shorten(clean(getattr(source, name)), DETAIL_LIMIT) for name in names}
    return facts | {"redacted": source.redacted}


def _provenance(finding: Finding, listed: Sequence[dict[str, Json]]) -> dict[str, Json]:
    """Which run a cell is from, and what others said where they disagree."""
    if not finding.voices:
        return {}
    facts: dict[str, Json] = {"source": listed[finding.voices[-1].run]}
    if finding.conflict:
        facts["conflict"] = [{"outcome": voice.outcome.value, **listed[voice.run]} for voice in finding.voices]
    return facts


@cache
def _expectation(expectation: Expectation) -> dict[str, Json]:
    return {
        "pattern": expectation.pattern,
        "outcome": expectation.outcome,
        "reason": expectation.reason,
        "owner": expectation.owner,
        "issue": expectation.issue,
        "expires": None if expectation.expires is None else expectation.expires.isoformat(),
    }


def _run(grid: Grid, summary: Summary) -> Json:
    latest = grid.latest
    header = latest.header if latest else None
    return {
        "id": grid.about.id,
        "tier": grid.about.tier,
        "started": header.started if header else "",
        "seconds": grid.about.seconds,
        "arguments": list(header.arguments) if header else [],
        "plan": header.plan if header else "",
        "stack": dict(header.stack) if header else {},
        "runs": len(grid.runs),
        "warnings": [
            shorten(clean(text), DETAIL_LIMIT)
            for text in (*grid.notices, *(warning for run in grid.runs for warning in run.warnings))
        ],
        "status": summary.color.lower(),
        "headline": summary.headline,
    }


def _profiles(grid: Grid) -> Json:
    cells = Counter(finding.id.profile for finding in grid.findings)
    return [
        {
            "name": profile.name,
            "title": profile.title,
            "vendor": profile.vendor,
            "device": profile.device,
            "evidence": list(profile.evidence),
            "cells": cells[profile.name],
        }
        for profile in grid.profiles
    ]


def _totals(grid: Grid) -> Json:
    verdicts: Counter[tuple[str, Evidence, str]] = Counter()
    for finding in grid.findings:
        verdicts[finding.id.profile, finding.id.evidence, finding.verdict.value] += 1
    totals: list[Json] = []
    for (profile, evidence), outcomes in grid.totals.items():
        found: Mapping[str, Json] = {outcome.value: outcomes[outcome] for outcome in Outcome if outcomes[outcome]}
        seen: Mapping[str, Json] = {
            key[2]: number for key, number in verdicts.items() if key[:2] == (profile, evidence)
        }
        totals.append(
            {
                "profile": profile,
                "evidence": evidence.value,
                "cells": sum(outcomes.values()),
                "outcomes": dict(found),
                "verdicts": dict(seen),
            }
        )
    return totals


def _vacuity(summary: Summary) -> Json:
    def name(finding: Finding) -> Json:
        return {"cell": finding.text, "impostors": list(finding.impostors), "reason": finding.vacuous}

    vacuity = summary.vacuity
    return {
        "checked": vacuity.checked,
        "declared": [name(finding) for finding in vacuity.declared],
        "undeclared": [name(finding) for finding in vacuity.undeclared],
        "single": [name(finding) for finding in vacuity.single],
    }


def _expectations(grid: Grid) -> Json:
    lapsed: dict[str, list[Json]] = {"stale": [], "expired": [], "draft": []}
    for item in grid.lapsed:
        lapsed[item.kind].append({"profile": item.profile, "why": item.why, **_expectation(item.expectation)})
    return {kind: items for kind, items in lapsed.items() if items or kind != "draft"}


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
