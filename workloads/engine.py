"""What every engine meets: a model that tells likelihoods and generates, greedily. Engines are opened in child processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

STOPPED = ("stop", "length")


@dataclass(frozen=True)
class Message:
    """One turn of a conversation. `role`: `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True)
class Generation:
    """What a model wrote after one prompt.

    tokens   the new tokens, without the one that ends
    stopped  `stop` (an end token or a stop text) or `length`
    times    seconds since the request was handed over at which each token came; () where the engine cannot say
    """

    tokens: tuple[int, ...]
    stopped: str
    times: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.stopped not in STOPPED:
            raise ValueError(f"a generation stopped for {self.stopped!r}; allowed are {', '.join(STOPPED)}")
        if self.times and len(self.times) != len(self.tokens):
            raise ValueError(f"{len(self.times)} times for {len(self.tokens)} tokens; one each, or none at all")


class Engine(Protocol):
    """A loaded model.

    name   of the engine: `transformers`, `vllm`
    facts  what every report must say: versions, the model and where its weights come from, dtype, device, arguments
    """

    name: str
    facts: Mapping[str, str]

    def tokens(self, text: str) -> list[int]:
        """The tokens of a text, with no special token added."""
        ...

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens, special tokens left out."""
        ...

    def chat(self, messages: Sequence[Message]) -> str:
        """The prompt of a conversation by the model's chat template, thinking off, ready for the assistant's turn."""
        ...

    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = (), ignore_end: bool = False
    ) -> list[Generation]:
        """Greedy continuations of at most `limit` tokens, one for each prompt, in their order.

        stop        texts after which a continuation ends; they stay in it, as far as their tokens reach
        ignore_end  go on after an end token: measurements need a fixed number of tokens
        """
        ...

    def log_likelihoods(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Of each sequence, the natural logarithm of the probability of each token after the first, given those before."""
        ...
