"""Evidence `time` in the arena: what the child says that calls took is held against the judge's own clock.

Both sides are timed in the child, interleaved as ever. From outside three things are held against that: the native operator
as the judge itself times it, where no entry's code ever ran; the time that the whole series took by the judge's clock; and
rows of calls that the judge starts and ends, one after another behind other work, so that the host's part of a call is
hidden. And calls that were picked by lot are compared: their inputs were drawn for them alone.
"""

from __future__ import annotations

import math
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from matrix.challenge.arena.laps import Fresh
from matrix.challenge.arena.wire import Packed, WireError, pack_arguments, rebuild, storage_bytes
from matrix.judging.inputs import Arguments, bounds, torch_dtype, whole_bounds
from matrix.judging.timed import Prepared
from matrix.result import Sampled
from matrix.timing.measuring import BLOCK, Procedure
from matrix.timing.stopwatch import Lap, Stopwatch
from operators.call import Call, LikeSpec, TensorSpec

MOST_VARIANTS = 6
VARIANT_BYTES = 256 * 1024**2
PICKED = 2
PICKED_FROM = (3, 12)  # a turn of the entry, warm-up counted: there are always more
OUTSIDE_LAPS = 10
# By how much what is measured twice, in two processes, may differ: a ratio, and seconds.
BASELINE_RATIO, BASELINE_SECONDS = 1.5, 50e-6
ROW_RATIO, ROW_SECONDS = 2.0, 50e-6
ROW_CALLS = 40
ROW_TIME = 0.5  # seconds that a row takes at most, as far as that is known
SAMPLES = 10_000

Ask = Callable[[dict[str, Any], tuple[torch.Tensor, ...], int], tuple[dict[str, Any], list[bytearray]]]


@dataclass(frozen=True)
class Claimed:
    """What the child says: seconds of laps in ABBA blocks, the host's medians, and why it ended."""

    baseline: Sampled
    candidate: Sampled
    stopped: str
    stable: bool
    picked: list[tuple[list[bytearray], list[bytearray], Any]]


def variants_of(arguments: Sequence[Arguments]) -> tuple[Packed, tuple[torch.Tensor, ...]]:
    """Several sets of values for one call: its form, and all their memory one after the other."""
    packed = [pack_arguments(each) for each in arguments]
    return packed[0], tuple(storage for each in packed for storage in each.storages)


