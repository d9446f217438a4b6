"""What a side answers to questions: by likelihood among choices, or by what it writes. One true or false for each question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workloads.engine import Engine
from workloads.questions import Question

WRITTEN = 16  # tokens that an answer may take


def answers(engine: Engine, questions: Sequence[Question]) -> list[bool]:
    """Whether each question was answered rightly."""
    chosen = _chosen(engine, [question for question in questions if question.choices])
    written = _written(engine, [question for question in questions if not question.choices])
    return [next(chosen) if question.choices else next(written) for question in questions]


def _chosen(engine: Engine, questions: Sequence[Question]) -> Iterator[bool]:
    """The likeliest choice, by the mean over its tokens: longer ones are no less likely for being longer."""
    prompts = [engine.tokens(question.prompt) for question in questions]
    choices = [[engine.tokens(choice) for choice in question.choices] for question in questions]
    sequences = [[*prompt, *choice] for prompt, own in zip(prompts, choices, strict=True) for choice in own]
    found = iter(engine.log_likelihoods(sequences) if sequences else [])
    for question, own in zip(questions, choices, strict=True):
        means = [sum(next(found)[-len(choice) :]) / len(choice) for choice in own]
        yield max(range(len(means)), key=means.__getitem__) == question.right


def _written(engine: Engine, questions: Sequence[Question]) -> Iterator[bool]:
    prompts = [engine.tokens(question.prompt) for question in questions]
    found = engine.generate(prompts, WRITTEN) if prompts else []
    for question, one in zip(questions, found, strict=True):
        yield engine.text(one.tokens).startswith(question.answer)
