"""The command `annotate`: the annotation track, from data to the leaderboard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from matrix.annotation.answered import Answered, Ending
from matrix.annotation.archive import ZIP_BYTES
from matrix.annotation.asking import Asking
from matrix.annotation.carrying import Carried, carry
from matrix.annotation.checking import check_submission
from matrix.annotation.job import Job
from matrix.annotation.judgements import read_judgements
from matrix.annotation.packing import pack
from matrix.annotation.ranking import rank
from matrix.annotation.run_folder import RunFolder
from matrix.annotation.score_file import read_standing, score_fields, write_score
from matrix.annotation.subject import Scoring, score_subject
from matrix.annotation.talking import ChildError
from matrix.usage import UsageError
from reports import annotation_board
from workloads.annotation.data_file import SampleId, TaskFile, read_data
from workloads.annotation.generating.making import make, write_made
from workloads.annotation.problem import AnnotationError, Problem
from workloads.annotation.tasks import TASKS

SHOWN = 5  # samples without an answer that are shown of each task


def annotate(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Do one step. 0: nothing is wrong; 1: a submission has problems, or samples have no answer."""
    steps: Mapping[str, Callable[[argparse.Namespace], int]] = {
        "make": _make,
        "run": _run,
        "pack": _pack,
        "check": _check,
        "score": _score,
        "rank": _rank,
    }
    try:
        return steps[options.step](options)
    except AnnotationError as error:
        raise UsageError(str(error)) from None


def _make(options: argparse.Namespace) -> int:
    for number in options.task or TASKS:
        try:
            made = make(number, seed=options.seed, examples=options.examples, test=options.test)
        except ValueError as error:
            raise UsageError(f"task {number}: {error}") from None
        for path in write_made(made, options.out):
            print(path)
    return 0


