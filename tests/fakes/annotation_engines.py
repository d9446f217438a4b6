"""Engines that know the rule, and engines that misbehave: real ones, opened in a real child. A token is a character."""

from __future__ import annotations

import ast
import os
import re
import signal
import time
from collections.abc import Mapping, Sequence

from workloads.annotation.generating.lists import collatz, smallest_difference
from workloads.engine import Generation, Message


class Oracle:
    """Answers the last sample of a prompt by the rule of tasks 1, 3 and 4, and `Y` to all else."""

    name = "oracle"
    facts: Mapping[str, str] = {"model": "the rule itself", "weights": "none"}

    def tokens(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def text(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))

    def chat(self, messages: Sequence[Message]) -> str:
        return "\n".join(f"[{message.role}] {message.content}" for message in messages)

    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = (), ignore_end: bool = False
    ) -> list[Generation]:
        return [Generation(tuple(self.tokens(self.reply(self.text(prompt)))[:limit]), "stop") for prompt in prompts]

    def log_likelihoods(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        return [[0.0] * (len(sequence) - 1) for sequence in sequences]

    def reply(self, prompt: str) -> str:
        asked = re.findall(r"Input: (.*?)\nOutput:", prompt, re.DOTALL)[-1]
        if not asked.startswith("["):
            return "Y"
        value = ast.literal_eval(asked)
        if isinstance(value[0], str):
            return "".join(value)
        return str(collatz(value) if "divide each even one" in prompt.lower() else smallest_difference(value))


class Residue(Oracle):
    """Leaves the frame of its answer in it, as models did that were prompted with labels."""

    def reply(self, prompt: str) -> str:
        return super().reply(prompt) + "</label>"


class Thinking(Oracle):
    """Puts its answer into a fence, after a thought, and is right when it is reminded."""

    def reply(self, prompt: str) -> str:
        right = super().reply(prompt)
        return right if "[assistant]" in prompt else f"I think it is {right}, but who knows"


class Mark(Oracle):
    """Begins with a byte order mark."""

    def reply(self, prompt: str) -> str:
        return "\ufeff" + super().reply(prompt)


class Nothing(Oracle):
    """Gives None in place of tokens: a failed call."""

    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = (), ignore_end: bool = False
    ) -> list[Generation]:
        return [None for _ in prompts]  # type: ignore[misc]


class Silent(Oracle):
    """Says nothing of use."""

    def reply(self, prompt: str) -> str:
        return "I do not know."


class Broken(Oracle):
    """Raises."""

    def reply(self, prompt: str) -> str:
        raise RuntimeError("device lost")


class Hanging(Oracle):
    """Hangs on every prompt."""

    def reply(self, prompt: str) -> str:
        time.sleep(3600)
        return ""


class DyingOnce(Oracle):
    """Is killed at the first prompt of the process that finds no file of its parent's: the next one answers."""

    def reply(self, prompt: str) -> str:
        mark = os.environ["ANNOTATION_MARK"]
        if not os.path.exists(mark):  # noqa: PTH110 - as plain as an engine may be
            with open(mark, "w", encoding="utf-8"):  # noqa: PTH123
                os.kill(os.getpid(), signal.SIGKILL)
        return super().reply(prompt)
