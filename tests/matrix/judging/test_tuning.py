"""Tuners without a stopwatch: the first configuration that works is taken, or all are compiled and the first is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Triton's own tuner on a function that only notes how it is called: in a process of its own, because tuners stay changed.
TRIED = """
import sys
from types import SimpleNamespace
import triton
from triton.runtime.autotuner import Autotuner
from triton.runtime.errors import OutOfResources
from matrix.judging import tuning

calls = []
class Kernel:
    arg_names = ["x"]
    __name__ = "kernel"
    def run(self, *args, **kwargs):
        calls.append((kwargs["SIZE"], bool(kwargs.get("warmup"))))
        if kwargs["SIZE"] < 2:
            raise OutOfResources(2, 1, "shared memory")

getattr(tuning, sys.argv[1])()
tuner = object.__new__(Autotuner)
tuner.__dict__.update(
    fn=Kernel(), base_fn=Kernel(), arg_names=["x"], keys=["x"], cache={}, cache_results=True, early_config_prune=None,
    perf_model=None, pre_hook=lambda *a, **k: None, post_hook=lambda *a, **k: None,
    configs=[triton.Config({"SIZE": size}) for size in (1, 2, 4, 8)],
)
tuner.run(7, grid=(1,))
tuner.run(7, grid=(1,))
print(calls)
"""


@pytest.mark.parametrize(
    ("how", "calls"),
    [
        ("settle_on_first", [(1, False), (2, False), (2, False), (2, False)]),
        ("compile_all", [(1, False), (2, False), (4, True), (8, True), (2, False), (2, False)]),
    ],
)
def test_what_a_tuner_tries(how: str, calls: list[tuple[int, bool]]) -> None:
    """Of four configurations the first does not fit. The second call finds the choice remembered."""
    command = [sys.executable, "-c", TRIED, how]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == str(calls)
