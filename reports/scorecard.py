"""scorecard.md and scorecard.json (`scorecard.schema.json`): an entry's points, each with its reason, and what they rest on.

All texts that an entry or a record brings are untrusted: names, tests, details, mutants. They are written as in matrix.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from matrix.challenge.scoring.card import Ground, Scorecard, TimedOn
from matrix.challenge.scoring.score import Exhibit, Part, Score
from matrix.record import Json
from reports.markdown import code, plain
from reports.scorecard_page import render_scorecard_page
from reports.tabular import tabulate
from reports.wording import moment, one_line
from reports.write import write_whole

SCHEMA = "compatibility-matrix-scorecard/1"
SCHEMA_FILE = Path(__file__).with_name("scorecard.schema.json")
# What is longer is in the JSON.
MOST_ROWS, CELL, SENTENCE = 25, 160, 500
COMMAND = "command"
TEXT = 1000


def write_scorecard(card: Scorecard, directory: Path) -> list[Path]:
    """Write scorecard.json, .md and .html into the directory, each whole or not at all."""

    def write_json(stream: TextIO) -> None:
        json.dump(scorecard_document(card), stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")

    return [
        write_whole(directory / "scorecard.json", write_json),
        write_whole(directory / "scorecard.md", lambda stream: stream.write(render_scorecard(card))),
        write_whole(directory / "scorecard.html", lambda stream: stream.write(render_scorecard_page(card))),
    ]


def headline(card: Scorecard) -> str:
    """What it comes to, in a sentence."""
    over = "" if card.complete else f" that could be measured here, of {number(card.out_of)} in all"
    verdict = f"{number(card.points)} of {number(card.measured)} points{over}"
    return f"{verdict}; it tampers with its judge" if card.tampering else verdict


def summary_lines(card: Scorecard) -> list[str]:
    """The card for a terminal: each dimension, and under it what it lost."""
    lines = [f"{card.subject.task} by {one_line(', '.join(card.subject.team), 120)}: {headline(card)}"]
    for score in card.scores:
        lines.append(f"  {amount(score):>22}  {score.title}")
        lines += [f"{'':26}- {one_line(text, 200)}" for text in _reasons(score)[:4]]
    lines += [f"  problem: {one_line(text, 300)}" for text in card.problems]
    lines += [f"  to do: {one_line(text, 200)}" for text in card.missing[:12]]
    return lines


def _reasons(score: Score) -> list[str]:
    """Its losses, the largest first, and what was not measured."""
    lost = [(loss.share * part.out_of, loss.text) for part in score.parts for loss in part.losses]
    found = [f"{points_lost(points)}: {text}" for points, text in sorted(lost, key=lambda each: -each[0])]
    more = [f"and {len(found) - 3} more"] if len(found) > 3 else []
    return [*found[:3], *more] or [f"not measured: {part.unmeasured}" for part in score.parts if part.unmeasured]


def number(points: float) -> str:
    """Points with at most two digits after the dot."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def points_lost(points: float) -> str:
    return f"-{number(points)}" if points >= 0.005 else "less than -0.01"


def amount(score: Score) -> str:
    """The points of a dimension, over what was measured of it."""
    if score.points is None:
        return f"unmeasured ({number(score.out_of)})"
    whole = score.measured > score.out_of - 1e-6
    return f"{number(score.points)} of {number(score.measured)}" + ("" if whole else f" ({number(score.out_of)})")


