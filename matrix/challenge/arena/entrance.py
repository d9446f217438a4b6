"""The arena as a judge for `RunSettings`: by these names nothing is imported before the keeper imports it beside us.

RunSettings(judge="matrix.challenge.arena.entrance:judge", warm="...:warm", probe="...:probe")
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from matrix.cell import Cell
from matrix.challenge.arena.spawning import start
from matrix.outcome import Phase
from matrix.result import Result


def judge(cell: Cell, announce: Callable[[Phase], None]) -> Result:
    """As `matrix.challenge.arena.judge:judge`."""
    found: Result = _arena().judge(cell, announce)
    return found


def warm(cell: Cell) -> None:
    """Start the keeper, import torch while it does, and see that a child is well."""
    started = start(cell)
    _arena().warm(cell, started)


def probe() -> str | None:
    """As `matrix.challenge.arena.judge:probe`."""
    reason: str | None = _arena().probe()
    return reason


def _arena() -> Any:
    return import_module("matrix.challenge.arena.judge")
