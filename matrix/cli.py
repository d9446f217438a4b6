"""The commands. Only here do all floors meet: what is declared is planned, carried, read back and reported."""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from backends.expectation import Expectations, load_expectations
from backends.profiles import UnknownProfileError, load_profiles
from backends.reading import ReadingError
from backends.stack import Axis, load_axes, load_stacks, stack_of
from matrix.arguments import parser
from matrix.columns import UnknownEvidenceError
from matrix.declared import Declared
from matrix.identity import IdentityError, parse_id
from matrix.lint.checks import lint, render_findings
from matrix.lint.finding import Severity
from matrix.lint.package import Package, PackageError
from matrix.outcome import Phase
from matrix.plan import Plan, Selection, SelectionError
from matrix.remembered import Memory
from matrix.result import Result
from matrix.run import Header
from matrix.runner.controller import carry
from matrix.runner.directory import BusyError
from matrix.runner.foreground import rerun
from matrix.runner.journal import read_run
from matrix.runner.progress import Display
from matrix.runner.session import RunSettings
from matrix.runner.spawn import OF_PROFILE
from operators.catalogue import CatalogueError
from reports.expecting import draft_expectations
from reports.grid import About, Grid, build_grid
from reports.provenance import show_provenance
from reports.stacks import Tried, render_axis, tried
from reports.summary import Summary
from reports.table import Terminal, render_table
from reports.write import write_reports

USAGE, NOTHING, INTERRUPTED = 2, 3, 130
HOME = Path(".matrix")


class UsageError(ValueError):
    """A command line that cannot be followed: says what to write instead."""


