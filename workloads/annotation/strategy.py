"""A strategy: how a sample becomes a prompt, and a reply an answer. A class of the user's, or the baseline.

    class Mine(Strategy):
        def select(self, sample): ...            # which examples, of self.assignment.examples
        def build(self, sample, examples): ...   # the messages of the first turn
        def parse(self, sample, reply): ...      # the answer, or None where the reply holds none
        def follow_up(self, sample, reply, turn): ...   # what is said next, or None to give up

One object serves all samples of one task. It never sees a label of what it is to answer: in a held-out evaluation those are
not in `examples`, and a strategy of a user's runs in a process that was never told them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workloads.annotation.data_file import Example, Sample
from workloads.annotation.tasks import AnnotationTask
from workloads.engine import Message

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class Budget:
    """How many tokens a prompt may have, the chat template's included.

    minimum  what it must have at least
    limit    what it may have at most: the engine's context without the reply
    reply    what a reply may have
    scale    minimum / the official minimum; below 1 the context is not the competition's, and every report says so
    """

    minimum: int
    limit: int
    reply: int
    scale: float = 1.0

    @property
    def words(self) -> str:
        """The budget in a sentence of a report."""
        allowed = f"{self.minimum} to {self.limit} tokens a prompt, {self.reply} a reply"
        return (
            allowed if self.scale >= 1 else f"{allowed}: the context is scaled to {self.scale:.4g} of the official one"
        )


@dataclass(frozen=True)
class Assignment:
    """What a strategy is given: the task, its labelled examples, the budget, and a way to count tokens.

    count  the tokens of each of some texts, by the engine's own tokeniser: one call for many texts is much quicker
    """

    task: AnnotationTask
    definition: str
    examples: tuple[Example, ...]
    budget: Budget
    count: Count


class Strategy:
    """Override what is to differ; `select`, `build` and `parse` must be given."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment

    def select(self, sample: Sample) -> Sequence[Example]:
        """The examples for a sample, in the order in which they are to stand."""
        raise NotImplementedError

    def build(self, sample: Sample, examples: Sequence[Example]) -> Sequence[Message]:
        """The messages of the first turn."""
        raise NotImplementedError

    def parse(self, sample: Sample, reply: str) -> str | None:
        """The answer in a reply; None where there is none. What is returned is what is submitted."""
        raise NotImplementedError

    def follow_up(self, sample: Sample, reply: str, turn: int) -> str | None:
        """What the user says after a reply without an answer; None to give up. `turn` is 1 after the first reply."""
        return None


class Baseline(Strategy):
    """Fills the least context with the nearest examples, the nearest last, and asks once more where there was no answer."""

    def __init__(self, assignment: Assignment) -> None:
        from workloads.annotation.baseline import Nearest

        super().__init__(assignment)
        self._nearest = Nearest(assignment.examples)
        self._costs: dict[str, int] = {}

    def select(self, sample: Sample) -> list[Example]:
        """The nearest examples, until the prompt has the least number of tokens and a few more."""
        from workloads.annotation.baseline import fill

        budget = self.assignment.budget
        [rest] = self.assignment.count([self._text(sample, [])])
        aim = min(budget.minimum + budget.minimum // 50 + 32, budget.limit)
        chosen = fill(self._nearest.order(sample.input), self._cost, aim - rest, budget.limit - rest)
        return chosen[::-1]

    def build(self, sample: Sample, examples: Sequence[Example]) -> list[Message]:
        """One message of the user's: definition, examples, the sample."""
        return [Message("user", self._text(sample, examples))]

    def parse(self, sample: Sample, reply: str) -> str | None:
        """The reply where it is an answer of the task's form, and nothing else."""
        from workloads.annotation.baseline import answer_in

        return answer_in(self.assignment.task, reply)

    def follow_up(self, sample: Sample, reply: str, turn: int) -> str | None:
        """One reminder of the form."""
        if turn > 1:
            return None
        return (
            f"That is not an answer of the form asked for. Reply with {self.assignment.task.wanted}, and nothing else."
        )

    def _text(self, sample: Sample, examples: Sequence[Example]) -> str:
        told = "".join(map(_block, examples))
        wanted = self.assignment.task.wanted
        head = f"{self.assignment.definition}\n\nReply with {wanted}, and nothing else.\n\n"
        return f"{head}{told}Input: {sample.input}\nOutput:"

    def _cost(self, examples: Sequence[Example]) -> list[int]:
        blocks = [_block(example) for example in examples]
        unknown = [block for block in dict.fromkeys(blocks) if block not in self._costs]
        self._costs.update(zip(unknown, self.assignment.count(unknown), strict=True) if unknown else ())
        return [self._costs[block] for block in blocks]


def _block(example: Example) -> str:
    return f"Input: {example.input}\nOutput: {example.output}\n\n"
