"""What the benchmarks share: running the matrix as its user does, and the plan of a tier."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from matrix.cell import Cell
from matrix.declared import Declared
from matrix.plan import Selection
from matrix.runner.spawn import ROOT

# The column that stands for any other where one is enough.
COLUMN = "cpu-interpreter"


def matrix_run(directory: Path, *arguments: str, home: Path | None = None) -> float:
    """Seconds of one `python -m matrix run` that writes to a directory; a red run is timed like a green one.

    `home` is where it is started, and so where its caches lie; None: here.
    """
    started = time.perf_counter()
    command = [sys.executable, "-m", "matrix", "run", "--out", str(directory), *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    variables = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=home, env=variables)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.perf_counter() - started


def smoke_plan(tier: str = "smoke", operators: tuple[str, ...] = ()) -> tuple[Cell, ...]:
    """The runnable cells of a tier on the default profile."""
    return Declared.read([COLUMN]).plan(Selection(tier, operators)).runnable
