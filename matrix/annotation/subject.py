"""What `annotate score` is given: a held-out run, whose labels are the data's, or a submission and an organiser's labels."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matrix.annotation.archive import ZIP_BYTES
from matrix.annotation.checking import check_submission
from matrix.annotation.job import data_digest
from matrix.annotation.labels import read_labels
from matrix.annotation.operator_checks import OperatorCheck, read_checks
from matrix.annotation.operator_judging import OperatorJudge, Tried
from matrix.annotation.run_folder import RunFolder
from matrix.annotation.scoring import Predictions, Score, TaskScore, score_operators, score_texts
from matrix.annotation.splitting import HeldOut, split
from matrix.challenge.task import interpreter
from matrix.columns import choose
from matrix.outcome import Evidence
from matrix.usage import UsageError
from workloads.annotation.data_file import CHECKS_SUFFIX, SampleId, read_data
from workloads.annotation.tasks import TASKS, Kind

Tell = Callable[[Tried], None]


@dataclass(frozen=True)
class Scoring:
    """What is scored, and what has to be said of it beside the score.

    labels  of each task, those that predictions are held against
    """

    entry: str
    by: str
    out: Path
    predictions: Mapping[int, Predictions]
    labels: Mapping[int, Mapping[SampleId, str]]
    scaled: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)


def score_subject(options: argparse.Namespace, tell: Tell) -> tuple[Score, Scoring]:
    """The score of a run or a submission. Raises UsageError and AnnotationError."""
    scoring = _of_run(options) if options.subject.is_dir() else _of_zip(options)
    tasks: dict[int, TaskScore] = {}
    absent: dict[int, str] = {}
    for number, task in TASKS.items():
        predictions, labels = scoring.predictions.get(number), scoring.labels.get(number, {})
        if predictions is None:
            absent[number] = "it has no predictions"
        elif task.kind is Kind.SOURCE:
            judges = [_judge(options.profile), *(_judge_of(name, [Evidence.COMPILE]) for name in options.compile)]
            scored = score_operators(judges, predictions, labels, _checks(options), tell)
            if isinstance(scored, str):
                absent[number] = scored
            else:
                tasks[number] = scored
        elif not labels:
            absent[number] = "there are no labels to hold its predictions against"
        else:
            tasks[number] = score_texts(task, predictions, labels)
    return Score(tasks, absent), scoring


def _of_run(options: argparse.Namespace) -> Scoring:
    folder = RunFolder(options.subject)
    header = folder.header
    if options.data is None:
        raise UsageError(f"{options.subject} is a run: name the data that it asked, --data DIR")
    data = read_data(options.data)
    labels: dict[int, Mapping[SampleId, str]] = {}
    predictions: dict[int, Predictions] = {}
    given = read_labels(options.labels) if options.labels else {}
    for task in folder.tasks:
        told = header["tasks"][str(task.number)]
        if task.number not in data or data_digest(data[task.number]) != told.get("data"):
            raise UsageError(f"{options.data}: {task.id} is not the data that {options.subject} asked; name that")
        answers = folder.read(task)
        predictions[task.number] = {id_: each.prediction for id_, each in answers.items()}
        if header.get("held_out"):
            whole = split(data[task.number], HeldOut(**header["held_out"]))
            asked = [sample.id for sample in whole.samples[: header.get("samples")]]
            labels[task.number] = {id_: whole.labels[id_] for id_ in asked}
        elif task.number in given:
            asked = [sample.id for sample in data[task.number].samples[: header.get("samples")]]
            labels[task.number] = {id_: given[task.number][id_] for id_ in asked if id_ in given[task.number]}
    by = _held_out_words(header["held_out"]) if header.get("held_out") else f"labels of {options.labels}"
    scaled = any(each["budget"]["scale"] < 1 for each in header["tasks"].values())
    facts = {f"engine {name}": str(text) for name, text in header["engine"].items()}
    facts |= {"strategy": str(header["strategy"])}
    name = options.entry or options.subject.resolve().name
    return Scoring(name, by, options.out or folder.path / "score.json", predictions, labels, scaled, facts)


def _held_out_words(held: Mapping[str, Any]) -> str:
    return f"{held['number']} held-out examples a task, seed {held['seed']}"


def _of_zip(options: argparse.Namespace) -> Scoring:
    if options.labels is None:
        raise UsageError(f"{options.subject} is a submission: name the labels of the test samples, --labels DIR")
    try:
        with options.subject.open("rb") as file:
            data = file.read(ZIP_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{options.subject} cannot be read ({error}); name a run's folder or a submission's zip"
        ) from None
    labels = read_labels(options.labels)
    checked = check_submission(data, options.subject.name, {number: list(own) for number, own in labels.items()})
    if checked.problems:
        listed = "\n".join(map(str, checked.problems))
        raise UsageError(f"{options.subject} is not scored while it has problems:\n{listed}")
    predictions = {number: dict(each.found) for number, each in checked.predictions.items()}
    out = options.out or options.subject.with_suffix(".score.json")
    return Scoring(options.entry or options.subject.stem, f"labels of {options.labels.name}", out, predictions, labels)


def _judge(profile: str | None) -> OperatorJudge:
    """Where task 8 is tried. Raises what the selection of columns does, UsageError for what gives no answers."""
    if profile is None:
        return OperatorJudge(interpreter())
    judge = _judge_of(profile, (Evidence.INTERPRET, Evidence.RUN))
    if judge.evidence not in (Evidence.INTERPRET, Evidence.RUN):
        raise UsageError(
            f"{profile}: {judge.evidence} computes no outputs to score; name @interpret or @run, or use --compile"
        )
    return judge


def _judge_of(pattern: str, wanted: Sequence[Evidence]) -> OperatorJudge:
    """A judge of the first profile that a pattern names, with its evidence, else the first of those wanted that it gives."""
    [choice, *_] = choose([pattern])
    given = [evidence for evidence in wanted if evidence.value in choice.profile.evidence]
    if not (named := choice.evidences or tuple(given)):
        raise UsageError(f"{pattern} gives none of {', '.join(wanted)}; it gives {', '.join(choice.profile.evidence)}")
    file = pattern.partition("@")[0]
    return OperatorJudge(
        choice.profile, named[0], profiles=(str(Path(file).resolve()),) if file.endswith(".toml") else ()
    )


def _checks(options: argparse.Namespace) -> Mapping[SampleId, OperatorCheck]:
    """The checks of task 8: of the file that is named, else of `*.checks.json` beside the data."""
    paths = (
        [options.checks] if options.checks else sorted(options.data.glob(f"*{CHECKS_SUFFIX}")) if options.data else []
    )
    found: dict[SampleId, OperatorCheck] = {}
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error}); name the file with task 8's checks") from None
        found |= read_checks(data, path.name)
    return found
