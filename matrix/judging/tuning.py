"""What tuned kernels do on a device: settle on the first configuration that works, or only compile all of them.

A tuner chooses by stopwatch. Where cells share a device its choice would be an accident, and what it costs is most of a run:
so for `run` the first configuration that the tuner's own pruning leaves, and that works, is taken, the same in every run. For
`time`, alone on its device, the tuner chooses by stopwatch, as it always does, among those that a glance does not rule out.
Before that, every configuration is compiled by many processes at once (`prepare`), so that the one that times need not.

What FlagGems remembers of its tuning is kept in memory meanwhile (`FLAGGEMS_DB_URL`), and what Triton does nowhere: a choice
that was not made by stopwatch must not be found by one that is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any

from matrix.outcome import Evidence

# A configuration whose best of a few calls is slower than this many times the best median so far is not measured at length.
RULED_OUT = 1.25
GLANCES = 3

CHOSEN, REFUSED = [1.0, 1.0, 1.0], [float("inf")] * 3


def tune_for(evidence: Evidence) -> None:
    """For the rest of this process tuners do on a device what an evidence asks of them."""
    if evidence is Evidence.RUN:
        settle_on_first()
    elif evidence is Evidence.TIME:
        glance_first()


@cache
def settle_on_first() -> None:
    """For the rest of this process a tuner takes the first configuration that runs."""
    _choose_by(_run_once)


@cache
def compile_all() -> None:
    """For the rest of this process a tuner compiles every configuration, and runs the first."""
    _choose_by(_compile)


@cache
def glance_first() -> None:
    """For the rest of this process a tuner's stopwatch leaves out the configurations that a glance shows to be too slow.

    A tuner gives each configuration an eighth of a second, and hundreds of them take minutes. One warm call and the best of
    three cost next to nothing; their caches are warm, so that they err on the side of measuring.
    """
    from triton.runtime.autotuner import Autotuner

    prune, bench = Autotuner.prune_configs, Autotuner._bench  # noqa: SLF001 - the one place where a tuner looks at its stopwatch

    def pruned(self: Any, kwargs: Any) -> Any:
        self.matrix_best = math.inf
        return prune(self, kwargs)

    def glanced(self: Any, *args: Any, config: Any, **kwargs: Any) -> list[float]:
        own, self.do_bench = self.do_bench, partial(_glance_and_measure, self, self.do_bench)
        try:
            found: list[float] = bench(self, *args, config=config, **kwargs)
        finally:
            self.do_bench = own
        return found

    Autotuner.prune_configs = pruned
    Autotuner._bench = glanced  # noqa: SLF001 - as above


def _glance_and_measure(tuner: Any, measure: Callable[..., Any], call: Callable[[], Any], **how: Any) -> Any:
    """What the tuner's own stopwatch says of a call, in milliseconds, or what a glance does where that rules it out."""
    seen = _glance(call)
    if seen > RULED_OUT * tuner.matrix_best:
        return [seen] * len(how["quantiles"]) if how.get("quantiles") else seen
    found = measure(call, **how)
    tuner.matrix_best = min(tuner.matrix_best, found[0] if isinstance(found, list | tuple) else found)
    return found


def _glance(call: Callable[[], Any]) -> float:
    """The shortest of a few calls after a first one, in milliseconds on the device's clock."""
    from triton.runtime import driver

    device = driver.active.get_device_interface()
    call()
    marks = [[device.Event(enable_timing=True) for _ in range(2)] for _ in range(GLANCES)]
    for before, after in marks:
        before.record()
        call()
        after.record()
    device.synchronize()
    return min(float(before.elapsed_time(after)) for before, after in marks)


def _choose_by(try_out: Callable[..., list[float]]) -> None:
    """Have tuners ask `try_out` of each configuration instead of a stopwatch."""
    from triton.runtime.autotuner import Autotuner

    prune = Autotuner.prune_configs

    def pruned(self: Any, kwargs: Any) -> Any:
        self.matrix_settled = False
        return prune(self, kwargs)

    def tried(self: Any, *args: Any, config: Any, **kwargs: Any) -> list[float]:
        return try_out(self, args, config, kwargs)

    def in_memory(self: Any, key: Any, configs: Any, choose: Callable[[], None]) -> bool:
        del self, key, configs
        choose()
        return False

    Autotuner.prune_configs = pruned
    Autotuner.check_disk_cache = in_memory
    Autotuner._bench = tried  # noqa: SLF001 - the one place where a tuner looks at its stopwatch


def _run_once(tuner: Any, args: tuple[Any, ...], config: Any, kwargs: dict[str, Any]) -> list[float]:
    if tuner.matrix_settled:
        return REFUSED
    return _attempt(tuner, args, config, kwargs)


def _compile(tuner: Any, args: tuple[Any, ...], config: Any, kwargs: dict[str, Any]) -> list[float]:
    if not tuner.matrix_settled:
        return _attempt(tuner, args, config, kwargs)
    from triton.compiler.errors import CompilationError

    with suppress(CompilationError):  # whatever stands in the way of one, the others are compiled ahead
        _attempt(tuner, args, config, kwargs | {"warmup": True})
    return REFUSED


def _attempt(tuner: Any, args: tuple[Any, ...], config: Any, kwargs: dict[str, Any]) -> list[float]:
    """Run one configuration as the tuner would (or compile it, where `kwargs` say so); one that does not fit is passed over."""
    from triton.compiler.errors import CompileTimeAssertionFailure
    from triton.runtime.errors import OutOfResources, PTXASError

    current = kwargs | config.all_kwargs()
    full = {**tuner.nargs, **current}
    runs = not kwargs.get("warmup")
    try:
        if config.pre_hook is not None:
            config.pre_hook(full)  # before compiling too: it may set the blocks of descriptors, a part of their types
        if runs:
            tuner.pre_hook(full)
        tuner.fn.run(*args, **current)
        if runs:
            tuner.post_hook(full, exception=None)
    except (OutOfResources, CompileTimeAssertionFailure, PTXASError):
        return REFUSED
    tuner.matrix_settled = True
    return CHOSEN
