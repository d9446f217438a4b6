"""A strategy of one's own: examples about as long as the sample, a system message, and turns that remind of the form.

python -m matrix annotate run --data DIR --strategy docs/examples/annotation_strategy.py:SameLength ...
"""

from __future__ import annotations

from collections.abc import Sequence

from workloads.annotation.answers import fault
from workloads.annotation.data_file import Example, Sample
from workloads.annotation.strategy import Strategy
from workloads.engine import Message


class SameLength(Strategy):
    """Examples whose inputs are about as long as the sample's come last, where a model heeds them most."""

    def select(self, sample: Sample) -> Sequence[Example]:
        """The nearest in length, as many as the least context takes."""
        examples, budget = self.assignment.examples, self.assignment.budget
        ordered = sorted(examples, key=lambda example: abs(len(example.input) - len(sample.input)))
        costs = self.assignment.count([self._block(example) for example in ordered])
        chosen, used = [], 0
        for example, cost in zip(ordered, costs, strict=True):
            if used >= budget.minimum or used + cost > budget.limit:
                break
            chosen.append(example)
            used += cost
        return chosen[::-1]

    def build(self, sample: Sample, examples: Sequence[Example]) -> Sequence[Message]:
        """A system message with the task, and one of the user's."""
        told = "".join(map(self._block, examples))
        system = f"{self.assignment.definition} Reply with {self.assignment.task.wanted}, and nothing else."
        return [Message("system", system), Message("user", f"{told}Input: {sample.input}\nOutput:")]

    def parse(self, sample: Sample, reply: str) -> str | None:
        """The last line of the reply, where it has the task's form."""
        lines = [line.strip() for line in reply.splitlines() if line.strip()]
        return lines[-1] if lines and not fault(self.assignment.task, lines[-1]) else None

    def follow_up(self, sample: Sample, reply: str, turn: int) -> str | None:
        """Up to two reminders."""
        return f"Only {self.assignment.task.wanted}, please." if turn <= 2 else None

    @staticmethod
    def _block(example: Example) -> str:
        return f"Input: {example.input}\nOutput: {example.output}\n\n"
