"""An existing suite under the plugin: the same verdicts in parallel as serially, and as without the plugin.

    python -m benchmarks.adopted FOLDER --profile cuda [--workers 8] [--plain] [--option=--quick] [FILE ...]

FOLDER is a checkout of FlagGems, whose tests are in FOLDER/tests; FILE names files there. The default is ten quick ones that
span the families, 250 tests in FlagGems 5.0.2:

    test_abs (pointwise) test_silu (activation) test_amax (reduction) test_cumsum (scan) test_tril (layout) test_mv (matmul)
    test_rms_norm (normalization) test_index_select (index) test_masked_select (its shapes are drawn by the clock)
    test_upsample_nearest2d (upsampling)

They run three times, each in processes of its own and with warm caches of compiled kernels (the first run, which fills them,
is thrown away unless --cold): under the plugin with one worker, under the plugin with many, and with --plain by pytest alone.
Exit 1 when two of them disagree on any test.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from matrix.adopt.cases import read_cases
from matrix.outcome import Outcome
from matrix.runner.journal import read_run

ROOT = Path(__file__).resolve().parents[1]
# As the docstring says.
FILES = ["abs", "silu", "amax", "cumsum", "tril", "mv", "rms_norm", "index_select", "masked_select"]
FILES += ["upsample_nearest2d"]
# A line of `pytest -v`.
_LINE = re.compile(r"(?P<node>\S+\.py::.+?) (?P<word>PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS)(\s|$)")
_WORDS = {"PASSED": "PASS", "XPASS": "PASS", "SKIPPED": "NOT_RUN", "FAILED": "bad", "ERROR": "bad", "XFAIL": "bad"}

Verdicts = dict[str, str]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("files", nargs="*", help="files of FOLDER/tests, or paths below FOLDER (default: the ten)")
    options.add_argument("--profile", required=True)
    options.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    options.add_argument("--plain", action="store_true", help="also by pytest alone, without the plugin")
    options.add_argument("--cold", action="store_true", help="no run beforehand that fills the caches")
    options.add_argument("--option", action="append", default=[], help="an option of the suite, as --option=--quick")
    asked = options.parse_intermixed_args()
    given = [*map(_file, asked.files or [f"test_{name}.py" for name in FILES]), *asked.option]
    if not asked.cold:
        seconds, _ = adopted(asked.folder, asked.profile, asked.workers, given)
        print(f"filling caches: {seconds:.1f} s, thrown away", flush=True)
    serial_seconds, serial = adopted(asked.folder, asked.profile, 1, given)
    print(f"under the plugin, 1 worker: {serial_seconds:.1f} s, {_shown(serial)}", flush=True)
    seconds, parallel = adopted(asked.folder, asked.profile, asked.workers, given)
    print(f"under the plugin, {asked.workers} workers: {seconds:.1f} s, {_shown(parallel)}", flush=True)
    print(f"wall-clock: {serial_seconds / seconds:.2f} times as fast in parallel")
    differing = compare("1 worker", serial, f"{asked.workers} workers", parallel)
    if asked.plain:
        seconds, plain = alone(asked.folder, given)
        print(f"pytest alone, serially: {seconds:.1f} s, {_shown(plain)}")
        coarse = {node: found if found in {"PASS", "NOT_RUN"} else "bad" for node, found in parallel.items()}
        differing += compare("pytest alone", plain, f"{asked.workers} workers", coarse)
    sys.exit(1 if differing else 0)


def adopted(folder: Path, profile: str, workers: int, given: Sequence[str]) -> tuple[float, Verdicts]:
    """Wall-clock, and by node id the outcome of every test, under the plugin."""
    directory = Path(tempfile.mkdtemp(prefix="adopted-")) / "run"
    ours = ["-p", "matrix.adopt", "--profile", profile, "--adopt-out", str(directory), "-n", str(workers)]
    seconds, said = _pytest(folder, [*ours, *given])
    run, cases = read_run(directory), read_cases(directory)
    if not cases:
        sys.exit(f"nothing was collected:\n{said[-3000:]}")
    finals = {cases.get(cell, cell): run.final(cell) for cell in run.results.keys() | cases.keys()}
    for node, final in finals.items():
        if final is not None and final.outcome.blames_provider:
            print(f"  {final.outcome} with {workers}: {node}: {final.detail[:300]}")
    return seconds, {node: str(final.outcome if final else "no result") for node, final in finals.items()}


def alone(folder: Path, given: Sequence[str]) -> tuple[float, Verdicts]:
    """The same by pytest alone: what it prints of each test."""
    seconds, said = _pytest(folder, ["-v", *given])
    found = (_LINE.match(line) for line in said.splitlines())
    return seconds, {match["node"]: _WORDS[match["word"]] for match in found if match}


def _pytest(folder: Path, arguments: Sequence[str]) -> tuple[float, str]:
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    command = [sys.executable, "-m", "pytest", "--tb=no", "-W", "ignore", *arguments]
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    return time.monotonic() - began, done.stdout + done.stderr


def compare(left: str, these: Mapping[str, str], right: str, those: Mapping[str, str]) -> int:
    """Print every test on which two runs disagree; how many they are."""
    both = these.keys() & those.keys()
    differing = sorted(node for node in both if these[node] != those[node])
    for node in differing:
        print(f"  {node}: {these[node]} with {left}, {those[node]} with {right}")
    strangers = len(these.keys() ^ those.keys())
    lonely = f"; {strangers} tests are in one of them only" if strangers else ""
    print(f"{left} against {right}: {len(both) - len(differing)} of {len(both)} tests agree{lonely}")
    return len(differing) + strangers


def _shown(verdicts: Verdicts) -> str:
    counts = Counter(verdicts.values())
    order = [*map(str, Outcome), "bad", "no result"]
    return ", ".join(f"{counts[name]} {name}" for name in order if counts[name])


def _file(name: str) -> str:
    return name if "/" in name else f"tests/{name}"


if __name__ == "__main__":
    main()