def render_scorecard(card: Scorecard) -> str:
    """The whole of scorecard.md."""
    sections = [
        _head(card),
        _tampering(card),
        _dimensions(card),
        *map(_section, card.scores),
        _problems(card),
        _grounds(card),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(card: Scorecard) -> str:
    subject = card.subject
    lines = [
        f"# Scorecard: {plain(subject.task)}, by {plain(', '.join(subject.team))}",
        f"**{headline(card)}.**",
        (
            f"Tier {plain(subject.tier)}, licence {plain(subject.licence)}, entry {code(subject.digest[:16])} of "
            f"{len(subject.files)} files and {len(subject.tests)} of tests; weights {plain(card.weights)}; {plain(card.date)}."
        ),
    ]
    if not card.complete:
        lines.append(
            "What was not measured is no loss and no gain: cards that measured different things cannot be ranked."
        )
    return "\n\n".join(lines)


def _tampering(card: Scorecard) -> str:
    return _list(
        "## It tampers with its judge, so it earns nothing", (plain(text, SENTENCE) for text in card.tampering)
    )


def _dimensions(card: Scorecard) -> str:
    rows = [
        [
            score.title,
            "unmeasured" if score.points is None else number(score.points),
            number(score.measured),
            number(score.out_of),
            plain(next(iter(_reasons(score)), "nothing was lost"), CELL),
        ]
        for score in card.scores
    ]
    rows.append(["**in all**", f"**{number(card.points)}**", f"**{number(card.measured)}**", number(card.out_of), ""])
    return _table(["dimension", "points", "of measured", "of all", "first reason"], rows)


def _section(score: Score) -> str:
    lines = [f"## {score.title}: {amount(score)}", "", _parts(score)]
    losses = [
        f"{points_lost(loss.share * part.out_of)} {plain(part.title)}: {plain(loss.text, SENTENCE)}"
        + (f" {code(loss.command, 300)}" if loss.command else "")
        for part in score.parts
        for loss in part.losses
        if part.out_of
    ]
    lines += ["", *(f"- {line}" for line in losses)] if losses else []
    gaps = [
        f"- not measured ({number(part.out_of)}), {plain(part.title)}: {plain(part.unmeasured, SENTENCE)}"
        for part in score.parts
        if part.unmeasured and part.out_of
    ]
    lines += ["", *gaps] if gaps else []
    lines += ["", *(f"{plain(remark, SENTENCE)}  " for remark in score.remarks)] if score.remarks else []
    lines += [text for exhibit in score.exhibits for text in ("", _exhibit(exhibit))]
    return "\n".join(lines)


def _parts(score: Score) -> str:
    rows = [
        [
            plain(part.title),
            "unmeasured" if part.points is None else number(part.points),
            number(part.out_of),
            plain(part.note, CELL),
        ]
        for part in score.parts
        if part.out_of
    ]
    return _table(["", "points", "of", "found"], rows)


def _exhibit(exhibit: Exhibit) -> str:
    shown = exhibit.rows[:MOST_ROWS]
    rows = [[_cell(head, text) for head, text in zip(exhibit.headers, row, strict=True)] for row in shown]
    more = len(exhibit.rows) - len(shown)
    lines = [f"### {plain(exhibit.title)}", "", _table([plain(head) for head in exhibit.headers], rows)]
    lines += ["", plain(exhibit.note, SENTENCE)] if exhibit.note else []
    lines += ["", f"and {more} more, in scorecard.html and scorecard.json"] if more else []
    return "\n".join(lines)


def _cell(head: str, text: str) -> str:
    return code(text, 300) if head in (COMMAND, "case", "call", "before", "after") else plain(text, CELL)


def _problems(card: Scorecard) -> str:
    problems = _list("## What is wrong with the entry", (plain(text, SENTENCE) for text in card.problems))
    missing = _list("## What is still to be done", (plain(text, SENTENCE) for text in card.missing))
    remarks = _list("## Remarks", (plain(text, SENTENCE) for text in card.remarks))
    return "\n\n".join(text for text in (problems, missing, remarks) if text)


def _grounds(card: Scorecard) -> str:
    rows = [
        [
            ground.kind,
            code(ground.name, 60),
            plain(moment(ground.started)),
            str(ground.counted),
            plain(", ".join(ground.columns), CELL),
            plain(_facts(ground), 300),
            plain(ground.held, 300) or "-",
        ]
        for ground in card.grounds
    ]
    head = ["run", "name", "started", "cells", "columns", "machine and stack", "held by"]
    note = "Points that were measured on different machines or devices are not to be compared as if they were the same."
    return f"## What this rests on\n\n{_table(head, rows)}\n\n{note}"


def _facts(ground: Ground) -> str:
    machine = [text for name, text in ground.machine.items() if name.startswith("devices of ")]
    machine += [ground.machine[name] for name in ("processor", "cores", "memory") if ground.machine.get(name)]
    return ", ".join([*machine, *(f"{name} {version}" for name, version in ground.stack.items() if name != "entry")])


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return str(tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True))


