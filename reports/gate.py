"""The gate that a change of speed must pass before anybody is told: it must be certain, and it must matter.

What is compared is the speed-up of two runs: how much faster than the native operator the candidate was, both timed in
turn on one device in one run. The clock, the temperature and the driver of that run act on both, and cancel.

**Certain.** Each speed-up comes with a 95 % interval, and the two intervals must not touch. This asks for more than
95 %. Where nothing changed and both intervals are equally wide (z = 1.96 standard errors to either side), the two
estimates must lie 2 z standard errors apart, and their difference has a standard error of sqrt(2): they do so in

    P(|Z| > 2 * 1.96 / sqrt(2)) = P(|Z| > 2.77) = 0.56 %

of all comparisons, half of it on the slow side. The less alike the widths, the nearer this comes to 5 %, and never above.

**Matters.** An interval tells what repeats within one run. A new process, another layout of memory or a new binary of
the same source move a kernel by a few per cent with no fault of anybody, and no interval knows of it. So the better
speed-up must also exceed the worse by more than 5 % of itself (`worse < 0.95 * better`).

The gate is symmetric: what is faster from A to B is slower from B to A.
"""

from __future__ import annotations

from enum import StrEnum

from reports.snapshot import Speed

LEAST = 0.05  # of the better speed-up: what a change must exceed to matter


class Pace(StrEnum):
    """What became of the speed between two runs."""

    SLOWER = "slower"
    SAME = "same"
    FASTER = "faster"
    INCOMPARABLE = "incomparable"


def compare_speed(old: Speed, new: Speed) -> Pace:
    """Whether the new speed is another one beyond both gates.

    Speeds of different devices, of a device that is not named, or against different operators are never compared.
    """
    if not old.device or old.ground != new.ground:
        return Pace.INCOMPARABLE
    if _worse(new, old):
        return Pace.SLOWER
    return Pace.FASTER if _worse(old, new) else Pace.SAME


def _worse(one: Speed, other: Speed) -> bool:
    """Whether one is slower than the other: the intervals do not touch, and the distance matters."""
    return one.high < other.low and one.speedup < (1 - LEAST) * other.speedup
