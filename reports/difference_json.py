"""A difference of two runs for other programs: the counts, and every cell that is not as it was, each on one line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from matrix.record import Json
from reports.difference import WORSE, Change, Difference
from reports.snapshot import Seen, Snapshot, Speed
from reports.wording import clean

SCHEMA = "compatibility-matrix-difference/1"


def render_json(difference: Difference, *, allow_gone: bool = False) -> str:
    """The whole document; in ASCII, so that nothing in it acts on who reads it."""
    head: dict[str, Json] = {
        "schema": SCHEMA,
        "old": _run(difference.old),
        "new": _run(difference.new),
        "differs": list(difference.differs),
        "compared": difference.compared,
        "timed": difference.timed,
        "not_timed": [{"old": old, "new": new, "cells": number} for (old, new), number in difference.elsewhere.items()],
        "exit_code": difference.exit_code(allow_gone=allow_gone),
        "worse": difference.worse(allow_gone=allow_gone),
        "counts": {str(category): number for category, number in difference.counts.items()},
        "by_operator": {
            base: {str(category): number for category, number in counts.items()}
            for base, counts in difference.by_operator.items()
        },
    }
    lines = [f"{json.dumps(name)}: {_dump(value)}," for name, value in head.items()]
    cells = ",\n".join(_dump(cell) for cell in _cells(difference))
    return "\n".join(["{", *lines, f'"cells": [\n{cells}\n]', "}"]) + "\n"


def _run(snapshot: Snapshot) -> Json:
    return {"name": clean(snapshot.name), "cells": len(snapshot.cells), "facts": dict(snapshot.facts)}


def _cells(difference: Difference) -> Iterator[dict[str, Json]]:
    return (_change(change) for change in difference.changes)


def _change(change: Change) -> dict[str, Json]:
    return {
        "id": str(change.cell.id),
        "category": str(change.category),
        "worse": change.category in WORSE,
        "why": clean(change.why),
        "old": _seen(change.old),
        "new": _seen(change.new),
        "rerun": change.cell.rerun,
    }


def _seen(seen: Seen | None) -> Json:
    if seen is None:
        return None
    timing = _speed(seen.speed) if seen.speed else None
    return {"outcome": seen.outcome.value, "phase": seen.phase.value, "timing": timing}


def _speed(speed: Speed) -> Json:
    return {
        "speedup": speed.speedup,
        "speedup_low": speed.low,
        "speedup_high": speed.high,
        "device": speed.device,
    }


def _dump(value: Json) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
