"""The rows that an entry is judged by: those of its task, answered by the entry and by nobody else. It imports no torch.

The cases come from the project's own files, wherever the judge is started: nothing that is judged or timed is chosen by a file
that the entrant edits.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from matrix.challenge.entry import Entry
from matrix.challenge.task import ENTRY, FOLDER, OURS, address_of
from operators.catalogue import CatalogueError, catalogue_files, load_catalogue
from operators.operator import Operator
from operators.timed import with_timed

TIMED_FOLDER, LARGE_FOLDER = FOLDER / "timed", FOLDER / "large"


def rows_of(entry: Entry, *, large: bool = False) -> dict[str, Operator]:
    """By name, every row of the entry's task with its timed calls. The one provider, `entry`, is in its files.

    A row whose right answers are many is judged by what an answer stands for: its address is that of an adapter, made of the
    entry's function (`operators.adapters.challenge:svd_of(/path/svd.py:svd)`). `large` adds the sizes that only chips can do.
    """
    functions = entry.functions
    rows = dict(_with_timed(entry.task.rows))
    found = {name: replace(row, providers={ENTRY: address_of(row, functions[name])}) for name, row in rows.items()}
    return {**found, **(_large(entry) if large else {})}


def _with_timed(rows: Mapping[str, Operator]) -> Mapping[str, Operator]:
    """The rows with the calls that are timed. Raises CatalogueError for a file of them that cannot be read."""
    problems: list[str] = []
    files: list[tuple[Path, Mapping[str, object]]] = []
    for path in catalogue_files([TIMED_FOLDER]):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CatalogueError([f"{path}: cannot be read: {error}"]) from error
        files.append((path, {name: table for name, table in tables.items() if name in rows}))
    timed = with_timed(rows, files, problems)
    if problems:
        raise CatalogueError(problems)
    return timed


def _large(entry: Entry) -> dict[str, Operator]:
    """The rows of the task at the largest sizes, answered by what answers the same form at the small ones."""
    functions = entry.functions
    by_ours = {row.providers[OURS]: name for name, row in entry.task.rows.items()}
    return {
        name: replace(row, providers={ENTRY: address_of(row, functions[by_ours[row.providers[OURS]]])})
        for name, row in load_catalogue([LARGE_FOLDER]).items()
        if row.providers.get(OURS) in by_ours
    }