def how_many(arguments: Arguments) -> int:
    """Sets of values that are sent: more of small ones."""
    size = sum(storage_bytes(tensor).numel() for _, tensor in arguments.tensors())
    return max(2, min(MOST_VARIANTS, VARIANT_BYTES // max(1, size)))


def fresh_tensors(call: Call, dtype: str, arguments: Arguments) -> tuple[Fresh, ...]:
    """The tensors of a call that can be drawn anew where they are: contiguous ones with uniform values."""
    specs = _specs([*call.args, *(value for value in call.kwargs.values() if not isinstance(value, LikeSpec))])
    found = []
    for number, (spec, (_, tensor)) in enumerate(zip(specs, arguments.tensors(), strict=False)):
        plain = spec.strides is None and spec.offset == 0 and spec.step == 1 and spec.fill in ("default", "between")
        kind = torch_dtype(spec.dtype, dtype)
        if plain and kind is not torch.bool and not kind.is_complex and tensor.numel():
            low, high = bounds(spec, kind) if kind.is_floating_point else whole_bounds(spec, kind)
            found.append(Fresh(number, low, high, whole=not kind.is_floating_point))
    return tuple(found)


def _specs(values: Any) -> Iterator[TensorSpec]:
    for value in values:
        if isinstance(value, TensorSpec):
            yield value
        elif isinstance(value, list | tuple):
            yield from _specs(value)


def request_of(packed: Packed, variants: int, fresh: tuple[Fresh, ...], procedure: Procedure) -> dict[str, Any]:
    """What the child is asked: which calls are picked is drawn here, and which values they get there."""
    low, high = PICKED_FROM
    picks = sorted({low + secrets.randbelow(high - low) for _ in range(PICKED)})
    return {
        "operation": "time",
        "arguments": packed.arguments,
        "variants": variants,
        "fresh": fresh,
        "picks": picks,
        "seed": secrets.randbits(62),
        "procedure": procedure,
    }


def read_claims(head: dict[str, Any], parts: list[bytearray], memory: int) -> Claimed:
    """The child's answer; `memory` is the number of tensors among the arguments. Raises WireError."""
    sides = []
    for name, host in zip(("baseline", "candidate"), _floats(head.get("hosts"), 2), strict=True):
        laps = head.get(name)
        if not isinstance(laps, list) or not BLOCK <= len(laps) <= SAMPLES or len(laps) % 2:
            raise WireError(f"{name} has no laps in blocks")
        if not all(type(lap) is int and 0 < lap < 10**13 for lap in laps):
            raise WireError(f"{name} has laps that are no times")
        sides.append(Sampled(tuple(lap / 1e9 for lap in laps), host))
    if len(sides[0].samples) != len(sides[1].samples) or head.get("stopped") not in ("interval", "cap"):
        raise WireError("laps of two that were not timed in turn")
    picked = list(_picked(head.get("picked"), parts, memory))
    return Claimed(sides[0], sides[1], head["stopped"], head.get("stable") is True, picked)


def _floats(value: Any, count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count or not all(isinstance(each, float | int) for each in value):
        raise WireError("numbers are missing")
    if not all(math.isfinite(each) and each >= 0 for each in value):
        raise WireError("a time that is none")
    return [float(each) for each in value]


def _picked(
    described: Any, parts: list[bytearray], memory: int
) -> Iterator[tuple[list[bytearray], list[bytearray], Any]]:
    place = 0
    for each in described if isinstance(described, list) else ():
        count = each.get("results") if isinstance(each, dict) else None
        if type(count) is not int or not 0 <= count <= len(parts) or each.get("memory") != 2 * memory:
            raise WireError("a picked call without its memory")
        own = parts[place : place + 2 * memory + count]
        place += 2 * memory + count
        yield own[:memory], own[memory : 2 * memory], rebuild(each.get("returned"), own[2 * memory :])


def time_outside(prepared: Prepared, stopwatch: Stopwatch) -> float:
    """Seconds of the native operator as this process times it: the median of some laps."""
    call: Callable[[], object] = prepared.call
    laps: list[Lap] = stopwatch.laps([(prepared.restore, call)] * (OUTSIDE_LAPS + 2))[2:]
    return statistics.median(lap.seconds for lap in laps)


def contradictions(claimed: Claimed, outside: float, whole: float, rows: Rows) -> Iterator[str]:
    """What the clocks outside say against the laps; each in words."""
    said = claimed.baseline.median
    if said > BASELINE_RATIO * outside + BASELINE_SECONDS:
        yield f"beside the entry the native operator took {_show(said)} a call, and {_show(outside)} by itself"
    total = sum(claimed.baseline.samples) + sum(claimed.candidate.samples)
    if total > whole:
        yield f"laps of {_show(total)} were claimed of a series that took {_show(whole)} by the clock outside"
    said, seen = claimed.candidate.median, rows.candidate
    if seen > ROW_RATIO * said + ROW_SECONDS + rows.blur:
        yield f"a call was said to take {_show(said)}, and took {_show(seen)} in a row by the clock outside"


@dataclass(frozen=True)
class Rows:
    """Seconds of a call in a row, by the judge's clock; `blur`: how far that can be wrong."""

    candidate: float
    blur: float


def time_rows(ask: Callable[[str, int, int], None], claimed: Claimed) -> Rows:
    """Have the child make rows of calls behind other work, and take the time. `ask` names a side, calls, and work ahead."""
    count = max(2, min(ROW_CALLS, int(ROW_TIME / max(1e-9, claimed.candidate.median + claimed.candidate.host))))
    plain = _wall(ask, count, 0)
    alone = _wall(ask, 0, 0)
    some = 16
    flush = max(1e-6, (_wall(ask, 0, some) - alone) / some)
    ahead = min(400, math.ceil(1.5 * max(0.0, plain - alone) / flush))
    both, without = (min(_wall(ask, calls, ahead) for _ in range(3)) for calls in (count, 0))
    seconds = max(0.0, both - without) / count
    return Rows(min(seconds, max(0.0, plain - alone) / count), 2 * alone / count)


def _wall(ask: Callable[[str, int, int], None], count: int, ahead: int) -> float:
    started = time.perf_counter()
    ask("candidate", count, ahead)
    return time.perf_counter() - started


def _show(seconds: float) -> str:
    return f"{seconds * 1e6:.3g} us" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms"
