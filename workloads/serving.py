"""What an engine meets that is measured under load: many requests at once, which it batches as it does by itself.

It imports no torch. `workloads.kinds.SERVERS` says which engine has one, and where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workloads.engine import Generation

Given = Mapping[str, str | int | float]
# Called with how far a round has come: any number that grows with every token or forward pass.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class ServeArguments:
    """What both sides of a comparison are given alike.

    concurrent    requests that may be at work at once;  batch_tokens: tokens in one forward pass
    length        tokens of the longest prompt with its continuation;  requests: in one round
    attention     as the transformers library calls it; an engine that has one of its own says so in its facts
    memory_share  of the device's memory, for engines that reserve it
    """

    concurrent: int
    batch_tokens: int
    length: int
    requests: int
    attention: str
    memory_share: float = 0.4


class Server(Protocol):
    """An engine that is ready to be measured.

    name     of the engine;  counted: what its progress counts: `forward passes`, `tokens`
    guarded  its package, and those of its modules in which nothing may be replaced while it is measured: what reads arguments,
             what schedules, what is timed
    facts    as of `workloads.engine.Engine`
    """

    name: str
    counted: str
    guarded: tuple[str, tuple[str, ...]]
    facts: Mapping[str, str]

    def start(self) -> None:
        """Get ready to serve: whatever is allocated is allocated now."""
        ...

    def serve(self, prompts: Sequence[Sequence[int]], limit: int, progress: Progress) -> list[Generation]:
        """Continue all prompts, handed over at once, greedily, each by exactly `limit` tokens: an end token ends nothing.

        The times of each Generation count from the handing over. Raises whatever a kernel raised.
        """
        ...

    def given(self) -> Given:
        """What the engine says that it was given, asked of itself: devices, share of memory, limits of batches."""
        ...

    def stop(self) -> None:
        """Serve no more."""
        ...
