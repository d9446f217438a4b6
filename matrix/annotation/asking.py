"""Asking: samples become prompts, prompts within the budget become replies, replies become answers, over several turns.

The context budget is held here and nowhere else: what a strategy built is counted by the engine's tokeniser with the chat
template around it, and a prompt below the least or beyond the most is refused with the sample's id, not cut and not padded.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from matrix.annotation.answered import Answered, Ending
from matrix.annotation.clients import Asked
from workloads.annotation.answers import fault
from workloads.annotation.data_file import Sample
from workloads.annotation.strategy import Budget
from workloads.annotation.tasks import AnnotationTask
from workloads.engine import Generation, Message

FOREIGN = "the answer does not occur in the reply"
TURNS = 8  # replies that one sample may take


def foreign(answer: str, reply: str) -> str:
    """What is to be said of an answer that no reply gave: it was computed elsewhere. Blanks and case are no difference."""
    plain = ["".join(text.lower().split()) for text in (answer, reply)]
    return "" if plain[0] in plain[1] else FOREIGN


class Generating(Protocol):
    """What is needed of an engine."""

    def tokens(self, text: str) -> list[int]: ...
    def text(self, tokens: Sequence[int]) -> str: ...
    def chat(self, messages: Sequence[Message]) -> str: ...
    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = ()
    ) -> list[Generation]: ...


@dataclass
class _Conversation:
    """One sample on its way."""

    sample: Sample
    messages: list[Message] = field(default_factory=list)
    prompt: list[int] = field(default_factory=list)
    turns: int = 0
    tokens: int = 0
    reply: str = ""
    end: Answered | None = None
    began: float = field(default_factory=time.perf_counter)

    def finish(self, ending: Ending, problem: str = "", prediction: str | None = None) -> None:
        seconds = round(time.perf_counter() - self.began, 3)
        self.end = Answered(self.sample.id, ending, prediction, problem, self.turns, self.tokens, seconds, self.reply)


@dataclass(frozen=True)
class Asking:
    """Who is asked, and within what."""

    task: AnnotationTask
    engine: Generating
    strategy: Asked
    budget: Budget

    def ask(self, samples: Sequence[Sample]) -> list[Answered]:
        """What becomes of some samples, asked side by side. Whatever strategy or engine do, each has its end."""
        talks = [_Conversation(sample) for sample in samples]
        for talk in talks:
            self._guarded([talk], lambda these: self._open(these[0]))
        while going := [talk for talk in talks if talk.end is None]:
            self._guarded(going, self._reply)
            for talk in going:
                if talk.end is None:
                    self._guarded([talk], lambda these: self._read(these[0]))
        return [talk.end for talk in talks if talk.end is not None]

    @staticmethod
    def _guarded(talks: list[_Conversation], step: object) -> None:
        """A step; what a child could not do is the end of these samples."""
        assert callable(step)
        try:
            step(talks)
        except RuntimeError as error:  # what clients raise of a child: ChildError
            for talk in talks:
                if talk.end is None:
                    talk.finish(Ending.BROKEN, str(error) or type(error).__name__)

    def _open(self, talk: _Conversation) -> None:
        talk.messages = self.strategy.open(talk.sample)
        self._hold_to_budget(talk)
        talk.tokens = len(talk.prompt)

    def _hold_to_budget(self, talk: _Conversation) -> None:
        talk.prompt = self.engine.tokens(self.engine.chat(talk.messages))
        found, budget = len(talk.prompt), self.budget
        where = f"{self.task.id}, sample {talk.sample.id}: the prompt has {found} tokens"
        if found < budget.minimum:
            talk.finish(Ending.REFUSED, f"{where}; at least {budget.minimum} are asked for: give more examples")
        elif found > budget.limit:
            talk.finish(Ending.REFUSED, f"{where}; the engine takes at most {budget.limit} before a reply: give fewer")

    def _reply(self, talks: list[_Conversation]) -> None:
        made = self.engine.generate([talk.prompt for talk in talks], self.budget.reply)
        for talk, generation in zip(talks, made, strict=True):
            talk.reply = self.engine.text(generation.tokens)
            talk.turns += 1

    def _read(self, talk: _Conversation) -> None:
        answer = self.strategy.parse(talk.sample, talk.reply)
        if answer is not None:
            remarks = filter(None, (fault(self.task, answer), foreign(answer, talk.reply)))
            talk.finish(Ending.ANSWERED, "; ".join(remarks), answer)
            return
        more = self.strategy.follow_up(talk.sample, talk.reply, talk.turns) if talk.turns < TURNS else None
        if more is None:
            said = " ".join(talk.reply.split())[:80]
            talk.finish(Ending.UNANSWERED, f"no answer in {talk.turns} replies; the last began {said!a}")
            return
        talk.messages += [Message("assistant", talk.reply), Message("user", more)]
        self._hold_to_budget(talk)
