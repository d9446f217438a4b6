"""The eight tasks of the annotation track as data: what each is called, how much there is of it, and what an answer is.

Source: the competition's page and the headers of its data. The texts disagree on two things. The last task is spelt
`kernel_generation` in one and `kernel_genernation` in another; its least context is 15K tokens in one and 16K in another:
the larger satisfies both. Which answers are right is in `answers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an answer is."""

    INTEGER = "one integer"
    INTEGERS = "a list of integers, such as [1, 2, 3]"
    TEXT = "a text"
    LABEL = "one of the labels"
    SHORT = "a short lower-case text"
    SOURCE = "the source of a Triton operator"


@dataclass(frozen=True)
class AnnotationTask:
    """One of the eight.

    examples  labelled examples, and test: samples to be labelled, in the official data
    minimum   tokens that a prompt must have at least;  answer: tokens that a reply may take
    longest   characters that an answer may have
    spelt     other spellings of its name
    """

    number: int
    name: str
    kind: Kind
    examples: int
    test: int
    labels: tuple[str, ...] = ()
    minimum: int = 30_000
    answer: int = 256
    longest: int = 2000
    spelt: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What the official data calls it."""
        return f"openseek-{self.number}"

    @property
    def metric(self) -> str:
        return "mean of S_Call and S_Execution" if self.kind is Kind.SOURCE else "accuracy by exact match"

    @property
    def wanted(self) -> str:
        """An answer in words."""
        return f"one of {', '.join(self.labels)}" if self.labels else str(self.kind)


TASKS: dict[int, AnnotationTask] = {
    task.number: task
    for task in (
        AnnotationTask(1, "closest_integers", Kind.INTEGER, 5500, 500, longest=40),
        AnnotationTask(2, "count_nouns_verbs", Kind.INTEGER, 5440, 500, longest=40),
        AnnotationTask(3, "collatz_conjecture", Kind.INTEGERS, 3997, 500, longest=4000),
        AnnotationTask(4, "conala_concat_strings", Kind.TEXT, 3993, 500, longest=4000),
        AnnotationTask(
            5, "semeval_2018_task1_tweet_sadness_detection", Kind.LABEL, 1899, 500, labels=("Sad", "Not sad")
        ),
        AnnotationTask(6, "mnli_same_genre_classification", Kind.LABEL, 5500, 500, labels=("Y", "N")),
        AnnotationTask(7, "jeopardy_answer_generation_all", Kind.SHORT, 5499, 500, longest=200),
        AnnotationTask(
            8,
            "kernel_generation",
            Kind.SOURCE,
            184,
            166,
            minimum=16_000,
            answer=4096,
            longest=100_000,
            spelt=("kernel_genernation",),
        ),
    )
}


def task_of_id(text: str) -> AnnotationTask | None:
    """The task that the official data calls by that id; None where there is none."""
    return next((task for task in TASKS.values() if task.id == text), None)
