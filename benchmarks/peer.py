"""The same operators judged by FlagGems' own way and by ours, on one machine with a device.

    python -m benchmarks.peer CHECKOUT --side peer [--out FILE] [--seconds 500] [--skip N]
    python -m benchmarks.peer CHECKOUT --side ours [--out FILE]

FlagGems' `tools/run_tests.py` starts two fresh pytest processes for each operator: its accuracy tests, then its benchmark.
CHECKOUT holds `tests/` and `benchmark/` of the FlagGems version that is installed; the commands are those of that script.
Ours is one `matrix run` with evidence `run` and `time` for the same operators. Set the profile's variable
(CUDA_VISIBLE_DEVICES) to choose a device.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.commands import matrix_run
from matrix.runner.journal import read_run

# FlagGems' mark -> the base name of our row.
NAMES = (
    *(
        "add",
        "sub",
        "mul",
        "div",
        "neg",
        "exp",
        "rsqrt",
        "eq",
        "lt",
        "ge",
        "where",
        "gelu",
        "relu",
        "silu",
        "sigmoid",
        "tanh",
    ),
    *("mean", "sum", "max", "argmax", "cumsum", "sort", "topk", "mm", "bmm", "embedding", "index_select", "gather"),
)
OPERATORS = {name: name for name in NAMES} | {"softmax": "_softmax", "log_softmax": "_log_softmax"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("checkout", type=Path)
    options.add_argument("--side", choices=("peer", "ours"), required=True)
    options.add_argument("--profile", default="cuda")
    options.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options.add_argument("--out", type=Path)
    options.add_argument("--seconds", type=float, default=3600, help="start no further operator after this long")
    options.add_argument("--only", nargs="*", help="these operators, by FlagGems' marks")
    options.add_argument("--skip", type=int, default=0, help="leave out the first operators: an earlier call had them")
    asked = options.parse_args()
    found = ours(asked) if asked.side == "ours" else peer(asked)
    print(json.dumps(found, indent=1) if asked.out is None else f"{asked.side}: {found['seconds']:.1f} s")
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1))


def peer(asked: argparse.Namespace) -> dict[str, Any]:
    """Two fresh processes for each operator, one operator after another."""
    started = time.perf_counter()
    done: list[dict[str, Any]] = []
    for name in asked.only or list(OPERATORS)[asked.skip :]:
        if time.perf_counter() - started > asked.seconds:
            break
        accuracy = fresh(asked.checkout / "tests", f'pytest -m "{name}" --ref cpu -vs')
        speed = fresh(asked.checkout / "benchmark", f'pytest -m "{name}" --level core --record log')
        done.append({"operator": name, "accuracy": accuracy, "benchmark": speed})
        print(
            f"{name}: {accuracy['seconds']:.1f} s {accuracy['last']} + {speed['seconds']:.1f} s {speed['last']}",
            flush=True,
        )
        if asked.out:
            asked.out.write_text(json.dumps(done, indent=1))
    seconds = [item[part]["seconds"] for item in done for part in ("accuracy", "benchmark")]
    return {"operators": done, "seconds": sum(seconds)}


def fresh(folder: Path, command: str) -> dict[str, Any]:
    """One process, as FlagGems' script starts it: seconds, how it ended, and the last line that it printed."""
    words = [sys.executable, "-m", *command.replace('"', "").split()]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder.parent), os.environ.get("PYTHONPATH", "")])}
    started = time.perf_counter()
    ended = subprocess.run(
        words, cwd=folder, env=variables, capture_output=True, text=True, errors="replace", check=False
    )
    seconds = time.perf_counter() - started
    lines = [line for line in ended.stdout.splitlines() if line.strip()] or ended.stderr.splitlines() or [""]
    return {"seconds": seconds, "status": ended.returncode, "last": lines[-1].strip("= ")[:200]}


def ours(asked: argparse.Namespace) -> dict[str, Any]:
    """One run: every case of the operators, on the device and timed."""
    folder = Path(tempfile.mkdtemp()) / "run"
    selection = [part for name in OPERATORS.values() for part in ("--operator", name)]
    columns = ["--profile", f"{asked.profile}@run", "--profile", f"{asked.profile}@time"]
    seconds = matrix_run(folder, *columns, *selection, "--tier", "full", "--workers", str(asked.workers))
    return {"seconds": seconds, "operators": len(OPERATORS), **_told(folder)}


def _told(folder: Path) -> dict[str, Any]:
    run = read_run(folder)
    finals = [final for final in map(run.final, run.results) if final is not None]
    outcomes = Counter(f"{final.cell.rpartition('@')[2]} {final.outcome}" for final in finals)
    dtypes = Counter(final.cell.partition("dtype=")[2].partition(",")[0] for final in finals)
    return {"cells": len(finals), "outcomes": dict(outcomes), "dtypes": dict(dtypes), "stages": _stages(folder)}


def _stages(folder: Path) -> dict[str, float]:
    """Seconds from the first case of an evidence to its last result; `prepare` is compiling ahead of `time`."""
    moments: dict[str, list[float]] = {}
    for path in [*folder.glob("journal-*.jsonl"), *(folder / "preparing").glob("journal-*.jsonl")]:
        for line in path.read_text().splitlines():
            event = json.loads(line)
            if event.get("event") in ("start", "result") and "time" in event:
                stage = "prepare" if path.parent != folder else str(event["cell"]).rpartition("@")[2]
                moments.setdefault(stage, []).append(datetime.fromisoformat(event["time"]).timestamp())
    return {stage: max(found) - min(found) for stage, found in moments.items()}


if __name__ == "__main__":
    main()
