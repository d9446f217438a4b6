"""How long a user waits: planning, the smoke tier and the quick tier, with empty and with filled caches.

python -m benchmarks.tiers [--quick]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.commands import matrix_run


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="the quick tier too (minutes)")
    tiers = ["smoke", "quick"] if options.parse_args().quick else ["smoke"]
    print(f"planning the full tier: {_planning():.2f} s")
    for tier in tiers:
        shutil.rmtree(".matrix/cache", ignore_errors=True)
        cold = matrix_run(Path(tempfile.mkdtemp()), "--tier", tier)
        warm = matrix_run(Path(tempfile.mkdtemp()), "--tier", tier)
        print(f"{tier} tier: {cold:.1f} s with empty caches, {warm:.1f} s with filled ones (ratio {cold / warm:.2f})")


def _planning() -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "matrix", "plan", "--tier", "full"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
