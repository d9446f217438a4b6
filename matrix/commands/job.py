"""A job: one run as a command line asked for it, with all that is declared for it, and the grid that it comes to."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from backends.expectation import Expectations, folder_of, load_expectations
from backends.machine import Machine
from backends.profile import Profile
from matrix.arguments import parser
from matrix.declared import Declared
from matrix.identity import parse_id
from matrix.outcome import Evidence
from matrix.plan import Plan, Selection
from matrix.result import Result
from matrix.run import Header
from matrix.runner.journal import read_run
from matrix.runner.session import RunSettings
from matrix.runner.spawn import OF_PROFILE
from matrix.usage import UsageError
from reports.grid import About, Adopted, Grid, build_grid
from reports.summary import Summary
from reports.table import Terminal, render_table
from reports.write import write_reports
from workloads.models.shape import check_folder

HOME = Path(".matrix")
WORKERS_PER_CORE = 4
# Where FlagGems is to remember what its tuners chose: nowhere (matrix/judging/tuning.py says when).
FORGOTTEN = "sqlite:///:memory:"
# Options whose value may be a path.
PATHS = ("--profile", "--catalogue", "--expectations", "--model")
ADOPTING = ("python", "-m", "matrix", "adopt")
CHALLENGE = "challenge"  # the command of a judgement, which has a scorecard and no report
ADOPT = "adopt"  # the command of a run whose cells are a suite's own tests: no plan knows them


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
        declared = declarations(options, recorded)
        known = {
            profile.name: load_expectations(profile.name, options.expectations or folder_of(profile.path))
            for profile in declared.profiles
        }
        planned = Plan(()) if options.command == ADOPT else declared.plan(selection(options))
        return cls(options, from_anywhere(arguments), directory, declared, planned, known, datetime.now(UTC).date())

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


def remembered_job(directory: Path, expectations: Path | None = None) -> Job:
    """The job that wrote a directory, with what is declared today; `expectations`: another folder than it was given."""
    header = header_of(directory)
    options = parser().parse_args(header.arguments)
    options.expectations = expectations or options.expectations
    return Job.of(options, header.arguments, directory, header.columns)


def declarations(options: argparse.Namespace, recorded: Sequence[str] = ()) -> Declared:
    asked = [options.profile] if isinstance(options.profile, str) else options.profile
    return Declared.read(asked, options.catalogue, recorded)


def from_anywhere(arguments: Sequence[str]) -> tuple[str, ...]:
    """A command line that means the same in any working directory: with absolute paths of what is declared in files."""
    kept: list[str] = []
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if equals and option in PATHS:
            kept.append(f"{option}={_absolute(value)}")
        else:
            kept.append(_absolute(argument) if kept and kept[-1] in PATHS else argument)
    return tuple(kept)


def _absolute(name: str) -> str:
    """A file or folder by its absolute path, with the evidence that may be asked of a profile; a plain name as it is."""
    path, at, evidence = name.partition("@")
    is_there = Path(path).exists() and (path.endswith(".toml") or "/" in path or Path(path).is_dir())
    return f"{Path(path).resolve()}{at}{evidence}" if is_there else name


def selection(options: argparse.Namespace) -> Selection:
    of_workloads = (getattr(options, "workload", ()), getattr(options, "setting", ()))
    narrowed = (options.operator, options.dtype, options.provider, *of_workloads)
    return Selection(options.tier, *map(tuple, narrowed))


def new_directory() -> Path:
    return HOME / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"


def header_of(directory: Path) -> Header:
    header = read_run(directory).header if directory.is_dir() else Header()
    if not header.arguments:
        raise UsageError(f"{directory} holds no run; name a directory that `matrix run` wrote")
    if header.arguments[0] == CHALLENGE:
        raise UsageError(
            f"{directory} holds a judgement; its card is made by: python -m matrix challenge card {directory}"
        )
    return header


def run_settings(
    workers: int | None, devices: Mapping[str, tuple[str, ...]] | None = None, model: Path | None = None
) -> RunSettings:
    """How cells are carried; `devices`: by profile, what workers are spread over; `model`: a folder with a model's weights.

    Raises UsageError for too many workers, ModelError for a folder that does not hold the model.
    """
    most = WORKERS_PER_CORE * (os.cpu_count() or 1)
    if workers is not None and workers > most:
        raise UsageError(f"--workers {workers} is more than this machine carries; allowed are 1 to {most} here")
    cache = (HOME / "cache").resolve()
    environment = {
        "MATRIX_CACHE": str(cache),
        "TRITON_CACHE_DIR": str(cache / "triton"),
        # FlagGems writes generated kernels to files whose names are the same for all vendors, and their contents are not.
        "FLAGGEMS_CACHE_DIR": str(cache / "flag_gems" / OF_PROFILE),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    if model is not None:
        check_folder(model)
        environment["MATRIX_MODEL"] = str(model.resolve())
    return RunSettings(
        workers=workers or os.cpu_count() or 1,
        environment=environment,
        devices=devices or {},
        by_evidence={Evidence.RUN: {"FLAGGEMS_DB_URL": FORGOTTEN}},
    )


def devices_of(profile: Profile, machine: Machine, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The devices of a profile that workers are spread over: those that are asked for, or all that torch sees.

    They go by their names for the profile's variable. Where it is set already, it names those that this user may use.
    """
    seen = machine.devices[profile.name].names if profile.name in machine.devices else ()
    if profile.one_device is None or not seen:
        return ()
    allowed = os.environ.get(profile.one_device)
    names = [name.strip() for name in allowed.split(",")] if allowed else [str(number) for number in range(len(seen))]
    if strangers := [name for name in asked if name not in names]:
        raise UsageError(
            f"--devices names {', '.join(strangers)}; {profile.name} has {', '.join(names)} here ({profile.one_device})"
        )
    chosen = tuple(asked) or tuple(names)
    return chosen if len(chosen) > 1 or asked else ()


def write_and_show(job: Job, seconds: float | None = None) -> int:
    strict = job.options.strict
    grid = grid_of(job, seconds)
    files = write_reports(grid, job.directory, strict=strict)
    print(render_table(grid, Terminal.of(sys.stdout), files=files, strict=strict), flush=True)
    return Summary(grid, strict).exit_code


def grid_of(job: Job, seconds: float | None = None) -> Grid:
    suite = adopted_tests(job) if job.options.command == ADOPT else None
    return build_grid(
        [read_run(job.directory)],
        job.planned.cells,
        job.declared.profiles,
        job.expectations,
        job.today,
        universe=job.declared.full_ids(job.named_evidences()) if suite is None else None,
        no_cases=job.declared.no_cases() if suite is None else None,
        catalogues=tuple(str(path) for path in job.options.catalogue),
        about=About(job.directory.name, job.options.tier, seconds),
        adopted=suite,
    )


def adopted_tests(job: Job) -> dict[str, Adopted]:
    """By cell, the test of a suite that it stands for and the command that repeats it; of a file, the whole command."""
    from matrix.adopt.cases import read_cases  # pytest's plugin: other commands work where pytest is missing
    from matrix.adopt.options import options_of_suite

    ours = [*ADOPTING, "--profile", job.options.profile, "--"]
    whole = Adopted("", shlex.join([*ours, *job.options.pytest]))
    again = [*ours, *options_of_suite(job.options.pytest)]
    nodes = read_cases(job.directory)
    tests = {cell: Adopted(node, shlex.join([*again, node])) for cell, node in nodes.items()}
    return {cell: tests.get(cell, whole) for cell in nodes.keys() | read_run(job.directory).results.keys()}
