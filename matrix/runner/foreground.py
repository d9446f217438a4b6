"""One cell in the foreground: in a fresh process, with the limits of a run, its output on this terminal as it comes.

python -m matrix.runner.foreground SESSION      is that process, and is started by `rerun` only
"""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from matrix.cell import Cell
from matrix.outcome import Outcome, Phase
from matrix.result import Compiled, Result
from matrix.runner.announcement import CARRYING, read_announcement
from matrix.runner.death import Death, Reason, describe_status, judge_death
from matrix.runner.journal import Tail, read_run
from matrix.runner.output import Inherited, read_tail
from matrix.runner.processes import die_with_parent, end_marked
from matrix.runner.session import RunSettings, Session, Task, load_session
from matrix.runner.spawn import ROOT, environment
from matrix.runner.worker import Worker

NAME = "foreground"


def rerun(cell: Cell, settings: RunSettings) -> Result:
    """Carry one cell in a fresh process that writes to our own standard output and error, and print what was found."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        task = Task(cell, str(cell.id), 1)
        mark = uuid.uuid4().hex
        session = Session(NAME, Path(folder), mark, os.getpid(), cell.limits, settings, (task,))
        session.save()
        status, overdue = _watch(session, environment(session, cell.profile, 1))
        final = read_run(Path(folder)).final(task.id)
        if final is None:
            final = _died(session, status, Reason.TIME if overdue else None)
    final = replace(final, worker=None)
    show(final)
    return final


def _watch(session: Session, variables: dict[str, str]) -> tuple[int, bool]:
    """Wait for the process; its status, and whether it had to be ended from outside."""
    settings = session.settings
    patience = settings.start_seconds + session.limits.seconds + settings.grace
    command = [sys.executable, "-m", __spec__.name, str(session.path)]
    process = subprocess.Popen(command, env=variables, cwd=ROOT)
    try:
        return process.wait(patience), False
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(), True
    finally:
        process.kill()
        end_marked(session.mark)


def _died(session: Session, status: int, ended_for: Reason | None) -> Result:
    announced = read_announcement(session.announcement(NAME))
    if announced is None or announced.doing != CARRYING:
        said = [event.get("reason") for event in Tail(session.journal(NAME)).read() if event["event"] == "probe"]
        detail = next((str(reason) for reason in said if reason), f"the process {describe_status(status)}")
        return Result(session.tasks[0].id, Outcome.INFRA, Phase.START, detail)
    stack = read_tail(session.stack(NAME))
    death = Death(NAME, announced, status, session.limits.seconds, ended_for, stack)
    return judge_death(death)


def show(result: Result, stream: TextIO | None = None) -> None:
    """Print what was found, for a person."""
    seconds = "" if result.seconds is None else f", {result.seconds:.2f} s"
    lines = [f"{result.outcome} in {result.phase}{seconds}: {result.cell}"]
    lines += [text for text in (result.detail, result.traceback) if text]
    if result.comparison is not None:
        comparison = result.comparison
        lines.append(f"{comparison.mismatched} of {comparison.total} elements outside the bound; {comparison.rule}")
        lines += [f"got {comparison.got}, due {comparison.expected}"] if comparison.got is not None else []
    lines += [f"{measure.name}: {measure.value:.6g} {measure.unit}".rstrip() for measure in result.measures]
    lines += [f"{name}: {text}" for name, text in result.facts.items()]
    lines += [describe_compiled(compiled) for compiled in result.compiled]
    lines += [f"launched {launch.kernel} ({launch.file}) x {launch.count}" for launch in result.launches]
    print("\n".join(lines), file=stream or sys.stdout)


def describe_compiled(compiled: Compiled) -> str:
    """A compiled kernel in two lines."""
    memory = f"{compiled.shared} B of shared memory, {compiled.registers} registers, {compiled.spilled} spilled"
    tuned = "" if compiled.tried is None else f"; {compiled.fitting} of {compiled.tried} configurations fit"
    configuration = ", ".join(f"{name}={value}" for name, value in compiled.configuration.items())
    return (
        f"compiled {compiled.kernel} ({compiled.file}) x {compiled.count}: {compiled.size} B of binary, {memory}, "
        f"{compiled.seconds:.2f} s{tuned}\n  {configuration}"
    )


def main(path: Path) -> None:
    """Be the process of `rerun`."""
    session = load_session(path)
    die_with_parent(session.parent)
    faulthandler.enable()
    worker = Worker(session, NAME, Inherited())
    with worker.fatal():
        worker.start(session.tasks[0].cell)
        worker.carry(session.tasks[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
