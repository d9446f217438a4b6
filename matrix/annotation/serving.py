"""The child's side of `talking.py`: reads questions, answers them, asks back. What it serves may raise anything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from matrix.runner.limits import limit_files, limit_memory
from matrix.runner.processes import die_with_parent


class Line:
    """The two pipes to the parent."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._reads: TextIO = os.fdopen(request["reads"], encoding="utf-8")
        self._writes: TextIO = os.fdopen(request["writes"], "w", encoding="utf-8")

    def ask(self, what: Any) -> Any:
        """Ask the parent, in the midst of a question."""
        self._say({"ask": what})
        return json.loads(self._reads.readline())["told"]

    def serve(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        """Answer until the parent hangs up."""
        for text in self._reads:
            try:
                said = json.dumps({"answer": answer(json.loads(text))})
            except Exception as error:  # noqa: BLE001 - a strategy's or an engine's code raises anything; the parent is told
                said = json.dumps({"error": f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"})
            self._writes.write(said + "\n")
            self._writes.flush()

    def _say(self, what: Any) -> None:
        self._writes.write(json.dumps(what) + "\n")
        self._writes.flush()


def begin(path: str) -> dict[str, Any]:
    """The request; from here on this process ends with its parent and has limits."""
    request: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    die_with_parent(request["parent"])
    limit_files()
    if request.get("memory_gib"):
        limit_memory(request["memory_gib"])
    return request
