"""What was collected: one `case` line for each test, with its cell and its node id. A reader checks one against the other.

    {"event": "case", "cell": id, "node": node id, "marks": [...]}

Every worker collects the same tests, so the first that has done so writes them, complete or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matrix.adopt.naming import is_name_of
from matrix.identity import IdentityError, parse_id
from matrix.runner.journal import Tail

NODE_LIMIT = 4000


@dataclass(frozen=True)
class Collected:
    """A test as it was collected."""

    cell: str
    node: str
    marks: tuple[str, ...] = ()


def cases_path(directory: Path, session: str) -> Path:
    return directory / f"journal-{session}-cases.jsonl"


def write_cases(path: Path, cases: Iterable[Collected]) -> None:
    """Write what was collected, unless another worker has."""
    if path.exists():
        return
    draft = path.parent / "workers" / f"{path.stem}-{os.getpid()}"
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text("".join(_line(case) for case in cases), encoding="utf-8")
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def _line(case: Collected) -> str:
    event = {"event": "case", "cell": case.cell, "node": case.node[:NODE_LIMIT], "marks": list(case.marks)}
    return json.dumps(event, separators=(",", ":")) + "\n"


def read_cases(directory: Path) -> dict[str, str]:
    """Cell -> node id, of all tests that were collected in a directory; a line that contradicts itself is none."""
    found: dict[str, str] = {}
    for path in sorted(directory.glob("journal-*-cases.jsonl")):
        for event in Tail(path).read():
            cell, node = event.get("cell"), event.get("node")
            if event["event"] == "case" and isinstance(cell, str) and isinstance(node, str) and _agree(cell, node):
                found[cell] = node
    return found


def _agree(cell: str, node: str) -> bool:
    try:
        return len(node) < NODE_LIMIT and is_name_of(parse_id(cell), node)
    except IdentityError:
        return False
