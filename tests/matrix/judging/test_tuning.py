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

calls, hooked = [], []
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
    configs=[triton.Config({"SIZE": size}, pre_hook=lambda all: hooked.append(all["SIZE"])) for size in (1, 2, 4, 8)],
)
tuner.run(7, grid=(1,))
tuner.run(7, grid=(1,))
print(hooked)
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


def test_what_a_configuration_prepares_is_prepared_before_it_is_compiled() -> None:
    """Descriptors of tensors are given their blocks by it."""
    command = [sys.executable, "-c", TRIED, "compile_all"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.stdout.splitlines()[-2] == str([1, 2, 4, 8, 2, 2]), answer.stderr


# The same tuner with a stopwatch and a clock that know how long each configuration takes.
TIMED = """
import sys
from types import SimpleNamespace
import triton
from triton.runtime import driver
from triton.runtime.autotuner import Autotuner
from matrix.judging import tuning

MILLISECONDS = {1: 4.0, 2: 1.0, 4: 1.1, 8: 3.0, 16: 0.9}
now, measured = [0.0], []
class Kernel:
    arg_names = ["x"]
    __name__ = "kernel"
    def run(self, *args, **kwargs):
        now[0] += MILLISECONDS[kwargs["SIZE"]]
class Event:
    def __init__(self, enable_timing):
        pass
    def record(self):
        self.at = now[0]
    def elapsed_time(self, other):
        return other.at - self.at
device = SimpleNamespace(Event=Event, synchronize=lambda: None)
driver.set_active(SimpleNamespace(get_device_interface=lambda: device))
def stopwatch(call, quantiles):
    before = now[0]
    call()
    measured.append(now[0] - before)
    return [now[0] - before] * 3

tuning.glance_first()
tuner = object.__new__(Autotuner)
tuner.__dict__.update(
    fn=Kernel(), base_fn=Kernel(), arg_names=["x"], keys=[], cache={}, cache_results=False, early_config_prune=None,
    perf_model=None, pre_hook=lambda *a, **k: None, post_hook=lambda *a, **k: None, _do_bench=stopwatch,
    configs=[triton.Config({"SIZE": size}) for size in MILLISECONDS], do_bench=stopwatch,
)
tuner.run(7, grid=(1,))
print([round(value, 3) for value in measured], tuner.best_config.kwargs)
"""


def test_a_glance_rules_out_what_is_far_too_slow_and_the_best_is_chosen() -> None:
    """The first, with nothing to compare, is measured; of the others the one that takes 3 ms is not."""
    answer = subprocess.run([sys.executable, "-c", TIMED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "[4.0, 1.0, 1.1, 0.9] {'SIZE': 16}"
