"""annotation-<k>: a task of the annotation track, on made data, by the baseline strategy, with the provider's kernels.

`candidate` is what the child process does; `judge` holds what it tells against the procedure. PASS means that it was
carried out as a whole: every prompt was within the budget, every sample has its end, and what was predicted has the task's
form. How many predictions are right is a measure; with made weights it is about none, which says nothing about a procedure.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from matrix.annotation.answered import Answered, Ending, read_answered
from matrix.annotation.asking import Asking
from matrix.annotation.clients import StrategyHere
from matrix.annotation.scoring import Share
from matrix.annotation.splitting import HeldOut, split
from matrix.inference.asking import Answer
from matrix.inference.bench import Bench
from matrix.inference.judge import Trial
from matrix.inference.request import CANDIDATE
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Comparison, Measure, Result
from workloads.annotation.answers import fault, same
from workloads.annotation.data_file import TaskFile
from workloads.annotation.generating.making import make
from workloads.annotation.strategy import Assignment, Baseline, Budget
from workloads.annotation.tasks import TASKS, Kind
from workloads.workload import Setting

EVERY = "*"
RULE = "every prompt within the budget, every sample with its end, every prediction of the task's form"


def judge(trial: Trial) -> Result:
    """PASS where the procedure was carried out; UNDISPATCHED where the kernels were not the provider's."""
    setting = trial.case.setting
    got = trial.ask(CANDIDATE, "matrix.inference.annotation:candidate", only=operators_of(setting))
    trial.attempt.enter(Phase.COMPARE)
    answered = tuple(read_answered(each) for each in got.found["answered"])
    trial.facts |= facts_of(setting, answered, got)
    measures = measures_of(setting, answered, float(got.found["seconds"]))
    if got.undispatched:
        return trial.result(Outcome.UNDISPATCHED, got.undispatched, phase=Phase.RUN, measures=measures)
    wrong = complaints(setting, answered)
    comparison = Comparison(RULE, setting.number("samples"), len(wrong))
    if wrong:
        return trial.result(Outcome.WRONG, "; ".join(wrong), comparison=comparison, measures=measures)
    return trial.result(Outcome.PASS, comparison=comparison, measures=measures)


def candidate(bench: Bench) -> dict[str, Json]:
    """Ask the held-out samples, within the provider's kernels."""
    setting = bench.setting
    file, budget = data_of(setting), budget_of(setting)
    engine = bench.engine(attention=setting.text("attention"))
    parts = split(file, HeldOut(setting.number("samples")))

    def count(texts: Sequence[str]) -> list[int]:
        return [len(engine.tokens(text)) for text in texts]

    strategy = Baseline(Assignment(file.task, file.definition, parts.examples, budget, count))
    asking = Asking(file.task, engine, StrategyHere(strategy), budget)
    with bench.provided():
        began = time.perf_counter()
        answered: list[Json] = [each.line for sample in parts.samples for each in asking.ask([sample])]
        seconds = time.perf_counter() - began
    return {"answered": answered, "seconds": seconds}


def operators_of(setting: Setting) -> tuple[str, ...] | None:
    """What the provider answers for: a long prompt takes the interpreter minutes for some operators. None: all that it has."""
    names = setting.parameters["operators"]
    assert isinstance(names, tuple)
    return None if names == (EVERY,) else tuple(map(str, names))


def data_of(setting: Setting) -> TaskFile:
    """Made data of the setting's task: the same on every column."""
    return make(setting.number("task"), examples=setting.number("examples"), test=1).file


def budget_of(setting: Setting) -> Budget:
    task, minimum = TASKS[setting.number("task")], setting.number("minimum")
    reply = setting.number("reply")
    return Budget(minimum, setting.number("context") - reply, reply, minimum / task.minimum)


def complaints(setting: Setting, answered: Sequence[Answered]) -> list[str]:
    """What of the procedure was not carried out."""
    task, budget = TASKS[setting.number("task")], budget_of(setting)
    asked = split(data_of(setting), HeldOut(setting.number("samples"))).samples
    told = {each.id: each for each in answered}
    found = [f"{sample.id} has no end" for sample in asked if sample.id not in told]
    for each in answered:
        if each.ending in (Ending.REFUSED, Ending.BROKEN):
            found.append(f"{each.id} was {each.ending}: {each.problem}")
        elif not budget.minimum <= each.tokens <= budget.limit:
            found.append(f"{each.id}: the prompt has {each.tokens} tokens; allowed are {budget.words}")
        elif each.prediction is not None and (wrong := fault(task, each.prediction)):
            found.append(f"{each.id}: the prediction {wrong}")
    return found


def measures_of(setting: Setting, answered: Sequence[Answered], seconds: float) -> tuple[Measure, ...]:
    """Numbers of the run: how many were right, answered, how long a prompt was, how long a sample took."""
    of = len(answered) or 1
    share = _share(setting, answered)
    right = (Measure("right by exact match", "%", 100 * share.value),) if share else ()
    return (
        *right,
        Measure(
            "samples with an answer of the task's form",
            "%",
            100 * sum(each.prediction is not None for each in answered) / of,
        ),
        Measure("tokens of a prompt, mean", "tokens", sum(each.tokens for each in answered) / of),
        Measure("a sample, mean", "s", seconds / of),
    )


def facts_of(setting: Setting, answered: Sequence[Answered], got: Answer) -> Mapping[str, str]:
    """What a report must say of the numbers."""
    share, budget = _share(setting, answered), budget_of(setting)
    accuracy = share.words if share else "not measured here: operators are scored by `matrix annotate score`"
    launched = sum(launch.count for launch in got.launches)
    return {
        "data": f"made by a program, {setting.number('examples')} examples, {setting.number('samples')} of them held out",
        "context": budget.words,
        "accuracy": accuracy,
        "operators replaced": f"{len(got.entered)} entered, {launched} launches of {len(got.launches)} kernels",
    }


def _share(setting: Setting, answered: Sequence[Answered]) -> Share | None:
    task = TASKS[setting.number("task")]
    if task.kind is Kind.SOURCE or not answered:
        return None
    labels: Mapping[Any, str] = split(data_of(setting), HeldOut(setting.number("samples"))).labels
    right = sum(
        each.prediction is not None and same(task, each.prediction, labels[each.id])
        for each in answered
        if each.id in labels
    )
    return Share(right, len(labels))
