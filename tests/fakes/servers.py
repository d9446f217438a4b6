"""A server over the tiny engine of tests/fakes/engine_package.py: one token of every request a step."""

import importlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workloads.engine import Generation
from workloads.serving import Given, Progress, ServeArguments

END = 0.0  # what a step comes to where the engine takes it for an end


def open_server(
    model: str, dtype: str, device: str, arguments: ServeArguments, *, weights: Path | None = None
) -> "TinyServer":
    return TinyServer(arguments)


class TinyServer:
    name = "tinyengine"
    counted = "tokens"
    guarded = ("tinyengine", ("tinyengine",))

    def __init__(self, arguments: ServeArguments) -> None:
        self.arguments = arguments
        self.facts = {"engine": "tinyengine 1.0"}
        self.llm: Any = None

    def start(self) -> None:
        importlib.import_module("tinyengine.benchmark")
        self.llm = importlib.import_module("tinyengine.entrypoints").LLM()

    def serve(self, prompts: Sequence[Sequence[int]], limit: int, progress: Progress) -> list[Generation]:
        began, times = time.perf_counter(), []
        for number in range(limit):
            if self.llm.step() == END:
                break
            times.append(time.perf_counter() - began)
            progress(number + 1)
        return [Generation(tuple(range(len(times))), "length", tuple(times)) for _ in prompts]

    def given(self) -> Given:
        return {"tensor parallel": self.llm.tensor_parallel, "requests at once": self.arguments.concurrent}

    def stop(self) -> None:
        self.llm = None
