"""What every engine meets: from token ids to new token ids, greedily, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Message = Mapping[str, str]


@dataclass(frozen=True)
class Generation:
    """What came of one prompt.

    tokens   the new tokens;  stopped: "stop" or "length"
    times    seconds since the request was handed over at which each token came; () where the engine cannot say
    """

    tokens: tuple[int, ...]
    stopped: str
    times: tuple[float, ...] = ()


class Engine(Protocol):
    """A model and what runs it."""

    name: str
    facts: Mapping[str, str]

    def tokens(self, text: str) -> list[int]: ...
    def text(self, tokens: Sequence[int]) -> str: ...
    def chat(self, messages: Sequence[Message]) -> str: ...
    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = (), ignore_end: bool = False
    ) -> list[Generation]: ...
    def log_likelihoods(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]: ...
