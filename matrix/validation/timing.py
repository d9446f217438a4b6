"""How fast a case was, read from a result of `time`: the one place that knows how a result keeps it."""

from __future__ import annotations

import math

from matrix.result import Result


def speedup_of(result: Result) -> float | None:
    """How many times as fast as the native operator; None where the result does not say, or says what cannot be."""
    speedup = result.timing.speedup if result.timing is not None else None
    if not isinstance(speedup, int | float) or isinstance(speedup, bool):
        return None
    return float(speedup) if math.isfinite(speedup) and speedup > 0 else None
