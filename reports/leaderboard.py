"""leaderboard.json (`leaderboard.schema.json`), leaderboard.md and leaderboard.html: who is where, and what keeps it open."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from matrix.challenge.ranking.comparing import Place, Table
from matrix.challenge.ranking.entrant import Device, Entrant, Measure
from matrix.challenge.ranking.leaderboard import Leaderboard, TaskBoard, Team
from matrix.record import Json
from reports.leaderboard_sections import leaderboard_sections
from reports.sections import render_markdown_sections, render_page_sections
from reports.wording import one_line
from reports.write import write_whole

SCHEMA = "compatibility-matrix-leaderboard/1"
SCHEMA_FILE = Path(__file__).with_name("leaderboard.schema.json")
TEXT = 600


def write_leaderboard(board: Leaderboard, directory: Path) -> list[Path]:
    """Write leaderboard.json, .md and .html into the directory, each whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)

    def write_json(stream: TextIO) -> None:
        json.dump(leaderboard_document(board), stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")

    sections = leaderboard_sections(board)
    return [
        write_whole(directory / "leaderboard.json", write_json),
        write_whole(directory / "leaderboard.md", lambda stream: stream.write(render_markdown_sections(sections))),
        write_whole(directory / "leaderboard.html", lambda stream: stream.write(render_page_sections(sections))),
    ]


def render_leaderboard(board: Leaderboard) -> str:
    """The whole of leaderboard.md."""
    return render_markdown_sections(leaderboard_sections(board))


def leaderboard_document(board: Leaderboard) -> dict[str, Json]:
    """The whole of leaderboard.json."""
    return {
        "schema": SCHEMA,
        "weights": one_line(board.weights, TEXT),
        "entries": board.entrants,
        "tasks": [_task(each, board) for each in board.tasks],
        "overall": None if board.overall is None else _table(board.overall, board),
        "teams": [_team(team) for team in board.teams],
        "breaches": [
            {
                "rule": breach.rule,
                "people": _texts(breach.people),
                "text": one_line(breach.text, TEXT),
                "cards": _texts(breach.places),
            }
            for breach in board.breaches
        ],
    }


def _task(task: TaskBoard, board: Leaderboard) -> Json:
    return {
        "task": task.task,
        "tier": task.tier,
        "standing": str(task.standing),
        "first": [_name(each) for each in task.first],
        "winner": None if task.winner is None else _name(task.winner),
        "reasons": _texts(task.reasons),
        "common": None if task.common is None else _table(task.common, board),
        "alike": [_table(table, board) for table in task.alike],
        "excluded": [{**_name(each.entrant), "why": one_line(each.why, TEXT)} for each in task.excluded],
    }


def _table(table: Table, board: Leaderboard) -> Json:
    return {
        "dimensions": _texts(table.names),
        "out_of": round(table.out_of, 6),
        "device": one_line(table.basis, TEXT) or None,
        "places": [_place(place, board) for place in table.places],
    }


def _place(place: Place, board: Leaderboard) -> Json:
    entrant = place.entrant
    return {
        "rank": place.rank,
        "tied": place.tied,
        "points": place.points,
        "entry": _name(entrant),
        "total": {
            "points": round(entrant.points, 6),
            "measured": round(entrant.measured, 6),
            "out_of": round(entrant.out_of, 6),
        },
        "dimensions": [_measure(measure) for measure in entrant.measures],
        "devices": [_device(device) for device in entrant.devices],
        "breaches": [breach.rule for breach in board.in_breach(entrant)],
    }


def _name(entrant: Entrant) -> dict[str, Json]:
    return {
        "task": entrant.task,
        "team": _texts(entrant.team),
        "digest": entrant.digest,
        "card": one_line(entrant.place, TEXT),
    }


def _measure(measure: Measure) -> Json:
    return {
        "name": measure.name,
        "points": None if measure.points is None else round(measure.points, 6),
        "measured": round(measure.measured, 6),
        "out_of": round(measure.out_of, 6),
        "devices": one_line(measure.basis, TEXT) or None,
    }


def _device(device: Device) -> Json:
    return {
        "profile": one_line(device.profile, TEXT),
        "name": one_line(device.name, TEXT),
        "calls": device.calls,
        "speedup": device.speedup,
        "low": device.low,
        "high": device.high,
        "scored": device.scored,
    }


def _team(team: Team) -> Json:
    return {
        "rank": team.rank,
        "tied": team.tied,
        "name": one_line(team.name, TEXT),
        "entered": _texts(team.entered),
        "won": _texts(team.won),
        "prize": team.prize,
    }


def _texts(texts: Iterable[str]) -> list[Json]:
    return [one_line(text, TEXT) for text in texts]
