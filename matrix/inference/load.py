"""What both sides of a measurement under load are given: the arguments of the engine, and the prompts of each round."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from matrix.record import Json
from workloads.serving import ServeArguments
from workloads.workload import Setting

TOKENS = 256  # of the random prompts: every tokenizer has more


def serve_arguments(setting: Setting) -> ServeArguments:
    """What the engine is started with, the same on both sides."""
    return ServeArguments(
        concurrent=setting.number("concurrent"),
        batch_tokens=setting.number("batch_tokens"),
        length=setting.number("input") + setting.number("output"),
        requests=setting.number("requests"),
        attention=setting.text("attention"),
    )


def prompts_of(setting: Setting, seed: str, number: int) -> list[list[int]]:
    """The prompts of a round: random tokens, others in each round, so that no answer can be kept from one to the next."""
    draw = random.Random(f"{seed} round {number}")  # noqa: S311 - the same numbers each time are what is wanted
    requests, length = setting.number("requests"), setting.number("input")
    return [draw.choices(range(TOKENS), k=length) for _ in range(requests)]


def told(given: Mapping[str, Any]) -> dict[str, Json]:
    """What an engine says that it was given, as JSON."""
    return {str(name): value if isinstance(value, str | int | float) else str(value) for name, value in given.items()}
