"""What the benchmarks share: running the matrix as its user does, and the plan of a tier."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from matrix.cell import Cell
from matrix.declared import Declared
from matrix.plan import Selection


def matrix_run(directory: Path, *arguments: str) -> float:
    """Seconds of one `python -m matrix run` that writes to a directory; a red run is timed like a green one."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "matrix", "run", "--out", str(directory), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.perf_counter() - started


def smoke_plan(tier: str = "smoke", operators: tuple[str, ...] = ()) -> tuple[Cell, ...]:
    """The runnable cells of a tier on the default profile."""
    return Declared.read(["cpu-interpreter"]).plan(Selection(tier, operators)).runnable
