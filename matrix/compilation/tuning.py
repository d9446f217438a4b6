"""Autotuners without benchmarks: every configuration that survives the tuner's own pruning is tried on the target.

Each is compiled to where its shared memory is known (matrix/compilation/early_end.py): that says whether it fits. Of those
that fit one is compiled to its final binary, and taken: the one with the smallest blocks, as for `interpret`
(matrix/emulation/tuning.py), because compiling costs what the blocks cost too. Which one a chip would choose is unknown
here. When none fits the kernel is refused, with the reason of the one that wants least.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from matrix.compilation.kernels import Fits
from matrix.compilation.launch import Launcher
from matrix.emulation.gaps import Refused
from matrix.emulation.tuning import block_size


def install(launcher: Launcher) -> None:
    """Replace `Autotuner.run` for good."""
    from triton.runtime.autotuner import Autotuner

    def run(tuner: Any, *args: Any, **kwargs: Any) -> Any:
        return run_autotuner(launcher, tuner, args, kwargs)

    Autotuner.run = run


def run_autotuner(launcher: Launcher, tuner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`Autotuner.run` and everything derived from it."""
    tuner.nargs = dict(zip(tuner.arg_names, args, strict=False))
    if len(tuner.configs) == 1:
        result = _run_with(tuner, tuner.configs[0], args, kwargs)
        tuner.nargs = None
        return result
    configurations = sorted(tuner.prune_configs(kwargs), key=block_size)
    before = len(launcher.record)
    refusals: list[Refused] = []
    taken = result = None
    for configuration in configurations:
        try:
            _try(launcher, tuner, configuration, args, kwargs)
            if taken is None:
                result = _run_with(tuner, configuration, args, kwargs)
                taken = configuration
        except Refused as refused:
            refusals.append(refused)
    if taken is None:
        raise _no_choice(refusals)
    launcher.note_choice(before, len(configurations), len(configurations) - len(refusals))
    tuner.best_config = taken
    tuner.nargs = None
    return result


def _try(launcher: Launcher, tuner: Any, configuration: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raises Refused when a configuration does not fit."""
    with launcher.kernels.only_trying(), suppress(Fits):
        _run_with(tuner, configuration, args, {**kwargs, "warmup": True})


def _run_with(tuner: Any, configuration: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    chosen = configuration.all_kwargs()
    tuner.best_config = configuration
    if configuration.pre_hook is not None:
        configuration.pre_hook({**tuner.nargs, **kwargs, **chosen})
    return tuner.fn.run(*args, **kwargs, **chosen)


def _no_choice(refusals: list[Refused]) -> BaseException:
    if not refusals:
        return RuntimeError("an autotuner with no configuration")
    least = min(refusals, key=lambda refused: refused.wanted if refused.wanted is not None else float("inf"))
    if len(refusals) == 1:
        return least
    return Refused(f"none of {len(refusals)} configurations fits; at the least, {least}", least.wanted)
