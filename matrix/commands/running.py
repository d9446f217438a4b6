"""Commands that plan and carry cells: run, plan, profiles, rerun."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from backends.stack import load_stacks, stack_of
from matrix.arguments import parser
from matrix.cell import Cell
from matrix.commands.job import (
    HOME,
    Job,
    declarations,
    devices_of,
    header_of,
    new_directory,
    run_settings,
    selection,
    write_and_show,
)
from matrix.declared import Declared
from matrix.identity import parse_id
from matrix.outcome import Evidence, Outcome, Phase
from matrix.plan import Plan
from matrix.remembered import Memory
from matrix.result import Result
from matrix.run import Header, Run
from matrix.runner.controller import carry
from matrix.runner.foreground import rerun
from matrix.runner.journal import read_run
from matrix.runner.progress import Display
from matrix.runner.session import RunSettings
from matrix.usage import UsageError

NOTHING = 3


def show_plan(options: argparse.Namespace, _: Sequence[str]) -> int:
    """List the ids of a plan."""
    planned = declarations(options).plan(selection(options))
    sys.stdout.write("".join(f"{name}\n" for name in planned.ids))
    return 0 if planned.cells else NOTHING


def show_profiles(options: argparse.Namespace, _: Sequence[str]) -> int:
    """List the columns."""
    declared = Declared.read(options.profile) if options.profile else Declared.read_all()
    width = max(len(profile.name) for profile in declared.profiles)
    for profile in declared.profiles:
        print(f"{profile.name:{width}}  {profile.title}")
        for names, able, why in declared.abilities(profile):
            print(f"{'':{width}}  {names}: {why}" if able else f"{'':{width}}  not {names}: {why}")
    return 0


def repeat(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Repeat one cell in the foreground."""
    identity = parse_id(options.cell)
    cell = Declared.read_all(options.catalogue, options.profile).find(identity)
    result = rerun(cell, run_settings(1, model=options.model))
    return 1 if result.outcome.blames_provider else 0


def run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Plan, carry, report."""
    recorded: Sequence[str] = ()
    if options.resume is not None:
        options, arguments, recorded = _resumed(options)
    job = Job.of(options, arguments, options.resume or options.out or new_directory(), recorded)
    if not job.planned.cells:
        print("matrix: nothing is selected; `python -m matrix plan` lists what a selection has", file=sys.stderr)
        return NOTHING
    _refuse_other_plan(job.directory, job.planned, resuming=options.resume is not None)
    settings = _settings_of(job)
    started = time.monotonic()
    try:
        _carry(job, settings)
    finally:
        code = write_and_show(job, time.monotonic() - started)
    return code


def _resumed(options: argparse.Namespace) -> tuple[argparse.Namespace, Sequence[str], Sequence[str]]:
    """The selection of the run that is gone on with; workers and strictness may differ."""
    header = header_of(options.resume)
    remembered = parser().parse_args(header.arguments)
    remembered.resume, remembered.strict = options.resume, options.strict
    remembered.workers = options.workers or remembered.workers
    remembered.devices = options.devices or remembered.devices
    return remembered, header.arguments, header.columns


def _refuse_other_plan(directory: Path, planned: Plan, *, resuming: bool) -> None:
    before = read_run(directory).header if directory.is_dir() else Header()
    if before.plan and before.plan != planned.digest:
        raise UsageError(
            f"{directory} holds a run of another plan ({before.cells} cells, {before.plan[:12]}; this one has "
            f"{len(planned.cells)}, {planned.digest[:12]}): the selection or the catalogue differs; start a new run"
        )
    if before.plan and not resuming:
        raise UsageError(f"{directory} holds a run already; go on with it by --resume {directory}, or name another")


def _settings_of(job: Job) -> RunSettings:
    """How the job's cells are carried. Raises UsageError for workers or devices that this machine has not."""
    profiles = {cell.profile.name: cell.profile for cell in job.planned.runnable}
    devices = {
        name: devices_of(profile, job.declared.machine, job.options.devices) for name, profile in profiles.items()
    }
    return run_settings(job.options.workers, devices, job.options.model)


def _carry(job: Job, settings: RunSettings) -> None:
    machine = job.declared.machine
    header = Header(
        plan=job.planned.digest,
        cells=len(job.planned.cells),
        columns=tuple(str(column) for column in job.declared.columns),
        machine=machine.facts(),
        stack=stack_facts(machine.packages),
        arguments=job.arguments,
    )
    given = [Result(name, preset.outcome, Phase.PLAN, preset.reason) for name, preset in job.planned.presets.items()]
    print(f"matrix: {len(job.planned.cells)} cells -> {job.directory}", file=sys.stderr, flush=True)
    memory = Memory(HOME / "cache" / "compiled")
    if not job.options.fresh:
        given += memory.recall(job.planned.runnable)
    prepare(job, settings)
    try:
        with closing(Display(sys.stderr)) as display:
            carry(
                job.planned.runnable,
                job.directory,
                settings,
                display,
                header=header,
                given=given,
                confirm=lambda result: result.outcome.blames_provider and not job.is_known(result),
            )
    finally:
        memory.keep(job.planned.runnable, read_run(job.directory))


def calls_to_prepare(cells: Iterable[Cell], run: Run) -> list[Cell]:
    """The cells that will be timed, each as one that only runs: what an earlier run left NOT_RUN is among them."""
    done = {cell for cell in run.results if any(found.outcome is not Outcome.NOT_RUN for found in run.attempts(cell))}
    timed = [cell for cell in cells if cell.evidence is Evidence.TIME and str(cell.id) not in done]
    return [replace(cell, evidence=Evidence.RUN) for cell in timed]


def prepare(job: Job, settings: RunSettings) -> None:
    """Compile what will be timed, with all workers at once: while a case is timed there is one for each device."""
    ahead = calls_to_prepare(
        job.planned.runnable, read_run(job.directory) if job.directory.is_dir() else Run(Header(), {})
    )
    if not ahead or settings.workers == 1:
        return
    print(f"matrix: compiling the kernels of {len(ahead)} calls that will be timed", file=sys.stderr, flush=True)
    compiling = replace(
        settings,
        judge="matrix.judging.preparing:prepare",
        warm="matrix.judging.preparing:warm",
    )
    with closing(Display(sys.stderr)) as display:
        carry(ahead, job.directory / "preparing", compiling, display, confirm=lambda _: False)


def stack_facts(packages: Mapping[str, str]) -> dict[str, str]:
    """The versions that are run with, and first the name of the stack that they are, if they are one."""
    name = stack_of(packages, load_stacks())
    return ({"stack": name} if name else {}) | dict(packages)
