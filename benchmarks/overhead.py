"""What the harness costs a case: carried by the runner, against calling the operator and comparing in a bare loop.

    python -m benchmarks.overhead [--tier smoke] [--repeat 3]

Both sides run the same cells in one warm process each, with cached references. `carried` is the span from the first
case's start to the last case's end in the worker's journal, divided by the cases; `bare` is the provider's call and the
comparison alone. Runs alternate, and the medians over the repetitions are printed.
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

from benchmarks.commands import matrix_run, smoke_plan


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tier", default="smoke")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.bare:
        print(json.dumps(_bare(asked.tier)))
        return
    matrix_run(Path(tempfile.mkdtemp()), "--tier", asked.tier, "--workers", "1")  # fills the caches of both sides
    carried, bare = [], []
    for _ in range(asked.repeat):
        directory = Path(tempfile.mkdtemp())
        matrix_run(directory, "--tier", asked.tier, "--workers", "1")
        carried.append(_carried(directory))
        command = [sys.executable, "-m", "benchmarks.overhead", "--bare", "--tier", asked.tier]
        bare.append(float(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)))
    ours, loop = statistics.median(carried), statistics.median(bare)
    print(
        f"carried {ours * 1e3:.2f} ms a case, bare loop {loop * 1e3:.2f} ms: the harness adds {(ours - loop) * 1e3:.2f} ms"
    )
    print(f"ratio carried / bare {ours / loop:.3f}")
    print(f"all runs, ms: carried {_shown(carried)}, bare {_shown(bare)}")


def _shown(seconds: list[float]) -> str:
    return ", ".join(f"{value * 1e3:.2f}" for value in seconds)


def _carried(directory: Path) -> float:
    """Seconds a case, over the longest journal of a worker: the first pass."""
    journals = sorted(directory.glob("journal-*-gw*.jsonl"), key=lambda path: path.stat().st_size)
    events = [json.loads(line) for line in journals[-1].read_text().splitlines()]
    times = [datetime.fromisoformat(event["time"]) for event in events if event["event"] in ("start", "result")]
    cases = sum(event["event"] == "result" for event in events)
    span: float = (times[-1] - times[0]).total_seconds()
    return span / int(cases)


def _bare(tier: str) -> float:
    """Seconds a case of calling the provider and comparing, nothing else."""
    os.environ["MATRIX_CACHE"] = str(Path(".matrix/cache").resolve())
    from matrix import providers
    from matrix.emulation import activate
    from matrix.judging import judge, readiness
    from matrix.judging.inputs import draw
    from operators.call import parse_call

    cells = [cell for cell in smoke_plan(tier) if not cell.case.sample.raises]
    readiness.warm(cells[0])
    spent, cases = 0.0, 0
    for cell in cells:
        attempt = judge.Attempt(cell, lambda _: None, activate(cell.profile))
        function = providers.load(cell)
        arguments = draw(parse_call(cell.case.sample.call), cell.case.dtype, cell.id.seed_text)
        due = judge.reference_of(cell, arguments)
        mine = judge.provider_arguments(cell, arguments, due)
        started = time.perf_counter()
        try:
            returned = judge.call_provider(attempt, function, mine)
            judge.compare_returned(attempt, arguments, mine, returned, due)
        except Exception as error:  # noqa: BLE001 - a bad case takes its time on both sides
            judge.blame(attempt, error)
        spent += time.perf_counter() - started
        cases += 1
    return spent / cases


if __name__ == "__main__":
    main()
