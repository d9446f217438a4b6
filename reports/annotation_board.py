"""The leaderboard of the annotation track: for a terminal and Markdown, as JSON, and as a page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from matrix.annotation.judgements import CRITERIA
from matrix.annotation.ranking import PREDICTION, TECHNICAL, Placed
from matrix.plain_text import one_line
from workloads.annotation.tasks import TASKS

_PARTS = " + ".join(f"{weight:.0%} {name.replace('_', ' ')}" for name, weight in CRITERIA.items())
FORMULA = (
    f"total = {PREDICTION:.0%} prediction + {TECHNICAL:.0%} technical part; prediction = plain mean of the eight tasks; "
    f"technical part = {_PARTS}"
)
STYLE = (
    "body{font:16px system-ui,sans-serif;margin:2rem;max-width:80rem}table{border-collapse:collapse}"
    "th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:right}td:nth-child(2),th:nth-child(2){text-align:left}"
    "li{margin:.3rem 0}caption{text-align:left;padding:.5rem 0}"
)
HEADER = ("place", "entry", "total", "prediction", "technical", *(f"task {number}" for number in TASKS))


def rows(placed: Sequence[Placed]) -> list[tuple[str, ...]]:
    """The table's cells; what is missing is a dash."""
    return [
        (
            each.shown_place,
            one_line(each.standing.entry, 60) + (" (scaled context)" if each.standing.scaled else ""),
            _mark(each.total),
            _mark(each.prediction),
            _mark(each.technical),
            *(_mark(_percent(each.standing.tasks.get(number))) for number in TASKS),
        )
        for each in placed
    ]


def notes(placed: Sequence[Placed]) -> list[str]:
    """Under the table: ties, what keeps entries from being ranked, and each judge's reasons."""
    found = []
    for each in placed:
        name = one_line(each.standing.entry, 60)
        if each.tied:
            others = [one_line(o.standing.entry, 60) for o in placed if o.place == each.place and o is not each]
            found.append(f"{name}: tied with {', '.join(others)} at {_mark(each.total)}")
        found += [f"{name}: not ranked: {one_line(lack, 300)}" for lack in each.lacks]
    for each in placed:
        for judgement in each.judgements:
            told = "; ".join(
                f"{criterion.replace('_', ' ')} {judgement.marks[criterion]:g} ({one_line(judgement.reasons[criterion], 300)})"
                for criterion in CRITERIA
            )
            found.append(f"{one_line(each.standing.entry, 60)}, judged by {one_line(judgement.judge, 60)}: {told}")
    return found


def render_markdown(placed: Sequence[Placed]) -> str:
    """As a page of Markdown."""
    lines = ["# Leaderboard", "", FORMULA, "", _row(HEADER), _row(["---", "---", *["--:"] * (len(HEADER) - 2)])]
    lines += [_row([_escape(cell) for cell in row]) for row in rows(placed)]
    lines += ["", *(f"- {_escape(note)}" for note in notes(placed))]
    return "\n".join(lines).rstrip() + "\n"


def render_json(placed: Sequence[Placed]) -> str:
    """For machines."""
    value: dict[str, Any] = {"formula": FORMULA, "entries": [_fields(each) for each in placed]}
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def render_html(placed: Sequence[Placed]) -> str:
    """One file without a script; whatever an entry is called is text."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEADER)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows(placed))
    listed = "".join(f"<li>{escape(note)}</li>\n" for note in notes(placed))
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Leaderboard</title>'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{STYLE}</style>\n<h1>Leaderboard</h1>\n<table><caption>{escape(FORMULA)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n<ul>\n{listed}</ul>\n</html>\n"
    )


def _fields(each: Placed) -> dict[str, Any]:
    return {
        "place": each.place,
        "tied": each.tied,
        "entry": each.standing.entry,
        "total": each.total,
        "prediction": each.prediction,
        "technical": each.technical,
        "marks": dict(each.marks),
        "tasks": {str(number): value for number, value in sorted(each.standing.tasks.items())},
        "lacks": list(each.lacks),
        "scaled": each.standing.scaled,
        "scored_by": each.standing.by,
        "judgements": [
            {"judge": own.judge, "marks": dict(own.marks), "reasons": dict(own.reasons)} for own in each.judgements
        ],
    }


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _mark(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|").replace("`", "\\`").replace("[", "\\[").replace("*", "\\*")
