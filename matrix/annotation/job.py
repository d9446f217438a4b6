"""A run as a command line asks for it: what is asked of whom, within which budget, and what of that decides answers."""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from matrix.annotation.clients import BASELINE, Asked, EngineClient, StrategyClient, StrategyHere, beside
from matrix.annotation.splitting import HeldOut, Split, split
from matrix.usage import UsageError
from workloads.annotation.data_file import TaskFile, read_data, write_task_file
from workloads.annotation.strategy import Assignment, Baseline, Budget
from workloads.annotation.tasks import AnnotationTask
from workloads.kinds import ENGINES

STARTING = 1800.0  # seconds that loading a model may take


@dataclass(frozen=True)
class Job:
    """One command line."""

    options: argparse.Namespace
    data: Mapping[int, TaskFile]

    @classmethod
    def of(cls, options: argparse.Namespace) -> Job:
        """Raises UsageError and AnnotationError for what cannot be done as asked."""
        if not options.data.is_dir():
            raise UsageError(f"{options.data} is no folder; name the one with the tasks' JSON files")
        data = read_data(options.data)
        if absent := [str(number) for number in options.task if number not in data]:
            raise UsageError(
                f"{options.data} holds no data of task {', '.join(absent)}; it holds {', '.join(map(str, data))}"
            )
        chosen = {number: file for number, file in data.items() if not options.task or number in options.task}
        _check_strategy(options)
        return cls(options, chosen)

    @property
    def held_out(self) -> HeldOut | None:
        return HeldOut(self.options.held_out, self.options.seed) if self.options.held_out else None

    def split(self, number: int) -> Split:
        """A task's samples and examples, cut to as many samples as were asked for."""
        whole = split(self.data[number], self.held_out)
        return Split(whole.samples[: self.options.samples], whole.examples, whole.labels)

    def budget(self, task: AnnotationTask) -> Budget:
        """Raises UsageError where the engine's context has no room for the task's."""
        options = self.options
        reply = options.reply or task.answer
        minimum = math.ceil(task.minimum * options.scale)
        limit = options.context - reply
        if limit < minimum:
            raise UsageError(
                f"{task.id} asks for prompts of {minimum} tokens, and a context of {options.context} leaves {limit} beside a "
                f"reply of {reply}; give --context what the engine takes, or scale the task down: --scale"
            )
        return Budget(minimum, limit, reply, options.scale)

    @cached_property
    def engine(self) -> EngineClient:
        """The engine's client, not started."""
        options = self.options
        arguments: dict[str, Any] = {}
        address = options.engine
        if address in ENGINES:
            address = ENGINES[address]
            weights = None if options.weights is None else str(options.weights.resolve())
            arguments = {"model": options.model, "dtype": options.dtype, "device": options.device, "weights": weights}
        elif ".py:" not in address:
            raise UsageError(f"no engine is named {address!r}; there are {', '.join(ENGINES)}, or FILE.py:FUNCTION")
        return EngineClient(_whole(address), arguments, STARTING, options.seconds)

    def strategy(self, number: int, given: Split) -> Asked:
        """The strategy for a task: the baseline here, any other in a child."""
        file = self.data[number]
        budget = self.budget(file.task)
        assignment = Assignment(file.task, file.definition, given.examples, budget, self.engine.count)
        if self.options.strategy == BASELINE:
            return StrategyHere(Baseline(assignment))
        return StrategyClient(_whole(self.options.strategy), assignment, self.options.seconds)

    def header(self, facts: Mapping[str, str]) -> dict[str, Any]:
        """What `run.json` says: everything that decides answers, and when it began."""
        options, strategy = self.options, self.options.strategy
        file = Path(strategy.rpartition(":")[0])
        return {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "strategy": strategy,
            "strategy_digest": _digest(file.read_bytes()) if strategy != BASELINE else "",
            "engine": {"address": options.engine, **facts},
            "held_out": asdict(self.held_out) if self.held_out else None,
            "samples": options.samples,
            "batch": options.batch,
            "tasks": {
                str(number): {"data": _digest(write_task_file(each)), "budget": asdict(self.budget(each.task))}
                for number, each in self.data.items()
            },
        }


def data_digest(file: TaskFile) -> str:
    """What a run's header says of a task's data."""
    return _digest(write_task_file(file))


def _check_strategy(options: argparse.Namespace) -> None:
    if options.strategy == BASELINE:
        return
    file = Path(options.strategy.rpartition(":")[0])
    if file.suffix != ".py" or not file.is_file():
        raise UsageError(f"{options.strategy!r} leads to no strategy; write FILE.py:CLASS")
    if beside(options.strategy, options.data):
        raise UsageError(
            f"{options.data} lies in the folder of the strategy, which may read its own folder and would find the labels; "
            "move one of them"
        )


def _whole(address: str) -> str:
    """An address whose file has its whole path: children stand elsewhere."""
    file, _, name = address.rpartition(":")
    return f"{Path(file).resolve()}:{name}" if file.endswith(".py") else address


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
