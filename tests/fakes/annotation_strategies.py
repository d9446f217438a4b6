"""Strategies of users that misbehave: each runs in the child that user's strategies run in."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from workloads.annotation.data_file import Example, Sample
from workloads.annotation.generating.lists import smallest_difference
from workloads.annotation.strategy import Baseline, Strategy
from workloads.engine import Message


class Plain(Baseline):
    """Right."""


class Raises(Baseline):
    def select(self, sample: Sample) -> list[Example]:
        raise KeyError("no such example")


class Hangs(Baseline):
    def select(self, sample: Sample) -> list[Example]:
        time.sleep(3600)
        return []


class Dies(Baseline):
    def select(self, sample: Sample) -> list[Example]:
        print("goodbye", flush=True)
        os._exit(3)


class Short(Baseline):
    """Gives no example: below the least context."""

    def select(self, sample: Sample) -> list[Example]:
        return []


class Long(Baseline):
    """Gives all examples, again and again: beyond what the engine takes."""

    def select(self, sample: Sample) -> list[Example]:
        return list(self.assignment.examples) * 10


class NoText(Baseline):
    def parse(self, sample: Sample, reply: str) -> str | None:
        return 17  # type: ignore[return-value]


class NoMessages(Baseline):
    def build(self, sample: Sample, examples: Sequence[Example]) -> list[Message]:
        return []


class Endless(Baseline):
    """Always asks once more."""

    def parse(self, sample: Sample, reply: str) -> str | None:
        return None

    def follow_up(self, sample: Sample, reply: str, turn: int) -> str | None:
        return "again"


class Computes(Baseline):
    """Answers by the rule, whatever the model says."""

    def parse(self, sample: Sample, reply: str) -> str | None:
        return str(smallest_difference(ast.literal_eval(sample.input)))


class Remembers(Baseline):
    """Answers with all that it was ever told: what a strategy that looks for labels would find."""

    def parse(self, sample: Sample, reply: str) -> str | None:
        return repr([(example.id, example.input, example.output) for example in self.assignment.examples])


class Spies(Strategy):
    """Looks for labels where it should not, and tells what it found."""

    def select(self, sample: Sample) -> list[Example]:
        return []

    def build(self, sample: Sample, examples: Sequence[Example]) -> list[Message]:
        return [Message("user", "\n".join([*map(self._try, range(5)), "Input: [1, 2]\nOutput:"]))]

    def parse(self, sample: Sample, reply: str) -> str | None:
        return "\n".join(map(self._try, range(5)))

    def _try(self, number: int) -> str:
        try:
            if number == 0:
                return Path(f"/proc/{os.getppid()}/cmdline").read_text()
            if number == 1:
                return Path(os.environ.get("SPIED", "/etc/../tmp/labels.jsonl")).read_text()
            if number == 2:
                return subprocess.run(
                    [sys.executable, "-c", "print(1)"], capture_output=True, check=True
                ).stdout.decode()
            if number == 3:
                return str(socket.create_connection(("127.0.0.1", 9), timeout=1))
            return str(os.fork())
        except PermissionError as error:
            return f"refused: {error}"
