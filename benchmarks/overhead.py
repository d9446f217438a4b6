"""What the harness costs a case, over calling the operator and comparing.

    python -m benchmarks.overhead [--tier smoke] [--repeat 3]

Two parts are added. The runner's: the time between the first case's start and the last case's end in a worker's
journal, less the time spent inside of the judge, divided by the cases. The judge's: a warm process judges each cell and,
right after, calls the provider and compares by hand; the difference is inputs, the cached reference and the checks
around. Medians over the repetitions.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.commands import COLUMN, matrix_run, smoke_plan
from matrix.cell import Cell


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tier", default="smoke")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.bare:
        print(json.dumps(_bare(asked.tier)))
        return
    matrix_run(
        Path(tempfile.mkdtemp()), "--profile", COLUMN, "--tier", asked.tier, "--workers", "1"
    )  # fills the caches of both sides
    runner, judging, calling = [], [], []
    for _ in range(asked.repeat):
        directory = Path(tempfile.mkdtemp())
        matrix_run(directory, "--profile", COLUMN, "--tier", asked.tier, "--workers", "1")
        runner.append(_between_cases(directory))
        command = [sys.executable, "-m", "benchmarks.overhead", "--bare", "--tier", asked.tier]
        whole, bare = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        judging.append(whole - bare)
        calling.append(bare)
    parts = [statistics.median(part) for part in (runner, judging, calling)]
    print(
        f"runner {parts[0] * 1e3:.2f} ms + judge {parts[1] * 1e3:.2f} ms = {(parts[0] + parts[1]) * 1e3:.2f} ms a case,"
    )
    print(f"over {parts[2] * 1e3:.2f} ms of calling and comparing (warm): ratio {sum(parts) / parts[2]:.2f}")
    print(f"all runs, ms: runner {_shown(runner)}; judge {_shown(judging)}; calling {_shown(calling)}")


def _shown(seconds: list[float]) -> str:
    return ", ".join(f"{value * 1e3:.2f}" for value in seconds)


def _between_cases(directory: Path) -> float:
    """Seconds a case that a worker spends outside of the judge, over the longest journal of a worker: the first pass."""
    journals = sorted(directory.glob("journal-*-gw*.jsonl"), key=lambda path: path.stat().st_size)
    events = [json.loads(line) for line in journals[-1].read_text().splitlines()]
    times = [datetime.fromisoformat(event["time"]) for event in events if event["event"] in ("start", "result")]
    results = [event for event in events if event["event"] == "result"]
    outside = (times[-1] - times[0]).total_seconds() - sum(float(event["seconds"]) for event in results)
    return outside / len(results)


def _bare(tier: str) -> tuple[float, float]:
    """Seconds a case of the whole judge, and of calling and comparing alone, in one warm process."""
    os.environ["MATRIX_CACHE"] = str(Path(".matrix/cache").resolve())
    from matrix.judging import judge, readiness

    cells = [cell for cell in smoke_plan(tier) if not cell.case.sample.raises]
    readiness.warm(cells[0])
    whole = bare = 0.0
    for cell in cells:
        judge.judge(cell, lambda _: None)  # kernels are read once
        started = time.perf_counter()
        judge.judge(cell, lambda _: None)
        whole += time.perf_counter() - started
        bare += _call_and_compare(cell)
    return whole / len(cells), bare / len(cells)


def _call_and_compare(cell: Cell) -> float:
    from matrix import providers
    from matrix.emulation import activate
    from matrix.judging import judge
    from matrix.judging.attempt import Attempt, blame
    from matrix.judging.inputs import draw
    from operators.call import parse_call

    attempt = Attempt(cell, lambda _: None, activate(cell.profile))
    function = providers.load(cell)
    arguments = draw(parse_call(cell.case.sample.call), cell.case.dtype, cell.id.seed_text)
    due = judge.reference_of(cell, arguments)
    mine = judge.provider_arguments(cell, arguments, due)
    started = time.perf_counter()
    try:
        returned = judge.call_provider(attempt, function, mine)
        judge.compare_returned(attempt, arguments, mine, returned, due)
    except Exception as error:  # noqa: BLE001 - a bad case takes its time on both sides
        blame(attempt, error)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
