"""Turns of two warm processes that measure on one device: each waits for its go, measures, and writes down what it found.

In the folder of a child (matrix/inference/request.py): `go-<n>` is written by the judge and begins turn n; `turn-<n>.json` is
the child's answer to it; `progress` says how far the turn has come, for the judge's watchdog. Turn 0 is warm-up. `go-end`
ends the child's turns. Whoever waits sleeps: it leaves the device, and the processor, to the other.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matrix.inference.request import AnswerError
from matrix.record import Json

WAIT_SECONDS = 0.005
SAY_SECONDS = 0.2  # between two words on progress
PROGRESS, END = "progress", "go-end"
TURN_BYTES = 64 * 1024 * 1024


@dataclass
class Turns:
    """The child's end.

    said  when progress was written last
    """

    folder: Path
    said: float = field(default=0.0)

    def __iter__(self) -> Iterator[int]:
        """The numbers of turns, each as soon as the judge says go."""
        for number in itertools.count():
            while not (self.folder / f"go-{number}").exists():
                if (self.folder / END).exists():
                    return
                time.sleep(WAIT_SECONDS)
            self.said = 0.0
            yield number

    def progress(self, count: int) -> None:
        """Say how far a turn has come; cheap enough to be called with every token."""
        now = time.monotonic()
        if now - self.said >= SAY_SECONDS:
            self.said = now
            _write(self.folder / PROGRESS, str(count))

    def done(self, number: int, found: Mapping[str, Json]) -> None:
        """Answer a turn."""
        _write(self.folder / f"turn-{number}.json", json.dumps(found, allow_nan=False))


def say_go(folder: Path, number: int | None) -> None:
    """Begin a turn of a child, or (None) end them."""
    _write(folder / (END if number is None else f"go-{number}"), "")


def read_progress(folder: Path) -> str:
    """What a child said last of its progress; empty before it said anything."""
    try:
        return (folder / PROGRESS).read_bytes()[:64].decode(errors="replace")
    except OSError:
        return ""


def read_turn(folder: Path, number: int) -> dict[str, Any] | None:
    """The answer to a turn, or None while there is none. Raises AnswerError."""
    path = folder / f"turn-{number}.json"
    try:
        if path.stat().st_size > TURN_BYTES:
            raise AnswerError(f"the answer to turn {number} has more than {TURN_BYTES} bytes")
        found = json.loads(path.read_bytes())
    except OSError:
        return None
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"the answer to turn {number} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise AnswerError(f"the answer to turn {number} is a {type(found).__name__}, not an object")
    return found


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)
