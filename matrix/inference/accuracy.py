"""accuracy: the same questions with the provider's kernels and with torch's own, and a paired test.

The questions are those of lm-eval tasks where a folder of them is given (MATRIX_TASKS), else small ones of our own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matrix.inference.asking import Answer, Fault, missing
from matrix.inference.bench import Bench
from matrix.inference.judge import SideError, Trial
from matrix.inference.paired import SIGNIFICANT, Paired, pair
from matrix.inference.parity import proof_facts
from matrix.inference.request import CANDIDATE, REFERENCE
from matrix.inference.scoring import answers
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Comparison, Measure, Result
from workloads.kinds import UNDER_TASKS
from workloads.questions import questions_of

TASKS_VARIABLE = "MATRIX_TASKS"
STEP = "matrix.inference.accuracy:answered"
OURS = "small ones of this project's own, made and not downloaded"


def judge(trial: Trial) -> Result:
    """PASS, or WRONG where the provider's side is worse by more than chance makes."""
    folder = os.environ.get(TASKS_VARIABLE, "")
    if folder and (lacking := missing(UNDER_TASKS)):
        return trial.result(Outcome.NOT_RUN, lacking, phase=Phase.START)
    given: dict[str, Json] = {"folder": folder}
    due = trial.ask(REFERENCE, STEP, given)
    got = trial.ask(CANDIDATE, STEP, given)
    if not trial.baseline and (strange := due.strange):
        return trial.result(Outcome.INFRA, strange, phase=Phase.REFERENCE)
    trial.attempt.enter(Phase.COMPARE)
    return compare(trial, due, got)


def compare(trial: Trial, due: Answer, got: Answer) -> Result:
    """The result that two sides' answers amount to."""
    pairs = {task: pair(_rights(due, task), right) for task, right in _answered(trial, due, got).items()}
    total = Paired(*(sum(getattr(one, name) for one in pairs.values()) for name in Paired.__dataclass_fields__))
    trial.facts |= proof_facts(got)
    measures = tuple(
        measure
        for name, one in {"accuracy": total, **{f"accuracy {task}": one for task, one in pairs.items()}}.items()
        for measure in measures_of(name, one)
    )
    if got.undispatched:
        return trial.result(Outcome.UNDISPATCHED, got.undispatched, phase=Phase.RUN, measures=measures)
    comparison = Comparison(
        rule=f"McNemar's exact test on {total.total} questions: not worse with p < {SIGNIFICANT:g}",
        total=total.total,
        mismatched=total.lost + total.gained,
        got=f"{total.provider} right",
        expected=f"{total.native} right",
    )
    if total.worse < SIGNIFICANT:
        detail = f"{total.lost} of {total.total} questions were lost and {total.gained} gained: p = {total.worse:.2g}"
        return trial.result(Outcome.WRONG, detail, comparison=comparison, measures=measures)
    return trial.result(Outcome.PASS, comparison=comparison, measures=measures)


def _answered(trial: Trial, due: Answer, got: Answer) -> Mapping[str, list[bool]]:
    """The provider's side's answers by task. Raises SideError where it did not answer what the other one did."""
    found = {str(task): _rights(got, task) for task in dict(got.found.get("rights") or {})}
    wanted = {task: len(right) for task, right in dict(due.found.get("rights") or {}).items()}
    if not wanted or {task: len(right) for task, right in found.items()} != wanted:
        told = (
            f"the sides answered other questions: {wanted} and { {task: len(right) for task, right in found.items()} }"
        )
        raise SideError(
            Fault(Outcome.ERROR if wanted else Outcome.INFRA, Phase.RUN if wanted else Phase.REFERENCE, told)
        )
    return found


def _rights(answer: Answer, task: str) -> list[bool]:
    return [bool(right) for right in dict(answer.found.get("rights") or {})[task]]


def measures_of(name: str, found: Paired) -> tuple[Measure, ...]:
    """Of all questions, or of one task."""
    return (
        Measure(f"{name}, provider", "%", 100 * found.provider / found.total),
        Measure(f"{name}, native", "%", 100 * found.native / found.total),
        Measure(f"{name}: questions", "", found.total),
        Measure(f"{name}: lost", "", found.lost),
        Measure(f"{name}: gained", "", found.gained),
        Measure(f"{name}: p that it is no worse", "", found.worse),
    )


def answered(bench: Bench) -> dict[str, Json]:
    """A child's part: task -> whether each question was answered rightly."""
    folder, setting = str(bench.given["folder"]), bench.setting
    count, attention = setting.number("questions"), setting.text("attention")
    tasks: Any = setting.parameters["tasks"]
    engine = bench.engine(attention=attention)
    with bench.provided():
        if folder:
            from matrix.inference.harness import evaluate

            found = evaluate(engine, Path(folder), count)
        else:
            found = {task: answers(engine, questions_of(task, count)) for task in tasks}
    rights: dict[str, Json] = {task: [*right] for task, right in found.items()}
    told = f"lm-eval's, from {Path(folder).name}" if folder else OURS
    return {"rights": rights, "facts": {"questions": told}}
