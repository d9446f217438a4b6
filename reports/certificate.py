"""certificate.md, about one page, and certificate.json (`certificate.schema.json`): a draft, with all that it rests on.

What stands in a record (details, versions, names of machines) is untrusted, and is written as it is in matrix.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from matrix.record import Json
from matrix.validation.certificate import Certificate, remedy
from matrix.validation.levels import Answer, Standing
from matrix.validation.sources import Source
from reports.markdown import code, plain
from reports.tabular import tabulate
from reports.wording import count, moment, one_line, share
from reports.write import write_whole

VERSION = 1
SCHEMA_FILE = Path(__file__).with_name("certificate.schema.json")
MARKS = {Answer.PASSED: "✓", Answer.FAILED: "✗", Answer.NOT_MEASURED: "?"}
# A page: what does not fit is in the JSON.
MOST_FAILING, MOST_SOURCES = 5, 12
ALL_FAILING = 2000
HOURS, RATIOS = ("stress",), ("speed", "reference")


def write_certificate(certificate: Certificate, directory: Path) -> list[Path]:
    """Write certificate.json and certificate.md into the directory, each whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)

    def write_json(stream: TextIO) -> None:
        json.dump(certificate_document(certificate), stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")

    return [
        write_whole(directory / "certificate.json", write_json),
        write_whole(directory / "certificate.md", lambda stream: stream.write(render_certificate(certificate))),
    ]


def render_certificate(certificate: Certificate) -> str:
    """The whole of certificate.md."""
    sections = [
        _head(certificate),
        _obstacles(certificate),
        _gates(certificate),
        _missing(certificate),
        _waivers(certificate),
        _list("## Remarks", map(code, certificate.remarks)),
        _evidence(certificate),
        _definitions(certificate),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def headline(certificate: Certificate) -> str:
    """The level, in a sentence."""
    level, following = certificate.level, certificate.next
    reached = f"level {level.name}" if level is not None else "no level"
    if certificate.obstacles:
        return f"{certificate.profile.name}: no level can be given: {certificate.obstacles[0]}"
    if following is None:
        return f"{certificate.profile.name}: {reached}, the highest"
    lacks = count(len(certificate.missing), "gate")
    return f"{certificate.profile.name}: {reached}; {following.name} lacks {lacks}"


def missing_lines(certificate: Certificate) -> list[str]:
    """What is missing for the next level, a line each, for a terminal."""
    return [
        f"{standing.gate.name}: {standing.answer} ({value(standing)}, due {due(standing)}). "
        f"{one_line(standing.measured.note or 'no evidence', 200)}. -> {remedy(standing, certificate.profile)}"
        for standing in certificate.missing
    ]


def value(standing: Standing) -> str:
    """What was measured, for a person."""
    found = standing.measured.value
    return "-" if found is None else _amount(standing, found)


def due(standing: Standing) -> str:
    """The threshold, for a person."""
    return _amount(standing, standing.gate.at_least)


def _amount(standing: Standing, number: float) -> str:
    if standing.gate.measure in HOURS:
        return f"{number:.2f} h"
    if standing.gate.measure in RATIOS:
        return f"{number:.3f}"
    return f"{100 * number:.2f} %"


def coverage(standing: Standing) -> str:
    measured = standing.measured
    return f"{share(measured.judged, measured.total)} of {count(measured.total, measured.unit.removesuffix('s'))}"


def _head(certificate: Certificate) -> str:
    level, scheme = certificate.level, certificate.scheme
    valid = f" Valid until {certificate.valid_until}; {scheme.falls}." if level is not None else ""
    states = ", ".join(f"{number} {state}" for state, number in certificate.states.items())
    column = f"Profile {plain(certificate.profile.name)} ({plain(certificate.profile.vendor)})"
    lines = [
        f"# {plain(scheme.title)}: {plain(certificate.profile.title)}",
        f"**{level.name if level is not None else 'No level'}** (draft, not signed). {certificate.today}.{valid}",
        f"{column}. Cases of the full tier: {states or 'none'}. Only `run` and `time` count.",
    ]
    return "\n\n".join(lines)


def _obstacles(certificate: Certificate) -> str:
    return _list("## Why no level can be given", map(plain, certificate.obstacles))


def _gates(certificate: Certificate) -> str:
    rows = [
        [
            f"{MARKS[standing.answer]} {standing.gate.title}",
            str(standing.answer),
            value(standing),
            due(standing),
            coverage(standing),
            _level_of(certificate, standing),
            plain(standing.gate.source),
        ]
        for standing in certificate.standings
    ]
    return "## Gates\n\n" + _table(["gate", "", "found", "due", "judged", "level", "source"], rows)


def _level_of(certificate: Certificate, standing: Standing) -> str:
    return next((level.name for level in certificate.scheme.levels if standing.gate.name in level.gates), "-")


def _missing(certificate: Certificate) -> str:
    following = certificate.next
    if following is None:
        return ""
    lines = []
    for standing in certificate.missing:
        note = f" {plain(standing.measured.note, 300)}." if standing.measured.note else ""
        lines.append(
            f"**{standing.gate.title}**: {standing.answer}.{note} {code(remedy(standing, certificate.profile))}"
        )
        lines += [f"  {code(name, 160)}" for name in standing.measured.failing[:MOST_FAILING]]
        more = len(standing.measured.failing) - MOST_FAILING
        lines += [f"  and {more} more, in certificate.json"] if more > 0 else []
    return _list(f"## Missing for {following.name}", lines)


def _waivers(certificate: Certificate) -> str:
    rows = [
        [
            code(excuse.waiver.pattern, 120),
            f"{excuse.standing} until {excuse.waiver.expires}" if excuse.standing == "live" else excuse.standing,
            str(excuse.cases),
            plain(excuse.waiver.reason),
            plain(excuse.waiver.plan),
            plain(excuse.waiver.owner),
            f"{plain(excuse.waiver.approved_by)}, {excuse.waiver.granted}",
        ]
        for excuse in certificate.excuses
    ]
    if not rows:
        return ""
    return "## Waivers\n\n" + _table(["cells", "", "cases", "reason", "plan", "owner", "approved"], rows)


def _evidence(certificate: Certificate) -> str:
    if not certificate.sources:
        return ""
    rows = [
        [
            plain(source.kind),
            code(source.place, 60),
            plain(moment(source.header.started)),
            code(source.header.plan[:12] or "-"),
            str(source.counted),
            plain(_facts(source), 160),
            "; ".join(f"{code(sealed.name, 60)} {sealed.sha256[:16]}" for sealed in source.files[:2]),
        ]
        for source in certificate.sources[:MOST_SOURCES]
    ]
    more = len(certificate.sources) - MOST_SOURCES
    rest = f"\n\nand {count(more, 'more source')}, in certificate.json" if more > 0 else ""
    head = ["kind", "folder", "started", "plan", "results that count", "machine and stack", "SHA-256"]
    return "## Evidence\n\nAll journals and their whole sums are in certificate.json.\n\n" + _table(head, rows) + rest


def _facts(source: Source) -> str:
    header = source.header
    devices = [text for name, text in header.machine.items() if name.startswith("devices of ")]
    machine = devices or [header.machine.get("processor", "")]
    return ", ".join(filter(None, [*machine, *(f"{name} {version}" for name, version in header.stack.items())]))


def _definitions(certificate: Certificate) -> str:
    scheme = certificate.scheme
    levels = "; ".join(f"{level.name} adds {', '.join(level.gates)}" for level in scheme.levels)
    lines = [f"{standing.gate.name}: {standing.gate.ours}" for standing in certificate.standings if standing.gate.ours]
    return _list(
        f"## Definitions\n\nThresholds are from: {plain(scheme.source)}. What it leaves open is decided by this project:",
        [*map(plain_sentence, lines), plain_sentence(f"levels: {levels}")],
    )


def plain_sentence(text: str) -> str:
    return plain(text, 600)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return str(tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True))


def _list(title: str, lines: Iterable[str]) -> str:
    found = list(lines)
    return "\n".join([title, "", *(line if line.startswith("  ") else f"- {line}" for line in found)]) if found else ""


def certificate_document(certificate: Certificate) -> dict[str, Json]:
    """The whole of certificate.json."""
    level, following = certificate.level, certificate.next
    return {
        "certificate": VERSION,
        "draft": True,
        "scheme": {
            "name": certificate.scheme.name,
            "title": certificate.scheme.title,
            "falls": certificate.scheme.falls,
        },
        "profile": certificate.profile.name,
        "title": certificate.profile.title,
        "vendor": certificate.profile.vendor,
        "date": str(certificate.today),
        "valid_until": str(certificate.valid_until) if level is not None else None,
        "level": level.name if level is not None else None,
        "next": following.name if following is not None else None,
        "missing": [
            {"gate": each.gate.name, "answer": each.answer.value, "remedy": remedy(each, certificate.profile)}
            for each in certificate.missing
        ],
        "obstacles": list(certificate.obstacles),
        "remarks": [one_line(remark, 1000) for remark in certificate.remarks],
        "levels": [{"name": each.name, "gates": list(each.gates)} for each in certificate.scheme.levels],
        "cases": {state.value: number for state, number in certificate.states.items()},
        "gates": [_gate(standing) for standing in certificate.standings],
        "waivers": _waiver_documents(certificate),
        "evidence": [_source(source) for source in certificate.sources],
    }


def _gate(standing: Standing) -> Json:
    gate, measured = standing.gate, standing.measured
    return {
        "name": gate.name,
        "title": gate.title,
        "source": gate.source,
        "definition": gate.ours,
        "operators": gate.operators,
        "answer": standing.answer.value,
        "value": measured.value,
        "at_least": gate.at_least,
        "judged": measured.judged,
        "total": measured.total,
        "unit": measured.unit,
        "coverage": measured.coverage,
        "coverage_at_least": gate.coverage,
        "note": one_line(measured.note, 1000),
        "failing": [one_line(name, 400) for name in measured.failing[:ALL_FAILING]],
    }


def _waiver_documents(certificate: Certificate) -> list[Json]:
    return [
        {
            "pattern": excuse.waiver.pattern,
            "standing": excuse.standing,
            "cases": excuse.cases,
            "reason": excuse.waiver.reason,
            "plan": excuse.waiver.plan,
            "owner": excuse.waiver.owner,
            "approved_by": excuse.waiver.approved_by,
            "granted": str(excuse.waiver.granted),
            "expires": str(excuse.waiver.expires),
        }
        for excuse in certificate.excuses
    ]


def _source(source: Source) -> Json:
    header = source.header
    return {
        "kind": source.kind,
        "folder": one_line(source.place, 200),
        "started": one_line(header.started, 40),
        "plan": one_line(header.plan, 80),
        "cells": max(0, int(header.cells)),
        "counted": source.counted,
        "columns": _lines(header.columns),
        "machine": {one_line(name, 80): one_line(text, 200) for name, text in header.machine.items() if name != "host"},
        "stack": {one_line(name, 80): one_line(text, 200) for name, text in header.stack.items()},
        "warnings": _lines(source.warnings),
        "journals": [
            {"file": one_line(one.name, 200), "bytes": one.size, "sha256": one.sha256} for one in source.files
        ],
    }


def _lines(texts: Sequence[str]) -> list[Json]:
    return [one_line(text, 400) for text in texts]
