"""The command `challenge`: starts an entry, checks one, judges tests by mutants; judges (judging.py); ranks (ranking.py)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from matrix.challenge.checking import check
from matrix.challenge.entry import read_entry
from matrix.challenge.mutant import Fate, MutationResult
from matrix.challenge.mutation import Budget, Subject, judge_mutants
from matrix.challenge.starter import write_starter
from matrix.challenge.task import interpreter, load_task
from matrix.commands import judging, ranking
from matrix.usage import UsageError


def challenge(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Do one step. 0: nothing is wrong (check, judge, rank), nothing survived (mutants); 1: something is."""
    judging_steps = {"judge": judging.judge, "card": judging.card, "repeat": judging.repeat, "rank": ranking.rank}
    if options.step in judging_steps:
        return judging_steps[options.step](options, arguments)
    steps = {"check": _check, "new": _new, "mutants": _mutants}
    return steps[options.step](options)


def _check(options: argparse.Namespace) -> int:
    found = check(options.directory, interpreter())
    for problem in found.problems:
        print(f"problem: {problem}")
    for missing in found.missing:
        print(f"to do: {missing}")
    if found.problems or found.entry is None:
        print(f"{options.directory}: {len(found.problems)} problems; it cannot be judged")
        return 1
    entry = found.entry
    print(
        f"{options.directory}: an entry for {entry.task.name} ({entry.task.tier}) by {', '.join(entry.team)}, {entry.licence}; "
        f"{len(set(entry.functions.values()))} functions as the schemas want them, {found.tests} tests"
    )
    return 0


def _new(options: argparse.Namespace) -> int:
    task = load_task(options.task)
    folder = options.out or Path(task.name)
    for path in write_starter(task, folder):
        print(path)
    print(f"next: python -m matrix challenge check {folder}")
    return 0


def _mutants(options: argparse.Namespace) -> int:
    subject = _subject(options.subject, options.cases)
    workers = options.workers or os.cpu_count() or 1
    found = judge_mutants(subject, interpreter(), Budget(workers=workers, most=options.most, only=options.only))
    print("\n".join(describe(found)))
    return 1 if found.survivors or found.wrongly_read else 0


def _subject(name: str, cases: str | None) -> Subject:
    """A folder is an entry, any other name is a task of which our own kernel is taken."""
    if not Path(name).is_dir():
        if cases == "tests":
            raise UsageError(f"{name} is no entry's folder, so it has no tests; leave --cases out, or name a folder")
        return Subject.of_task(load_task(name))
    entry = read_entry(Path(name))
    return Subject(
        name=name,
        task=entry.task,
        files=entry.files,
        root=entry.folder,
        own=len(entry.files),
        functions=entry.functions,
        tests=None if cases == "ours" else entry.folder,
    )


def describe(found: MutationResult) -> list[str]:
    """A result, for a terminal."""
    counts = found.counts
    share = "none to decide" if found.share is None else f"{found.share:.1%} killed"
    listed = ", ".join(f"{counts[fate]} {fate}" for fate in Fate if counts[fate])
    lines = [
        f"{found.subject}: {len(found.judged)} mutants by {found.ran} {found.tests} in {found.seconds:.0f} s: {share}",
        f"  {listed or 'no mutants'}; {found.identical} read as another and were not run",
    ]
    if found.left_out:
        lines.append(f"  {len(found.left_out)} do not pass on the kernel as it is: {', '.join(found.left_out[:5])}")
    lines += [f"  {kind}: {killed} of {all_}" for kind, (killed, all_) in found.of_kind().items()]
    lines += [f"  wrongly read: {text}" for text in found.wrongly_read]
    lines += [f"  survived: {each.mutant}" + (f" ({each.detail})" if each.detail else "") for each in found.survivors]
    return lines
