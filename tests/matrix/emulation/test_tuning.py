"""One declared configuration is taken, without benchmarks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from matrix.emulation.gaps import StaticAssertion
from matrix.emulation.tuning import run_autotuner


class Configuration:
    def __init__(self, block: int, stages: int = 1) -> None:
        self.kwargs = {"BLOCK": block, "EVEN": True}
        self.stages = stages
        self.pre_hook = None

    def all_kwargs(self) -> dict[str, Any]:
        return {**self.kwargs, "num_stages": self.stages}


class Kernel:
    def __init__(self, refused: tuple[int, ...] = ()) -> None:
        self.refused = refused
        self.ran: list[dict[str, Any]] = []

    def run(self, *_args: Any, **kwargs: Any) -> str:
        if kwargs["BLOCK"] in self.refused:
            raise StaticAssertion(f"BLOCK {kwargs['BLOCK']}")
        self.ran.append(kwargs)
        return "launched"


def tuner(kernel: Kernel, configurations: list[Configuration], pruned: list[Configuration] | None = None) -> Any:
    kept = configurations if pruned is None else pruned
    return SimpleNamespace(
        arg_names=["x"], configs=configurations, prune_configs=lambda _kwargs: kept, fn=kernel, nargs=None
    )


def test_the_smallest_blocks_win_and_the_first_declared_among_equals() -> None:
    kernel = Kernel()
    configurations = [Configuration(128), Configuration(32, stages=2), Configuration(32, stages=5)]
    assert run_autotuner(tuner(kernel, configurations), 1) == "launched"
    assert kernel.ran == [{"BLOCK": 32, "EVEN": True, "num_stages": 2}]


def test_a_configuration_that_a_static_assertion_refuses_is_passed_over() -> None:
    kernel = Kernel(refused=(16, 32))
    tuned = tuner(kernel, [Configuration(16), Configuration(64), Configuration(32)])
    run_autotuner(tuned, 1)
    assert [run["BLOCK"] for run in kernel.ran] == [64]
    assert tuned.best_config.kwargs["BLOCK"] == 64


def test_when_all_are_refused_the_last_refusal_is_raised() -> None:
    with pytest.raises(StaticAssertion):
        run_autotuner(tuner(Kernel(refused=(16, 32)), [Configuration(16), Configuration(32)]), 1)


def test_pruning_is_the_tuners_own() -> None:
    kernel = Kernel()
    small, large = Configuration(16), Configuration(128)
    run_autotuner(tuner(kernel, [small, large], pruned=[large]), 1)
    assert kernel.ran[0]["BLOCK"] == 128
