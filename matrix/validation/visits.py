"""What the workers of a soak told of their visits, read back as one round. The files are named after the processes.

{"event": "visit", "row": r, "lap": k, "calls": n, "seconds": median of a call, "wall": s, "host": bytes, ...}
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from matrix.outcome import Outcome
from matrix.run import Run
from matrix.runner.journal import Event, Tail, read_run
from matrix.validation.growth import WARM_UP
from matrix.validation.soaked import CRASHES, MEMORIES, Crash, Round

FOLDER_VARIABLE, SECONDS_VARIABLE = "MATRIX_SOAK", "MATRIX_SOAK_SECONDS"
MOST_CRASHES = 100
MOST_ROWS = 2000
_LAP = re.compile(r"\.lap-\d+(?=[,\]])")


def visits_file(folder: Path, pid: int) -> Path:
    return folder / f"visits-{pid}.jsonl"


def read_visits(folder: Path) -> list[list[Event]]:
    """The visits of each process, in their order."""
    files = sorted(folder.glob("visits-*.jsonl"), key=lambda path: path.stat().st_mtime)
    return [[event for event in Tail(path).read() if event["event"] == "visit"] for path in files]


def summarise(folder: Path, number: int, seconds: float) -> Round:
    """What a round came to, from its journals and from what its workers told."""
    run = read_run(folder)
    lives = read_visits(folder)
    every = [visit for life in lives for visit in life]
    memory = {kind: tuple(tuple(laps_of(life, kind)) for life in lives) for kind in MEMORIES}
    return Round(
        number=number,
        seconds=seconds,
        visits=len(every),
        calls=sum(calls for visit in every if isinstance(calls := visit.get("calls"), int)),
        outcomes=_outcomes(run),
        crashes=tuple(_crashes(run))[:MOST_CRASHES],
        memory={kind: lives for kind, lives in memory.items() if any(lives)},
        latency=latencies(every),
    )


def laps_of(life: Iterable[Event], kind: str) -> list[float]:
    """The median of a kind of memory in each lap of a process, in the order of the laps."""
    laps: dict[int, list[float]] = {}
    for visit in life:
        lap, value = visit.get("lap"), visit.get(kind)
        if isinstance(lap, int) and isinstance(value, int | float):
            laps.setdefault(lap, []).append(float(value))
    return [statistics.median(laps[lap]) for lap in sorted(laps)]


def latencies(visits: Sequence[Event]) -> dict[str, float]:
    """The median seconds of a call of each case, its first laps left out where there are more."""
    found: dict[str, list[tuple[int, float]]] = {}
    for visit in visits:
        row, lap, seconds = visit.get("row"), visit.get("lap"), visit.get("seconds")
        if isinstance(row, str) and isinstance(lap, int) and isinstance(seconds, int | float):
            found.setdefault(row, []).append((lap, float(seconds)))
    medians: dict[str, float] = {}
    for row in sorted(found)[:MOST_ROWS]:
        warm = [seconds for lap, seconds in found[row] if lap > WARM_UP] or [seconds for _, seconds in found[row]]
        medians[row] = statistics.median(warm)
    return medians


def wall_seconds(folder: Path) -> float:
    """Seconds that the workers spent in visits."""
    walls = [visit.get("wall") for life in read_visits(folder) for visit in life]
    return sum(float(wall) for wall in walls if isinstance(wall, int | float))


def _finals(run: Run) -> list[tuple[str, Outcome, str]]:
    finals = ((cell, run.final(cell)) for cell in run.results)
    return [(cell, final.outcome, final.detail) for cell, final in finals if final is not None]


def _outcomes(run: Run) -> dict[str, int]:
    return dict(Counter(outcome.value for _, outcome, _ in _finals(run)))


def _crashes(run: Run) -> Iterable[Crash]:
    """Cases that ended their process; and the device, where it did not recover: cells of a whole round are all carried else."""
    finals = _finals(run)
    lost = [detail for _, outcome, detail in finals if outcome is Outcome.NOT_RUN]
    if lost:
        yield Crash("the device", "LOST", lost[0][:300])
    for cell, outcome, detail in finals:
        if outcome in CRASHES:
            yield Crash(_LAP.sub("", cell), outcome.value, detail[:300])
