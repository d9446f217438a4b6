"""What a round of requests comes to: how fast it was, and how long each request waited for what.

The terms are those of serving benchmarks (`vllm bench`): TTFT, seconds to a request's first token; ITL, seconds between two
tokens of a request that follow each other; TPOT, the mean of those of one request; end to end, seconds to its last token. All
requests are handed over at once, so a TTFT has the time in it that a request waited for its turn.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matrix.inference.request import AnswerError
from matrix.record import Json
from workloads.engine import Generation

PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class Served:
    """One request: tokens of its prompt, its new tokens, and when each came, in seconds."""

    prompt: int
    tokens: tuple[int, ...]
    times: tuple[float, ...]

    @property
    def first(self) -> float:
        return self.times[0]

    @property
    def last(self) -> float:
        return self.times[-1]

    @property
    def gaps(self) -> tuple[float, ...]:
        return tuple(after - before for before, after in zip(self.times, self.times[1:], strict=False))

    @property
    def per_token(self) -> float | None:
        """TPOT; None of a single token."""
        return (self.last - self.first) / (len(self.times) - 1) if len(self.times) > 1 else None


@dataclass(frozen=True)
class Round:
    """All requests of one round. seconds: from handing them over until the last was done, by the measuring process's clock."""

    seconds: float
    requests: tuple[Served, ...]

    @property
    def generated(self) -> int:
        return sum(len(request.tokens) for request in self.requests)

    @property
    def tokens(self) -> int:
        """Those of the prompts counted, as `vllm bench throughput` counts them."""
        return self.generated + sum(request.prompt for request in self.requests)


def spelled(seconds: float, prompts: Sequence[Sequence[int]], found: Sequence[Generation]) -> dict[str, Json]:
    """A round as a child writes it."""
    served: list[Json] = [
        {"prompt": len(prompt), "tokens": list(one.tokens), "times": list(one.times)}
        for prompt, one in zip(prompts, found, strict=True)
    ]
    return {"seconds": seconds, "requests": served}


def read_round(found: Mapping[str, Any], prompts: Sequence[Sequence[int]], limit: int) -> Round:
    """A round as a child wrote it, held against what it was asked.

    Raises AnswerError where it cannot be true: requests are missing, times run backwards or past the end. That there are
    fewer tokens than were asked is a finding, not an error: `short` says so.
    """
    try:
        seconds = float(found["seconds"])
        requests = tuple(
            Served(int(one["prompt"]), tuple(map(int, one["tokens"])), tuple(map(float, one["times"])))
            for one in found["requests"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerError(f"a round is not written as it should be: {error!r}") from None
    if not math.isfinite(seconds) or seconds <= 0:
        raise AnswerError(f"a round took {seconds} seconds")
    if [one.prompt for one in requests] != [len(prompt) for prompt in prompts]:
        raise AnswerError(f"a round answers {len(requests)} requests, not the {len(prompts)} that were handed over")
    for number, one in enumerate(requests):
        _check_times(one, number, seconds)
        if len(one.tokens) > limit:
            raise AnswerError(f"request {number} has {len(one.tokens)} tokens; {limit} were asked for")
    return Round(seconds, requests)


def _check_times(one: Served, number: int, seconds: float) -> None:
    if len(one.times) != len(one.tokens):
        raise AnswerError(f"request {number} has {len(one.times)} times for {len(one.tokens)} tokens")
    ordered = all(before <= after for before, after in zip(one.times, one.times[1:], strict=False))
    if not ordered or not all(0 < time <= seconds for time in one.times):
        raise AnswerError(f"the times of request {number} run backwards, or past the {seconds:.3g} s of the round")


def short(rounds: Sequence[Round], limit: int) -> str:
    """Which requests came to fewer tokens than were asked for, in words; empty: none."""
    lengths = [len(one.tokens) for each in rounds for one in each.requests]
    missing = [length for length in lengths if length < limit]
    if not missing:
        return ""
    return (
        f"{len(missing)} of {len(lengths)} requests came to fewer than {limit} tokens, the shortest to {min(missing)}"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so many per cent of them lie, between two of them where it falls so (as NumPy's default)."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean and percentiles of seconds."""
    return {"mean": statistics.fmean(values)} | {f"p{share}": percentile(values, share) for share in PERCENTILES}
