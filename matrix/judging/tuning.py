"""What tuned kernels do on a device: settle on the first configuration that works, or only compile all of them.

A tuner chooses by stopwatch. Where cells share a device its choice would be an accident, and what it costs is most of a run:
so for `run` the first configuration that the tuner's own pruning leaves, and that works, is taken, the same in every run. For
`time`, alone on its device, the tuner chooses as it always does. Before that, every configuration is compiled by many
processes at once (`prepare`), so that the one that times need not.

What FlagGems remembers of its tuning is kept in memory meanwhile (`FLAGGEMS_DB_URL`), and what Triton does nowhere: a choice
that was not made by stopwatch must not be found by one that is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

CHOSEN, REFUSED = [1.0, 1.0, 1.0], [float("inf")] * 3


@cache
def settle_on_first() -> None:
    """For the rest of this process a tuner takes the first configuration that runs."""
    _choose_by(_run_once)


@cache
def compile_all() -> None:
    """For the rest of this process a tuner compiles every configuration, and runs the first."""
    _choose_by(_compile)


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
        if runs and config.pre_hook is not None:
            config.pre_hook(full)
        if runs:
            tuner.pre_hook(full)
        tuner.fn.run(*args, **current)
        if runs:
            tuner.post_hook(full, exception=None)
    except (OutOfResources, CompileTimeAssertionFailure, PTXASError):
        return REFUSED
    tuner.matrix_settled = True
    return CHOSEN
