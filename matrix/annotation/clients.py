"""A strategy and an engine as the run sees them: objects that ask a child, and start a new one when it has ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from matrix.annotation.talking import Child, ChildError
from matrix.runner.spawn import ROOT
from workloads.annotation.data_file import Example, Sample
from workloads.annotation.strategy import Assignment, Strategy
from workloads.engine import Generation, Message

STRATEGY_CHILD, ENGINE_CHILD = "matrix.annotation.strategy_child", "matrix.annotation.engine_child"
HANDED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
BASELINE = "workloads.annotation.strategy:Baseline"
STRATEGY_GIB = 4.0


class Asked(Protocol):
    """What a run asks of a strategy. Each raises RuntimeError where the strategy fails."""

    def open(self, sample: Sample) -> list[Message]: ...
    def parse(self, sample: Sample, reply: str) -> str | None: ...
    def follow_up(self, sample: Sample, reply: str, turn: int) -> str | None: ...
    def close(self) -> None: ...


class StrategyHere:
    """A strategy of ours in this process."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy

    def open(self, sample: Sample) -> list[Message]:
        return list(self._strategy.build(sample, self._strategy.select(sample)))

    def parse(self, sample: Sample, reply: str) -> str | None:
        return self._strategy.parse(sample, reply)

    def follow_up(self, sample: Sample, reply: str, turn: int) -> str | None:
        return self._strategy.follow_up(sample, reply, turn)

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class StrategyClient:
    """A user's strategy in a child. It is started at the first question, and again after one that ended it."""

    address: str
    assignment: Assignment
    seconds: float
    child: Child | None = None

    def open(self, sample: Sample) -> list[Message]:
        found = self._ask("open", sample)
        right = isinstance(found, list) and found and all(isinstance(each.get("content"), str) for each in found)
        if not right or any(each.get("role") not in ("system", "user", "assistant") for each in found):
            raise ChildError("build gave no messages with a role and a content each", alive=True)
        return [Message(each["role"], each["content"]) for each in found]

    def parse(self, sample: Sample, reply: str) -> str | None:
        return self._text("parse", self._ask("parse", sample, reply=reply))

    def follow_up(self, sample: Sample, reply: str, turn: int) -> str | None:
        return self._text("follow_up", self._ask("follow_up", sample, reply=reply, turn=turn))

    def start(self) -> None:
        """Start it. Raises ChildError where it cannot be."""
        if self.child is None:
            given = self.assignment
            request = {
                "strategy": self.address,
                "task": given.task.number,
                "definition": given.definition,
                "examples": [_fields(example) for example in given.examples],
                "budget": asdict(given.budget),
                "memory_gib": STRATEGY_GIB,
            }
            self.child = Child(STRATEGY_CHILD, request, _bare_environment())
            self._put({"do": "start", "id": 0, "input": ""})

    def close(self) -> None:
        if self.child is not None:
            self.child.close()
            self.child = None

    def _ask(self, do: str, sample: Sample, **more: Any) -> Any:
        self.start()
        return self._put({"do": do, "id": sample.id, "input": sample.input, **more})

    def _put(self, question: Mapping[str, Any]) -> Any:
        assert self.child is not None
        try:
            return self.child.ask(question, self.seconds, self._count)
        except ChildError as error:
            if not error.alive or question["do"] == "start":
                self.close()
            raise

    def _count(self, texts: Any) -> list[int]:
        return self.assignment.count([str(text) for text in texts])

    @staticmethod
    def _text(method: str, value: Any) -> str | None:
        if value is not None and not isinstance(value, str):
            raise ChildError(f"{method} gave a {type(value).__name__}; allowed are a text and None", alive=True)
        return value


def _fields(example: Example) -> list[Any]:
    return [example.id, example.input, example.output]


def _bare_environment() -> dict[str, str]:
    """What a strategy sees of ours: where programs are found."""
    kept = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
    }


@dataclass
class EngineClient:
    """An engine in a child: what a run needs of the protocol `workloads.engine.Engine`.

    address    a function that opens the engine;  arguments: what it is called with
    starting   seconds that loading may take;  seconds: that one question may take
    """

    address: str
    arguments: Mapping[str, Any]
    starting: float
    seconds: float
    child: Child | None = None
    name: str = ""
    facts: Mapping[str, str] = None  # type: ignore[assignment]  # known once it is open

    def start(self) -> None:
        """Load it. Raises ChildError where that cannot be done."""
        if self.child is None:
            request = {"engine": self.address, "arguments": dict(self.arguments)}
            path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
            self.child = Child(ENGINE_CHILD, request, {**os.environ, "PYTHONPATH": path})
            found = self._put({"do": "start"}, self.starting)
            self.name, self.facts = found["name"], found["facts"]

    def close(self) -> None:
        if self.child is not None:
            self.child.close()
            self.child = None

    def count(self, texts: Sequence[str]) -> list[int]:
        return self._numbers(self._ask("count", texts=list(texts)))

    def tokens(self, text: str) -> list[int]:
        return self._numbers(self._ask("tokens", text=text))

    def text(self, tokens: Sequence[int]) -> str:
        found = self._ask("text", tokens=list(tokens))
        if not isinstance(found, str):
            raise ChildError(f"gave {type(found).__name__} for the text of tokens", alive=True)
        return found

    def chat(self, messages: Sequence[Message]) -> str:
        return str(self._ask("chat", messages=[asdict(message) for message in messages]))

    def generate(self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = ()) -> list[Generation]:
        found = self._ask("generate", prompts=[list(prompt) for prompt in prompts], limit=limit, stop=list(stop))
        if not isinstance(found, list) or len(found) != len(prompts):
            raise ChildError("gave another number of generations than of prompts", alive=True)
        return [Generation(tuple(self._numbers(tokens)), str(stopped)) for tokens, stopped in found]

    def _ask(self, do: str, **more: Any) -> Any:
        self.start()
        return self._put({"do": do, **more}, self.seconds)

    def _put(self, question: Mapping[str, Any], seconds: float) -> Any:
        assert self.child is not None
        try:
            return self.child.ask(question, seconds)
        except ChildError as error:
            if not error.alive or question["do"] == "start":
                self.close()
            raise

    @staticmethod
    def _numbers(found: Any) -> list[int]:
        if not isinstance(found, list) or not all(type(number) is int for number in found):
            raise ChildError("gave no list of whole numbers where tokens are due", alive=True)
        return found


Counting = Callable[[Sequence[str]], list[int]]


def beside(strategy: str, data: Path) -> bool:
    """Whether a strategy's own folder, which it may read, holds the data."""
    file = strategy.rpartition(":")[0]
    return file.endswith(".py") and data.resolve().is_relative_to(Path(file).resolve().parent)
