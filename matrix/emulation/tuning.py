"""Autotuners without benchmarks: one declared configuration is taken.

Which one: of those that survive the tuner's own pruning the one with the smallest blocks (the product of its whole-number
arguments), the first declared among equals, because interpretation costs what the blocks cost. If a static assertion of
the kernel refuses it, the next is tried. Which configuration a chip would choose is unknown here; all of them must be right.
"""

from __future__ import annotations

from typing import Any

from matrix.emulation.gaps import StaticAssertion


def install() -> None:
    """Replace `Autotuner.run` for good."""
    from triton.runtime.autotuner import Autotuner

    Autotuner.run = run_autotuner


def run_autotuner(self: Any, *args: Any, **kwargs: Any) -> Any:
    """`Autotuner.run` and everything derived from it."""
    self.nargs = dict(zip(self.arg_names, args, strict=False))
    configurations = self.configs
    if len(configurations) > 1:
        configurations = sorted(self.prune_configs(kwargs), key=block_size)
    refusal: StaticAssertion | None = None
    for configuration in configurations:
        self.best_config = configuration
        try:
            return _run_with(self, configuration, args, kwargs)
        except StaticAssertion as error:
            refusal = error
    raise refusal or RuntimeError("an autotuner with no configuration")


def _run_with(self: Any, configuration: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    chosen = configuration.all_kwargs()
    if configuration.pre_hook is not None:
        configuration.pre_hook({**self.nargs, **kwargs, **chosen})
    result = self.fn.run(*args, **kwargs, **chosen)
    self.nargs = None
    return result


def block_size(configuration: Any) -> int:
    """The product of the whole numbers that a configuration sets."""
    size = 1
    for value in configuration.kwargs.values():
        if isinstance(value, int) and not isinstance(value, bool):
            size *= max(1, value)
    return size
