"""Scoring: predictions against labels, task by task, and the total. A task that is missing is missing, never nought.

Tasks 1 to 7: accuracy by exact match, in the task's own normal form. Task 8: S_Call and S_Execution; the published texts
give no weights, so the task's score is their mean. The total is the plain mean of the eight, and there is none while one is
missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from matrix.annotation.interval import wilson
from matrix.annotation.operator_checks import OperatorCheck
from matrix.annotation.operator_judging import OperatorJudge, Tried, Used
from workloads.annotation.answers import fault, same
from workloads.annotation.data_file import SampleId
from workloads.annotation.tasks import TASKS, AnnotationTask, Kind

Predictions = Mapping[SampleId, str | None]
# Operators that are tried side by side: each takes a process with torch and Triton.
SIDE_BY_SIDE = 2
LISTED = 20


@dataclass(frozen=True)
class Share:
    """So many of so many, with its uncertainty."""

    right: int
    of: int

    @property
    def value(self) -> float:
        return self.right / self.of

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.of)

    @property
    def words(self) -> str:
        low, high = self.interval
        return f"{self.value:.1%} ({self.right} of {self.of}; 95 %: {low:.1%} to {high:.1%})"

    @property
    def fields(self) -> dict[str, Any]:
        low, high = self.interval
        return {"right": self.right, "of": self.of, "value": self.value, "low": low, "high": high}


@dataclass(frozen=True)
class TaskScore:
    """What one task came to.

    shares   `accuracy`; or `S_Call`, `S_Execution` and, beside the score, `by_triton`
    missing  samples with a label and no prediction: they count as wrong;  misformed: predictions without the task's form
    notes    what a reader must know;  tried: task 8's answers one by one
    """

    task: AnnotationTask
    shares: Mapping[str, Share]
    missing: int = 0
    misformed: int = 0
    notes: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()

    @property
    def value(self) -> float:
        """From 0 to 1."""
        if self.task.kind is Kind.SOURCE:
            return (self.shares["S_Call"].value + self.shares["S_Execution"].value) / 2
        return self.shares["accuracy"].value


@dataclass(frozen=True)
class Score:
    """All tasks of a submission or run. `absent` says of each task without a score why it has none."""

    tasks: Mapping[int, TaskScore]
    absent: Mapping[int, str] = field(default_factory=dict)

    @property
    def total(self) -> float | None:
        """The plain mean of the eight; None while one is missing."""
        return None if self.absent else sum(task.value for task in self.tasks.values()) / len(TASKS)

    @property
    def mean_of_scored(self) -> float | None:
        """The mean of those that there are, which is no total."""
        return sum(task.value for task in self.tasks.values()) / len(self.tasks) if self.tasks else None


def score_texts(task: AnnotationTask, predictions: Predictions, labels: Mapping[SampleId, str]) -> TaskScore:
    """Tasks 1 to 7. A sample without a prediction is wrong, and counted."""
    right = missing = misformed = 0
    for id_, label in labels.items():
        prediction = predictions.get(id_)
        if prediction is None:
            missing += 1
            continue
        misformed += bool(fault(task, prediction))
        right += same(task, prediction, label)
    unknown = len(set(predictions) - set(labels))
    notes = (f"{unknown} predictions are of samples without a label",) if unknown else ()
    return TaskScore(task, {"accuracy": Share(right, len(labels))}, missing, misformed, notes)


def score_operators(
    judges: Sequence[OperatorJudge],
    predictions: Predictions,
    labels: Mapping[SampleId, str],
    checks: Mapping[SampleId, OperatorCheck],
    tell: Callable[[Tried], None] = lambda _: None,
) -> TaskScore | str:
    """Task 8 by the first judge, or why it has no score; the others, which compile, add a share each.

    Samples without a check, or whose reference fails, are left out and counted.
    """
    task = next(task for task in TASKS.values() if task.kind is Kind.SOURCE)
    asked = [id_ for id_ in (labels or predictions) if id_ in checks]
    if not asked:
        return f"no sample of {task.id} has a check (function, calls, reference): name a file of them with --checks"

    def one(id_: SampleId) -> Tried:
        tried = judges[0].judge(id_, predictions.get(id_), checks[id_], labels.get(id_, ""))
        tell(tried)
        return tried

    def compiles(judge: OperatorJudge, id_: SampleId) -> bool:
        return judge.judge(id_, predictions.get(id_), checks[id_]).compiled

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tried = list(pool.map(one, asked))
        built = {
            f"compiled_for_{judge.profile.name}": sum(pool.map(partial(compiles, judge), asked)) for judge in judges[1:]
        }
    judged = [each for each in tried if each.judged]
    if not judged:
        return f"no answer of {task.id} could be judged: {tried[0].problem}"
    scored = _of_tried(task, tried, judged, len(labels or predictions))
    shares = {name: Share(number, len(asked)) for name, number in built.items()}
    return replace(scored, shares={**scored.shares, **shares})


def _of_tried(task: AnnotationTask, tried: Sequence[Tried], judged: Sequence[Tried], asked: int) -> TaskScore:
    of = len(judged)
    shares = {
        "S_Call": Share(sum(each.called for each in judged), of),
        "S_Execution": Share(sum(each.right is True for each in judged), of),
        "by_triton": Share(sum(each.right is True and each.used in (Used.TRITON, Used.BOTH) for each in judged), of),
    }
    notes = []
    if plain := [each.id for each in judged if each.used is Used.TORCH]:
        notes.append(f"{len(plain)} answers launch no kernel of their own (plain torch): {_listed(plain)}")
    if mixed := [each.id for each in judged if each.used is Used.BOTH]:
        notes.append(f"torch computed beside the kernels in {len(mixed)}: {_listed(mixed)}")
    if len(tried) < asked:
        notes.append(f"{asked - len(tried)} of {asked} samples have no check and count in no share")
    if len(judged) < len(tried):
        notes.append(f"{len(tried) - of} could not be judged and count in no share")
    missing = sum(each.problem == "there is no prediction" for each in judged)
    return TaskScore(task, shares, missing, 0, tuple(notes), tuple(tried))


def _listed(ids: Sequence[SampleId]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return ", ".join(map(str, ids[:LISTED])) + more
