"""The numbers of a measurement under load: of both sides, each with what it was computed from, and of the one by the other.

`native` is torch's own kernels (or what a baseline's own packages make of them), `provider` the provider's. A round's
throughput counts the tokens of prompts too, as `vllm bench throughput` does; the output throughput does not. The relative
throughput is a median over pairs of rounds that followed each other, with the sign test's interval
(matrix/timing/statistics.py), which needs six of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matrix.inference.duel import Outcomes, pairs_of
from matrix.inference.request import CANDIDATE, REFERENCE
from matrix.inference.rounds import Round, Served, spread
from matrix.result import Measure
from matrix.timing.statistics import median_interval

NAMES = {REFERENCE: "native", CANDIDATE: "provider"}
GIB = 1 << 30
RELATIVE = "relative throughput"
BOUNDS = (f"{RELATIVE}, 95 % from", f"{RELATIVE}, 95 % to")
# Of a round: what, its unit, and how it is computed.
RATES: tuple[tuple[str, str, Callable[[Round], float]], ...] = (
    ("throughput", "tokens/s", lambda one: one.tokens / one.seconds),
    ("output throughput", "tokens/s", lambda one: one.generated / one.seconds),
    ("requests", "requests/s", lambda one: len(one.requests) / one.seconds),
)
WAITS: tuple[tuple[str, Callable[[Served], Sequence[float]]], ...] = (
    ("TTFT", lambda one: [one.first]),
    ("TPOT", lambda one: [] if one.per_token is None else [one.per_token]),
    ("ITL", lambda one: one.gaps),
    ("end to end", lambda one: [one.last]),
)
KEPT = 4096  # raw waits that are kept of each kind


def measures_of(kind: str, found: Outcomes) -> tuple[Measure, ...]:
    """All numbers; the headline of a throughput is the provider's tokens a second, of a latency the mean of its rounds."""
    turns: Mapping[str, Sequence[Round]] = found.turns
    lasted = [measure for side in (CANDIDATE, REFERENCE) for measure in _spread("latency", side, _lasted(turns[side]))]
    rates = [_rate(rate, side, turns[side]) for rate in RATES for side in (CANDIDATE, REFERENCE)]
    leading = [*lasted, *rates] if kind == "latency" else [*rates, *lasted]
    return (
        *leading,
        *relative(turns),
        *_waits(turns),
        *(_peak(side, found.answers[side].found) for side in (CANDIDATE, REFERENCE)),
        _agreement(turns),
    )


def _lasted(rounds: Sequence[Round]) -> list[float]:
    return [one.seconds for one in rounds]


def _rate(rate: tuple[str, str, Callable[[Round], float]], side: str, rounds: Sequence[Round]) -> Measure:
    what, unit, of = rate
    values = [of(one) for one in rounds]
    return Measure(f"{what}, {NAMES[side]}", unit, statistics.median(values), tuple(values))


def relative(turns: Mapping[str, Sequence[Round]]) -> list[Measure]:
    """The provider's throughput over the native one: the median of the pairs, and its interval where there is one."""
    ratios = pairs_of({side: [one.tokens / one.seconds for one in rounds] for side, rounds in turns.items()})
    interval = median_interval(ratios)
    found = [Measure(RELATIVE, "x", interval.median, tuple(ratios))]
    if interval.low is not None and interval.high is not None:
        found += [Measure(BOUNDS[0], "x", interval.low), Measure(BOUNDS[1], "x", interval.high)]
    return found


def _waits(turns: Mapping[str, Sequence[Round]]) -> list[Measure]:
    measures = []
    for what, of in WAITS:
        for side in (CANDIDATE, REFERENCE):
            values = [wait for one in turns[side] for request in one.requests for wait in of(request)]
            measures += _spread(what, side, values)
    return measures


def _spread(what: str, side: str, values: Sequence[float]) -> list[Measure]:
    """Mean and percentiles, in milliseconds; what they are of stands beside the mean."""
    if not values:
        return []
    milliseconds = [1000 * value for value in values]
    raw = tuple(milliseconds) if len(milliseconds) <= KEPT else ()
    return [
        Measure(f"{what} {name}, {NAMES[side]}", "ms", value, raw if name == "mean" else ())
        for name, value in spread(milliseconds).items()
    ]


def _peak(side: str, found: Mapping[str, Any]) -> Measure:
    return Measure(f"peak memory, {NAMES[side]}", "GiB", int(dict(found["process"])["peak memory"]) / GIB)


def _agreement(turns: Mapping[str, Sequence[Round]]) -> Measure:
    """How many tokens are the same on both sides, counted until the first of a request that is not: information only."""
    same = total = 0
    for mine, other in zip(turns[CANDIDATE], turns[REFERENCE], strict=True):
        for one, two in zip(mine.requests, other.requests, strict=True):
            pairs = list(zip(one.tokens, two.tokens, strict=False))
            total += len(pairs)
            same += next((place for place, (a, b) in enumerate(pairs) if a != b), len(pairs))
    return Measure("greedy tokens that agree", "%", 100 * same / max(1, total))
