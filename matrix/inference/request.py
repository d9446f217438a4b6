"""What a child process of a workload is asked, and what it answers: a pickle in, JSON out, both in a folder of one attempt.

The pickle is written a moment before by the process that starts the child, as sessions are (matrix/runner/session.py). The
answer comes from a process in which a provider's code ran: it is read as data, and believed no further than it is judged.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matrix.cell import Cell
from matrix.outcome import Phase
from matrix.record import Json

REFERENCE, CANDIDATE = "reference", "candidate"
ANSWER, PHASE, OUTPUT, REQUEST = "answer.json", "phase", "output.txt", "request"
ANSWER_BYTES = 64 * 1024 * 1024


class AnswerError(ValueError):
    """A child's answer is missing or none."""


@dataclass(frozen=True)
class Request:
    """One child process.

    side    REFERENCE (torch's own kernels) or CANDIDATE (the provider's)
    step    address of `step(Bench) -> Json`, what the child does
    given   what the step has to know besides the cell
    only    ATen names that the provider may answer for; None: all it has
    model   folder with weights; None: they are made by the recipe
    folder  where request, phase, output and answer of this child lie
    listed  file in which an engine's plug-in lists what it replaced; None: no plug-in is used, kernels are registered here
    python  the interpreter whose packages answer, where it is not this one: a baseline's own, with its provider's kernels on
    parent  pid of the process without which the child must not live
    """

    cell: Cell
    side: str
    step: str
    folder: Path
    parent: int
    given: Mapping[str, Json] = field(default_factory=dict)
    only: tuple[str, ...] | None = None
    model: Path | None = None
    python: Path | None = None
    listed: Path | None = None

    @property
    def lets_provider_in(self) -> bool:
        """Whether a provider answers on this side: the candidate's, or that of a baseline with packages of its own."""
        return self.side == CANDIDATE or self.python is not None

    def save(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / REQUEST
        path.write_bytes(pickle.dumps(self))
        return path

    def enter(self, phase: Phase) -> None:
        """Say what is being done: a death is charged to it."""
        draft = self.folder / f"{PHASE}.draft"
        draft.write_text(phase.value)
        draft.replace(self.folder / PHASE)

    def phase(self) -> Phase:
        """What the child said last."""
        try:
            return Phase((self.folder / PHASE).read_text())
        except (OSError, ValueError):
            return Phase.START

    def answer(self, found: Mapping[str, Json]) -> None:
        draft = self.folder / f"{ANSWER}.draft"
        draft.write_text(json.dumps(found, allow_nan=False))
        draft.replace(self.folder / ANSWER)


def load_request(path: Path) -> Request:
    request = pickle.loads(path.read_bytes())  # noqa: S301 - written by our parent a moment ago, see above
    if not isinstance(request, Request):
        raise TypeError(f"{path} holds {type(request).__name__}, not a request")
    return request


def read_answer(folder: Path) -> dict[str, Any]:
    """What a child answered. Raises AnswerError."""
    path = folder / ANSWER
    try:
        if path.stat().st_size > ANSWER_BYTES:
            raise AnswerError(f"the answer has more than {ANSWER_BYTES} bytes")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise AnswerError("there is no answer") from error
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"the answer is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise AnswerError(f"the answer is a {type(found).__name__}, not an object")
    return found
