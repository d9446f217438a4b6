"""Performance: the speed-up of each timed call on one named device, their geometric mean, and the line from it to points.

A mean is taken over the calls of a dtype, and then over dtypes. A call that fails while it is timed earns nothing of its share;
one whose timing was not stable is not measured. Timings of different devices are never put together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matrix.challenge.scoring.card import TimedOn
from matrix.challenge.scoring.cases import Judged
from matrix.challenge.scoring.correctness import Repeat
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, covered, unmeasured
from matrix.challenge.scoring.weights import Performance
from matrix.outcome import Evidence
from matrix.plain_text import one_line
from matrix.result import Timing
from operators.operator import TIMED

NAME, TITLE = "performance", "Performance competitiveness"
UNSTABLE = "the timing was not stable"


@dataclass(frozen=True)
class Mean:
    """A geometric mean of speed-ups, and of the ends of their intervals: what it would be if all were off to one side."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Device:
    """What was timed on one device of one profile."""

    profile: str
    name: str
    cells: tuple[Judged, ...]

    @property
    def timed(self) -> tuple[Judged, ...]:
        """The calls with a timing that may count."""
        return tuple(cell for cell in self.cells if cell.result.timing is not None and cell.result.timing.stable)

    @property
    def failed(self) -> tuple[Judged, ...]:
        return tuple(cell for cell in self.cells if cell.judged and cell.result.timing is None)

    @property
    def label(self) -> str:
        return f"{self.name} ({self.profile})"

    def by_dtype(self) -> dict[str, Mean]:
        found: dict[str, list[Timing]] = {}
        for cell in self.timed:
            assert cell.result.timing is not None
            found.setdefault(cell.id.parameter("dtype"), []).append(cell.result.timing)
        return {
            dtype: Mean(
                mean([each.speedup for each in timings]),
                mean([each.speedup_low for each in timings]),
                mean([each.speedup_high for each in timings]),
            )
            for dtype, timings in found.items()
        }

    @property
    def speedup(self) -> Mean | None:
        """Over the calls of each dtype, then over dtypes; None where nothing was timed."""
        found = list(self.by_dtype().values())
        if not found:
            return None
        return Mean(mean([x.value for x in found]), mean([x.low for x in found]), mean([x.high for x in found]))

    @property
    def roofline(self) -> float | None:
        """The geometric mean of the share of what the device can do: of bandwidth or arithmetic, whichever is nearer."""
        shares = [share for cell in self.timed if (share := share_reached(cell.result.timing)) is not None]
        return mean(shares) if shares else None


def mean(values: Sequence[float]) -> float:
    """The geometric mean of numbers above 0."""
    return math.exp(sum(map(math.log, values)) / len(values))


def share_reached(timing: Timing | None) -> float | None:
    if timing is None:
        return None
    found = [share for share in (timing.bandwidth_share, timing.arithmetic_share) if share]
    return max(found) if found else None


def devices_of(cells: Sequence[Judged]) -> tuple[Device, ...]:
    """By profile and device, what was timed there, most first. A call that failed is its profile's one device's."""
    timed = [cell for cell in cells if cell.sample.kind == TIMED and cell.id.evidence is Evidence.TIME]
    names: dict[str, list[str]] = {}
    for cell in timed:
        if cell.result.timing is not None:
            names.setdefault(cell.id.profile, []).append(cell.result.timing.device)
    grouped: dict[tuple[str, str], list[Judged]] = {}
    for cell in timed:
        if not cell.judged:
            continue
        seen = names.get(cell.id.profile, [])
        name = cell.result.timing.device if cell.result.timing else max(seen, key=seen.count, default="unknown device")
        grouped.setdefault((cell.id.profile, name), []).append(cell)
    found = [Device(profile, name, tuple(each)) for (profile, name), each in grouped.items()]
    return tuple(sorted(found, key=lambda device: (-len(device.timed), device.label)))


def score_performance(
    cells: Sequence[Judged], expected: int, weights: Performance, out_of: float, repeat: Repeat
) -> Score:
    """`expected`: how many calls the task has that are timed."""
    devices = devices_of(cells)
    chosen = scored_device(devices, weights)
    if chosen is None:
        return unmeasured(NAME, TITLE, out_of, _why_not(cells, devices, weights, expected))
    line = out_of * (1 - weights.roofline)
    parts = _speed_parts(chosen, max(expected, len(chosen.cells)), weights, line, repeat)
    if weights.roofline:
        parts.append(_roofline_part(chosen, weights, out_of * weights.roofline))
    exhibits = [_table(device, repeat) for device in devices]
    return Score(NAME, TITLE, out_of, tuple(parts), tuple(exhibits), tuple(_remarks(chosen, devices)))


def scored_device(devices: Sequence[Device], weights: Performance) -> Device | None:
    """The one whose timings earn points: of those that the weights allow, that which has most."""
    return next((device for device in devices if not weights.device or device.name == weights.device), None)


def timed_on(cells: Sequence[Judged], weights: Performance) -> tuple[TimedOn, ...]:
    """The devices that have a speed-up, in a line each."""
    devices = devices_of(cells)
    scored = scored_device(devices, weights)
    return tuple(
        TimedOn(each.profile, each.name, len(each.timed), found.value, found.low, found.high, each is scored)
        for each in devices
        if (found := each.speedup) is not None
    )