def _list(title: str, lines: Iterable[str]) -> str:
    found = list(lines)
    return "\n".join([title, "", *(f"- {line}" for line in found)]) if found else ""


def scorecard_document(card: Scorecard) -> dict[str, Json]:
    """The whole of scorecard.json."""
    subject = card.subject
    return {
        "schema": SCHEMA,
        "task": subject.task,
        "tier": subject.tier,
        "team": _texts(subject.team),
        "licence": subject.licence,
        "digest": subject.digest,
        "files": _texts(subject.files),
        "tests": _texts(subject.tests),
        "weights": card.weights,
        "date": card.date,
        "points": round(card.points, 6),
        "measured": round(card.measured, 6),
        "out_of": round(card.out_of, 6),
        "dimensions": [_score(score) for score in card.scores],
        "devices": [_device(device) for device in card.devices],
        "tampering": _texts(card.tampering),
        "problems": _texts(card.problems),
        "missing": _texts(card.missing),
        "remarks": _texts(card.remarks),
        "grounds": [_ground(ground) for ground in card.grounds],
    }


def _score(score: Score) -> Json:
    return {
        "name": score.name,
        "title": score.title,
        "points": None if score.points is None else round(score.points, 6),
        "measured": round(score.measured, 6),
        "out_of": round(score.out_of, 6),
        "parts": [_part(part) for part in score.parts],
        "remarks": _texts(score.remarks),
        "exhibits": [
            {
                "title": one_line(exhibit.title, TEXT),
                "note": one_line(exhibit.note, TEXT),
                "headers": _texts(exhibit.headers),
                "rows": [_texts(row) for row in exhibit.rows],
            }
            for exhibit in score.exhibits
        ],
    }


def _part(part: Part) -> Json:
    losses: list[Json] = [
        {
            "text": one_line(loss.text, TEXT),
            "points": round(loss.share * part.out_of, 6),
            "command": one_line(loss.command, TEXT),
        }
        for loss in part.losses
    ]
    return {
        "title": one_line(part.title, TEXT),
        "points": None if part.points is None else round(part.points, 6),
        "out_of": round(part.out_of, 6),
        "found": one_line(part.note, TEXT),
        "unmeasured": one_line(part.unmeasured, TEXT) or None,
        "losses": losses,
    }


def _device(device: TimedOn) -> Json:
    return {
        "profile": one_line(device.profile, 80),
        "name": one_line(device.name, 200),
        "calls": device.calls,
        "speedup": round(device.speedup, 6),
        "low": round(device.low, 6),
        "high": round(device.high, 6),
        "scored": device.scored,
    }


def _ground(ground: Ground) -> Json:
    return {
        "kind": ground.kind,
        "name": one_line(ground.name, 200),
        "started": one_line(ground.started, 40),
        "columns": _texts(ground.columns),
        "cells": ground.counted,
        "held": one_line(ground.held, TEXT),
        "machine": {one_line(name, 80): one_line(text, 200) for name, text in ground.machine.items()},
        "stack": {one_line(name, 80): one_line(text, 200) for name, text in ground.stack.items()},
    }


def _texts(texts: Iterable[str]) -> list[Json]:
    return [one_line(text, TEXT) for text in texts]
