"""How long a user waits: planning, the default run of all its columns, and one column's smoke and quick tier.

    python -m benchmarks.tiers [--default] [--quick]

Each with empty and with filled caches, in one run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.commands import COLUMN, matrix_run


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="the quick tier too (minutes)")
    options.add_argument("--default", action="store_true", help="the default run, with every column it has (minutes)")
    asked = options.parse_args()
    print(f"planning the full tier of the default columns: {_planning():.2f} s")
    if asked.default:
        _time("the default run")
    for tier in ["smoke", "quick"] if asked.quick else ["smoke"]:
        _time(f"{tier} tier of one column", "--profile", COLUMN, "--tier", tier)


def _time(title: str, *arguments: str) -> None:
    home = Path(tempfile.mkdtemp())
    cold = matrix_run(home / "cold", *arguments, home=home)
    warm = matrix_run(home / "warm", *arguments, home=home)
    print(f"{title}: {cold:.1f} s with empty caches, {warm:.1f} s with filled ones (ratio {cold / warm:.2f})")


def _planning() -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "matrix", "plan", "--tier", "full"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
