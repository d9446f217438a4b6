"""How long compiling takes: a tier over every target that can be compiled for, with empty caches, and the same run again.

    python -m benchmarks.compiling [--tier smoke] [--profile NAME]... [--workers 2]

The caches of the folder it is started in (.matrix/cache) are not touched: it works in a new one.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from backends.profiles import load_profiles
from benchmarks.commands import matrix_run
from matrix.outcome import Evidence, Outcome
from matrix.runner.journal import read_run


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tier", default="smoke")
    options.add_argument("--profile", action="append", default=[], help="a target (default: all)")
    options.add_argument("--workers", default=str(os.cpu_count() or 1))
    asked = options.parse_args()
    targets = asked.profile or [
        profile.name for profile in load_profiles().values() if Evidence.COMPILE in profile.evidence
    ]
    command = ["--tier", asked.tier, "--workers", asked.workers]
    for name in targets:
        command += ["--profile", f"{name}@{Evidence.COMPILE}"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        cold = matrix_run(home / "cold", *command, home=home)
        again = matrix_run(home / "again", *command, home=home)
        _print(home / "cold", len(targets), cold, again)


def _print(directory: Path, targets: int, cold: float, again: float) -> None:
    run = read_run(directory)
    finals = [result for name in run.results if (result := run.final(name)) is not None]
    kernels = [compiled for result in finals for compiled in result.compiled]
    counts = {outcome: sum(result.outcome is outcome for result in finals) for outcome in Outcome}
    found = ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number)
    print(f"{targets} targets, {len(finals)} cells ({found}), {len(kernels)} kernels compiled for them")
    print(f"{cold:.1f} s with empty caches, {again:.1f} s again with everything the same: ratio {cold / again:.1f}")


if __name__ == "__main__":
    main()