def _why_not(cells: Sequence[Judged], devices: Sequence[Device], weights: Performance, expected: int) -> str:
    if devices:
        listed = ", ".join(device.label for device in devices)
        return f"only timings on {weights.device} score, and there are those of {listed}"
    tried = [cell for cell in cells if cell.sample.kind == TIMED and cell.result.detail]
    if tried:
        return f"none of the {expected} timed calls was timed: {one_line(tried[0].result.detail, 300)}"
    return (
        f"none of the {expected} timed calls was timed: that takes a chip (--profile NAME@time there), "
        "or what a chip has found, given by --evidence"
    )


def _speed_parts(device: Device, expected: int, weights: Performance, out_of: float, repeat: Repeat) -> list[Part]:
    title = f"speed-up on {device.label}"
    measured, found = len(device.timed) + len(device.failed), device.speedup
    missing = _missing(device, expected)
    if not measured:
        return [Part(title, out_of, unmeasured=missing)]
    losses = [
        Loss(
            f"{cell.id.row} is {cell.result.outcome} where it is timed: {one_line(cell.result.detail, 200)}",
            1 / measured,
            repeat(str(cell.id)),
        )
        for cell in device.failed
    ]
    note = f"{len(device.timed)} calls timed"
    if found is not None:
        share = weights.share_of(found.value)
        note = f"geometric mean {found.value:.3f} ({found.low:.3f} to {found.high:.3f}) of {len(device.timed)} calls"
        if share < 1:
            losses.append(Loss(_sentence(found, weights), (1 - share) * len(device.timed) / measured))
    return covered(title, out_of, measured / expected, losses, note, missing)


def _missing(device: Device, expected: int) -> str:
    unsteady = [cell for cell in device.cells if cell.result.timing is not None and not cell.result.timing.stable]
    left = expected - len(device.timed) - len(device.failed)
    why = f"{left} of {expected} timed calls have no timing there"
    return f"{why}; of {len(unsteady)} {UNSTABLE}, which scores nothing" if unsteady else why


def _sentence(found: Mean, weights: Performance) -> str:
    if found.value < weights.gate:
        return f"the speed-up {found.value:.3f} is below the gate of {weights.gate:g}"
    if found.value < weights.start:
        return f"the speed-up {found.value:.3f} is below {weights.start:g}, where points begin"
    return (
        f"the speed-up {found.value:.3f} earns {weights.share_of(found.value):.1%}: {weights.at_start:.0%} are for "
        f"{weights.start:g}, all for {weights.full:g}"
    )


def _roofline_part(device: Device, weights: Performance, out_of: float) -> Part:
    title, reached = f"roofline on {device.label}", device.roofline
    if reached is None:
        return Part(title, out_of, unmeasured="no peak of the device was measured beside these timings")
    share = min(1.0, reached / weights.full_roofline)
    text = f"{reached:.1%} of what the device can do is reached; all points are for {weights.full_roofline:.0%}"
    return Part(title, out_of, (Loss(text, 1 - share),) if share < 1 else (), note=f"{reached:.1%} reached")


def _table(device: Device, repeat: Repeat) -> Exhibit:
    rows = []
    for cell in device.cells:
        timing = cell.result.timing
        if timing is None:
            said: tuple[str, ...] = ("-", "-", "-", "-", str(cell.result.outcome))
        else:
            interval = f"{timing.speedup_low:.3f} to {timing.speedup_high:.3f}"
            reached = share_reached(timing)
            counted = "yes" if timing.stable else UNSTABLE
            counted += ", near the launch floor" if timing.near_floor else ""
            said = (
                f"{timing.speedup:.3f}",
                interval,
                f"{timing.candidate.median * 1e6:.1f}",
                "-" if reached is None else f"{reached:.1%}",
                counted,
            )
        rows.append((cell.id.operator, cell.sample.call, cell.id.parameter("dtype"), *said, repeat(str(cell.id))))
    head = ("form", "call", "dtype", "speed-up", "95 % interval", "microseconds", "roofline", "counts", "command")
    return Exhibit(f"Timed calls on {device.label}", head, tuple(rows))


def _remarks(chosen: Device, devices: Sequence[Device]) -> list[str]:
    found = []
    for dtype, speedup in chosen.by_dtype().items():
        found.append(f"{dtype}: {speedup.value:.3f} ({speedup.low:.3f} to {speedup.high:.3f}).")
    if chosen.roofline is not None:
        found.append(f"Roofline: {chosen.roofline:.1%} of what was measured as the most of {chosen.name}.")
    floor = sum(cell.result.timing is not None and cell.result.timing.near_floor for cell in chosen.timed)
    if floor:
        found.append(f"{floor} calls took little more than a launch: there the launch was timed, not the work.")
    others = [f"{each.label} {each.speedup.value:.3f}" for each in devices if each is not chosen and each.speedup]
    if others:
        found.append(f"Not scored, and not to be compared, because devices differ: {', '.join(others)}.")
    return found
