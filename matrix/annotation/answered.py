"""What became of one sample: its prediction, or why there is none; and the line of a journal that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from workloads.annotation.data_file import SampleId

REPLY = 20_000


class Ending(StrEnum):
    """How a sample ended. Only `broken` is asked again by a resumed run: the others would end the same way."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"  # the replies held no answer
    REFUSED = "refused"  # the prompt was below the least context, or beyond the engine's
    BROKEN = "broken"  # strategy or engine raised, ended or hung


@dataclass(frozen=True)
class Answered:
    """One sample's end.

    prediction  the answer; None unless it ended so
    problem     why there is none, or what is wrong with the answer's form
    tokens      of the first turn's prompt, by the engine's tokeniser;  turns: replies that were had
    reply       the last reply as it came
    """

    id: SampleId
    ending: Ending
    prediction: str | None = None
    problem: str = ""
    turns: int = 0
    tokens: int = 0
    seconds: float = 0.0
    reply: str = ""

    def __post_init__(self) -> None:
        if (self.ending is Ending.ANSWERED) is (self.prediction is None):
            raise ValueError(f"{self.id}: {self.ending}, and the prediction is {self.prediction!r}")

    @property
    def line(self) -> dict[str, Any]:
        """It as a journal's fields."""
        return {**asdict(self), "ending": self.ending.value, "reply": self.reply[:REPLY]}


def read_answered(fields: Mapping[str, Any]) -> Answered:
    """A journal's fields as what they say. Raises ValueError, KeyError or TypeError for what is no such line."""
    found = Answered(**{**fields, "ending": Ending(fields["ending"])})
    texts = (found.problem, found.reply, found.prediction or "")
    if not isinstance(found.id, str | int) or not all(isinstance(text, str) for text in texts):
        raise TypeError("a field has another type")
    return found
