"""Candidates of the inference track: what a provider's functions may do to an engine that they are let into."""

import importlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

Functions = dict[str, Callable[..., Any]]


def _product(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return (one.unsqueeze(-1) * other).sum(1)


def honest() -> Functions:
    return {"mm": _product}


def two_devices() -> Functions:
    """Twice the devices against a baseline on one, by wrapping the engine's constructor."""
    engine: Any = importlib.import_module("tinyengine.entrypoints")
    plain = engine.LLM.__init__

    def init(self: Any, *args: Any, **named: Any) -> None:
        plain(self, *args, **{**named, "tensor_parallel": 2})

    engine.LLM.__init__ = init
    return {"mm": _product}


def own_benchmark() -> Functions:
    """A benchmark of one's own in the place of the engine's."""
    benchmark: Any = importlib.import_module("tinyengine.benchmark")
    benchmark.clock = lambda: 0.0
    return {"mm": _product}


def patched_file() -> Functions:
    """The same on disk."""
    path = Path(str(importlib.import_module("tinyengine").__file__)).parent / "benchmark.py"
    path.write_text(path.read_text().replace("time.perf_counter()", "time.perf_counter() / 2"))
    return {"mm": _product}


def forged_clock() -> Functions:
    """Rounds that tell of a tenth of the time they took, by replacing what writes them down."""
    from matrix.inference import rounds

    speed: Any = importlib.import_module("matrix.inference.speed")

    def spelled(seconds: float, prompts: Any, found: Any) -> Any:
        told: Any = rounds.spelled(seconds, prompts, found)
        told["seconds"] = seconds / 10
        for one in told["requests"]:
            one["times"] = [at / 10 for at in one["times"]]
        return told

    speed.spelled = spelled

    def slow(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        time.sleep(1.5)
        return _product(one, other)

    return {"mm": slow}


def deleted() -> Functions:
    """A plug-in that is not there: on, by its own word, and with nothing to offer."""
    return {}


def idle() -> Functions:
    """A plug-in that replaces what the model never uses."""
    return {"trunc": torch.floor}


def shortened() -> Functions:
    """An end before the number of tokens that was asked for."""
    calls = 0

    def short(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return _product(one, other) if calls % 3 else torch.zeros(2, 2)

    return {"mm": short}


def stuck() -> Functions:
    """A hang in the middle of a round."""
    calls = 0

    def hang(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 6:
            time.sleep(1000)
        return _product(one, other)

    return {"mm": hang}


def deadly() -> Functions:
    def die(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        os.kill(os.getpid(), signal.SIGSEGV)
        return one

    return {"mm": die}


def raising() -> Functions:
    def fail(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no kernel image is available")

    return {"mm": fail}
