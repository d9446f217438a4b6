"""Warm workers against a fresh pytest process for each operator (what FlagGems' own scheduler does), on the same cases.

    python -m benchmarks.isolation [--operators 30]

Both sides judge the same cells by the same judge with cached references, on as many processes side by side as there are cores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.commands import COLUMN, matrix_run, smoke_plan
from operators.catalogue import smoke_operators

FRESH = """
import sys, pytest
from benchmarks.commands import smoke_plan
from matrix.judging.judge import judge
from matrix.judging.readiness import warm

CELLS = smoke_plan("smoke", ({operator!r},))

@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell.id))
def test_cell(cell):
    warm(cell)
    judge(cell, lambda phase: None)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--operators", type=int, default=30)
    names = smoke_operators()[: options.parse_args().operators]
    cases = len(smoke_plan("smoke", names))
    selection = [part for name in names for part in ("--operator", name)]
    matrix_run(Path(tempfile.mkdtemp()), "--profile", COLUMN, *selection)  # fills the caches of both sides
    warm = matrix_run(Path(tempfile.mkdtemp()), "--profile", COLUMN, *selection)
    fresh = _fresh(names)
    print(f"{cases} cases of {len(names)} operators on {os.cpu_count()} cores")
    print(f"warm workers {warm:.1f} s ({60 * cases / warm:.0f} cases a minute, start and reports included)")
    print(f"fresh pytest process for each operator {fresh:.1f} s ({60 * cases / fresh:.0f} cases a minute)")
    print(f"ratio {fresh / warm:.1f}")


def _fresh(names: Sequence[str]) -> float:
    folder = Path(tempfile.mkdtemp())
    started = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: _one(folder, name), names))
    return time.perf_counter() - started


def _one(folder: Path, name: str) -> None:
    file = folder / f"test_{abs(hash(name))}.py"
    file.write_text(FRESH.format(operator=name))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MATRIX_CACHE": str(Path(".matrix/cache").resolve())}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    subprocess.run(command, check=True, capture_output=True, env=environment)


if __name__ == "__main__":
    main()