def _run(options: argparse.Namespace) -> int:
    job = Job.of(options)
    for file in job.data.values():
        job.budget(file.task)
        job.split(file.task.number)
    with closing(job.engine) as engine:
        try:
            engine.start()
        except ChildError as error:
            raise UsageError(f"the engine {options.engine} cannot be started: {error}") from None
        print(f"engine: {engine.name}; " + "; ".join(f"{name}: {text}" for name, text in engine.facts.items()))
        folder = RunFolder(
            options.resume or options.out or Path(f".matrix/annotate-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        )
        header = job.header({"name": engine.name, **engine.facts})
        if options.resume:
            folder.resume(header)
        else:
            folder.begin(header)
        carried = [_run_task(job, number, folder) for number in job.data]
    step = "score" if job.held_out else "pack"
    print(f"{folder.path}: next: python -m matrix annotate {step} {folder.path} --data {options.data}")
    whole = all(each.count(Ending.ANSWERED) == len(each.answered) and not each.left for each in carried)
    return 0 if whole else 1


def _run_task(job: Job, number: int, folder: RunFolder) -> Carried:
    task, given = job.data[number].task, job.split(number)
    print(f"{task.id} {task.name}: {len(given.samples)} samples; {job.budget(task).words}")
    with closing(job.strategy(number, given)) as strategy:
        asking = Asking(task, job.engine, strategy, job.budget(task))
        carried = carry(asking, given.samples, folder, batch=job.options.batch, tell=_tell)
    counts = ", ".join(f"{carried.count(ending)} {ending}" for ending in Ending if carried.count(ending))
    left = f", {carried.left} not asked after {task.id} broke too often" if carried.left else ""
    misformed = sum(bool(each.problem) for each in carried.answered if each.ending is Ending.ANSWERED)
    odd = f"; of {misformed} answers there is something to be said: see below" if misformed else ""
    print(f"{task.id}: {counts or 'nothing'}{left}{odd}")
    without = [each for each in carried.answered if each.problem]
    for each in without[:SHOWN]:
        print(f"  {each.id}: {each.ending}: {each.problem}")
    if len(without) > SHOWN:
        print(f"  and {len(without) - SHOWN} more: {folder.journal(task)}")
    return carried


def _tell(answered: Answered) -> None:
    if sys.stderr.isatty():
        print(
            f"\r{answered.id}: {answered.ending}, {answered.tokens} tokens\x1b[K", end="", file=sys.stderr, flush=True
        )


def _pack(options: argparse.Namespace) -> int:
    folder = RunFolder(options.run)
    if folder.header.get("held_out"):
        raise UsageError(f"{options.run} asked held-out examples, which are no submission; run without --held-out")
    data = read_data(options.data)
    packed, checked = pack(folder, data, options.out.name)
    _print_problems(checked.problems)
    if checked.problems and not options.incomplete:
        print(
            f"{options.out}: {len(checked.problems)} problems; nothing was written (--incomplete writes it all the same)"
        )
        return 1
    options.out.write_bytes(packed)
    print(f"{options.out}: {len(packed)} bytes, {len(checked.predictions)} tasks, {len(checked.problems)} problems")
    return 1 if checked.problems else 0


def _check(options: argparse.Namespace) -> int:
    ids = None if options.data is None else _ids(read_data(options.data))
    checked = check_submission(_read_zip(options.zip), options.zip.name, ids)
    _print_problems(checked.problems)
    held = (
        "ids held against the data" if checked.compared else "ids not held against the data, only counted: --data DIR"
    )
    found = ", ".join(f"task {number}: {len(each.found)}" for number, each in checked.predictions.items())
    print(f"{options.zip}: {len(checked.problems)} problems; predictions: {found or 'none'}; {held}")
    return 1 if checked.problems else 0


def _score(options: argparse.Namespace) -> int:
    score, scoring = score_subject(
        options, lambda tried: print(f"  {tried.id}: {tried.used}; {tried.problem or 'right'}")
    )
    for task in score.tasks.values():
        shares = "; ".join(f"{name.replace('_', ' ')}: {share.words}" for name, share in task.shares.items())
        counted = f"{shares}; {task.missing} missing, {task.misformed} misformed"
        print(f"{task.task.id} {task.task.name}: {100 * task.value:.2f} ({counted})")
        for note in task.notes:
            print(f"  {note}")
    for number, why in score.absent.items():
        print(f"openseek-{number}: no score: {why}")
    print(_total(score.total, score.mean_of_scored, len(score.tasks), scoring))
    fields = score_fields(score, scoring.entry, scoring.by, scaled=scoring.scaled, facts=scoring.facts)
    write_score(scoring.out, fields)
    print(scoring.out)
    return 0


def _total(total: float | None, mean: float | None, number: int, scoring: Scoring) -> str:
    told = " (the contexts were scaled: not the competition's)" if scoring.scaled else ""
    if total is not None:
        return f"total: {100 * total:.2f}, the plain mean of the eight tasks{told}"
    part = "" if mean is None else f"; the mean of the {number} that have a score is {100 * mean:.2f}"
    return f"total: none, {len(TASKS) - number} of the eight tasks have no score{part}{told}"


def _rank(options: argparse.Namespace) -> int:
    standings = [read_standing(path) for path in options.scores]
    placed = rank(standings, read_judgements(options.judges) if options.judges else ())
    print(annotation_board.render_markdown(placed), end="")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        renderers = {"md": "render_markdown", "json": "render_json", "html": "render_html"}
        for suffix, name in renderers.items():
            path = options.out / f"leaderboard.{suffix}"
            path.write_text(getattr(annotation_board, name)(placed), encoding="utf-8")
            print(path)
    return 0


def _ids(data: Mapping[int, TaskFile]) -> dict[int, list[SampleId]]:
    return {number: [sample.id for sample in file.samples] for number, file in data.items()}


def _read_zip(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(ZIP_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error}); name a submission's zip") from None


def _print_problems(problems: Sequence[Problem]) -> None:
    for problem in problems:
        print(f"problem: {problem}")