def main(arguments: Sequence[str]) -> int:
    """Follow a command line and return its exit code. A mistake in what the user wrote is one message, never a traceback."""
    options = parser().parse_args(arguments)
    commands = {
        "run": run,
        "plan": show_plan,
        "profiles": show_profiles,
        "rerun": repeat,
        "report": report,
        "expect": expect,
        "provenance": provenance,
        "lint": check,
        "stacks": compare_stacks,
    }
    try:
        return commands[options.command](options, arguments)
    except (
        CatalogueError,
        ReadingError,
        UnknownProfileError,
        UnknownEvidenceError,
        SelectionError,
        IdentityError,
        BusyError,
        PackageError,
        UsageError,
    ) as error:
        print(f"matrix: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("matrix: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED


def show_plan(options: argparse.Namespace, _: Sequence[str]) -> int:
    """List the ids of a plan."""
    planned = _declared(options).plan(_selection(options))
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
    cell = Declared.read_all(options.catalogue).find(identity)
    result = rerun(cell, _settings(1))
    return 1 if result.outcome.blames_provider else 0


def run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Plan, carry, report."""
    recorded: Sequence[str] = ()
    if options.resume is not None:
        options, arguments, recorded = _resumed(options)
    job = Job.of(options, arguments, options.resume or options.out or _new_directory(), recorded)
    if not job.planned.cells:
        print("matrix: nothing is selected; `python -m matrix plan` lists what a selection has", file=sys.stderr)
        return NOTHING
    _refuse_other_plan(job.directory, job.planned, resuming=options.resume is not None)
    started = time.monotonic()
    try:
        _carry(job)
    finally:
        code = _report(job, time.monotonic() - started)
    return code


def report(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Write the reports of a run again."""
    job = _remembered(options.directory)
    job.options.strict = options.strict
    return _report(job)


def expect(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print a draft of expectations for what broke."""
    grid = _grid(_remembered(options.directory))
    columns = [profile.name for profile in grid.profiles]
    for column in [options.profile] if options.profile else columns:
        sys.stdout.write(draft_expectations(grid, column))
    return 0


def provenance(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print how far the vendor's own kernels were reached."""
    job = _remembered(options.directory)
    run = read_run(job.directory)
    sys.stdout.write(show_provenance(run, job.declared, Package.installed(options.package), options.profile))
    return 0


def compare_stacks(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print what a folder of runs, one for each stack of an axis, says of the versions."""
    for axis in load_axes().values():
        tried = [_tried(axis, packages, options.directory) for packages in axis.points()]
        sys.stdout.write(render_axis(axis, tried))
    return 0


def _tried(axis: Axis, packages: Mapping[str, str], directory: Path) -> Tried:
    """What became of a stack: its run is in the folder of its name."""
    folder = directory / axis.name_of(packages)
    if (folder / "not-installed.txt").exists():
        return Tried(packages, problem="cannot be installed from the index")
    if not folder.is_dir() or not read_run(folder).header.arguments:
        return Tried(packages, problem="was not run")
    return tried(packages, _grid(_remembered(folder)))


def check(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print what in an installed provider contradicts itself."""
    findings = lint(Package.installed(options.package), load_profiles().values(), options.vendor)
    sys.stdout.write(render_findings(findings))
    return 1 if any(finding.severity is Severity.ERROR for finding in findings) else 0


def _remembered(directory: Path) -> Job:
    """The job that wrote a directory, with what is declared today."""
    header = _header(directory)
    return Job.of(parser().parse_args(header.arguments), header.arguments, directory, header.columns)


@dataclass(frozen=True)
class Job:
    """One run: what was asked, what that means, and where it is written."""

    options: argparse.Namespace
    arguments: tuple[str, ...]
    directory: Path
    declared: Declared
    planned: Plan
    expectations: Mapping[str, Expectations]
    today: date

    @classmethod
    def of(
        cls, options: argparse.Namespace, arguments: Sequence[str], directory: Path, recorded: Sequence[str] = ()
    ) -> Job:
        """`recorded` names the columns of the run that a directory holds already."""
        declared = _declared(options, recorded)
        known = {profile.name: load_expectations(profile.name, options.expectations) for profile in declared.profiles}
        planned = declared.plan(_selection(options))
        return cls(options, tuple(arguments), directory, declared, planned, known, datetime.now(UTC).date())

    def named_evidences(self) -> dict[str, set[str]]:
        """By profile, the evidences that its expectations name."""
        return {
            profile: {evidence for item in known if not item.inherited for evidence in item.evidences}
            for profile, known in self.expectations.items()
        }

    def is_known(self, result: Result) -> bool:
        """Whether a live expectation names just this outcome: such news needs no second try."""
        known = self.expectations.get(parse_id(result.cell).profile)
        live = known.matching(result.cell) if known is not None else ()
        return any(item.outcome == result.outcome and not item.is_expired(self.today) for item in live)


def _declared(options: argparse.Namespace, recorded: Sequence[str] = ()) -> Declared:
    return Declared.read(options.profile, options.catalogue, recorded)


def _selection(options: argparse.Namespace) -> Selection:
    return Selection(options.tier, tuple(options.operator), tuple(options.dtype), tuple(options.provider))


def _new_directory() -> Path:
    return HOME / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"


def _header(directory: Path) -> Header:
    header = read_run(directory).header if directory.is_dir() else Header()
    if not header.arguments:
        raise UsageError(f"{directory} holds no run; name a directory that `matrix run` wrote")
    return header


def _resumed(options: argparse.Namespace) -> tuple[argparse.Namespace, Sequence[str], Sequence[str]]:
    """The selection of the run that is gone on with; workers and strictness may differ."""
    header = _header(options.resume)
    remembered = parser().parse_args(header.arguments)
    remembered.resume, remembered.strict = options.resume, options.strict
    remembered.workers = options.workers or remembered.workers
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


def _settings(workers: int | None) -> RunSettings:
    cache = (HOME / "cache").resolve()
    environment = {
        "MATRIX_CACHE": str(cache),
        "TRITON_CACHE_DIR": str(cache / "triton"),
        # FlagGems writes generated kernels to files whose names are the same for all vendors, and their contents are not.
        "FLAGGEMS_CACHE_DIR": str(cache / "flag_gems" / OF_PROFILE),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    return RunSettings(workers=workers or os.cpu_count() or 1, environment=environment)


def _carry(job: Job) -> None:
    machine = job.declared.machine
    header = Header(
        plan=job.planned.digest,
        cells=len(job.planned.cells),
        columns=tuple(str(column) for column in job.declared.columns),
        machine=machine.facts(),
        stack=_stack(machine.packages),
        arguments=job.arguments,
    )
    given = [Result(name, preset.outcome, Phase.PLAN, preset.reason) for name, preset in job.planned.presets.items()]
    print(f"matrix: {len(job.planned.cells)} cells -> {job.directory}", file=sys.stderr, flush=True)
    memory = Memory(HOME / "cache" / "compiled")
    if not job.options.fresh:
        given += memory.recall(job.planned.runnable)
    try:
        with closing(Display(sys.stderr)) as display:
            carry(
                job.planned.runnable,
                job.directory,
                _settings(job.options.workers),
                display,
                header=header,
                given=given,
                confirm=lambda result: result.outcome.blames_provider and not job.is_known(result),
            )
    finally:
        memory.keep(job.planned.runnable, read_run(job.directory))


def _stack(packages: Mapping[str, str]) -> dict[str, str]:
    """The versions that are run with, and first the name of the stack that they are, if they are one."""
    name = stack_of(packages, load_stacks())
    return ({"stack": name} if name else {}) | dict(packages)


def _report(job: Job, seconds: float | None = None) -> int:
    strict = job.options.strict
    grid = _grid(job, seconds)
    files = write_reports(grid, job.directory, strict=strict)
    print(render_table(grid, Terminal.of(sys.stdout), files=files, strict=strict), flush=True)
    return Summary(grid, strict).exit_code


def _grid(job: Job, seconds: float | None = None) -> Grid:
    return build_grid(
        [read_run(job.directory)],
        job.planned.cells,
        job.declared.profiles,
        job.expectations,
        job.today,
        universe=job.declared.full_ids(job.named_evidences()),
        no_cases=job.declared.no_cases(),
        catalogues=tuple(str(path) for path in job.options.catalogue),
        about=About(job.directory.name, job.options.tier, seconds),
    )
