"""The command `validate`: gathers the evidence of one profile, gets what is asked for besides, and drafts a certificate."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from backends.availability import can_run
from backends.gate import load_scheme
from backends.profile import Profile
from backends.profiles import load_profiles
from backends.waiver import Waiver, load_waivers
from matrix.arguments import parser
from matrix.cell import Cell
from matrix.columns import Column
from matrix.commands import running
from matrix.commands.job import devices_of, new_directory, run_settings, selection
from matrix.declared import Declared
from matrix.outcome import Evidence, Outcome
from matrix.plan import Plan, plan
from matrix.run import Header
from matrix.runner.controller import carry
from matrix.runner.journal import read_run
from matrix.runner.progress import Display
from matrix.usage import UsageError
from matrix.validation.certificate import Certificate, certify
from matrix.validation.evidence import Row, State, TimedRow, finals, gather, gather_timed
from matrix.validation.measures import Grounds
from matrix.validation.repeated import COUNT_VARIABLE, SECONDS_VARIABLE, repeatable
from matrix.validation.soak import Asked, soak, soakable
from matrix.validation.soaked import Soak
from matrix.validation.sources import REPEAT, SOAK, Gathered, gather_sources, read_reference
from matrix.validation.timing import speedup_of
from operators.catalogue import smoke_operators
from reports.certificate import headline, missing_lines, write_certificate

# A case that is repeated may take so many times its limit, and is left at what there is after half of that.
PATIENCE = 10


@dataclass(frozen=True)
class Validation:
    """What one command line asks for, and what is declared for it."""

    options: argparse.Namespace
    arguments: tuple[str, ...]
    declared: Declared
    profile: Profile
    waivers: tuple[Waiver, ...]
    directory: Path
    today: date

    @classmethod
    def of(cls, options: argparse.Namespace, arguments: Sequence[str]) -> Validation:
        declared = Declared.read(options.profile)
        if len(declared.profiles) != 1:
            names = ", ".join(profile.name for profile in declared.profiles)
            raise UsageError(f"a certificate is for one profile; --profile selects {len(declared.profiles)}: {names}")
        profile = declared.profiles[0]
        waivers = load_waivers(profile.name, options.waivers)
        today = datetime.now(UTC).date()
        return cls(options, tuple(arguments), declared, profile, waivers, options.out or new_directory(), today)

    def can(self, evidence: Evidence) -> bool:
        return can_run(self.profile, self.declared.machine, evidence).possible

    @property
    def working(self) -> Evidence:
        """The evidence that repetitions and soaks are made with here: on the chip where it is, else emulated."""
        for evidence in (Evidence.RUN, Evidence.INTERPRET):
            if evidence in self.profile.evidence and self.can(evidence):
                return evidence
        raise UsageError(can_run(self.profile, self.declared.machine, Evidence.RUN).why)


def validate(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Gather, measure, certify. 0: no gate failed, and the level asked for is reached; 1: otherwise."""
    asked = Validation.of(options, arguments)
    scheme = load_scheme()
    if options.level and options.level not in [level.name for level in scheme.levels]:
        raise UsageError(f"no level is named {options.level!r}; there are {', '.join(x.name for x in scheme.levels)}")
    directories = list(options.evidence) or _run(asked)
    before = _rows(asked, gather_sources(directories, asked.profile.name)) if directories else ()
    own = [_repeat(asked, before)] if options.repeat else []
    own += [_soak(asked, before)] if options.hours else []
    if own and asked.directory not in directories:
        directories.append(asked.directory)
    gathered = gather_sources(directories, asked.profile.name)
    grounds = Grounds(
        rows=_rows(asked, gathered),
        timed=_timed(asked, gathered),
        repeated=gathered.repeated,
        soak=gathered.soak,
        reference=_reference(options),
    )
    found = certify(scheme, asked.profile, grounds, gathered, waivers=asked.waivers, today=asked.today)
    _show(found, write_certificate(found, asked.directory))
    return _code(found, options.level, gathered)


def _run(asked: Validation) -> list[Path]:
    """Make the ordinary evidence here, full tier, `run` and `time`; none where the chip is not."""
    evidences = [each for each in (Evidence.RUN, Evidence.TIME) if each in asked.profile.evidence and asked.can(each)]
    if not evidences:
        print(f"matrix: nothing is run: {_why_not(asked)}", file=sys.stderr)
        return []
    command = run_command(asked.options, evidences, asked.directory)
    running.run(parser().parse_args(command), command)
    return [asked.directory]


def run_command(options: argparse.Namespace, evidences: Sequence[Evidence], directory: Path) -> list[str]:
    """The command line that makes the ordinary evidence, or goes on with it where the directory has a part of it."""
    command = ["run", "--tier", "full", "--out", str(directory)]
    if directory.is_dir() and read_run(directory).header.arguments:
        command = ["run", "--resume", str(directory)]
    else:
        name = options.profile[0].partition("@")[0]
        command += [part for each in evidences for part in ("--profile", f"{name}@{each}")]
    return command + (["--workers", str(options.workers)] if options.workers else [])


def _why_not(asked: Validation) -> str:
    if not {Evidence.RUN, Evidence.TIME} & set(asked.profile.evidence):
        return f"{asked.profile.name} gives {', '.join(asked.profile.evidence)}, which counts for no level"
    return can_run(asked.profile, asked.declared.machine, Evidence.RUN).why


def _rows(asked: Validation, gathered: Gathered) -> tuple[Row, ...]:
    live = [waiver for waiver in asked.waivers if waiver.standing(asked.today) == "live"]
    found = finals(gathered.runs, asked.profile.name)
    return gather(asked.profile, asked.declared.operators, smoke_operators(), found, live)


def _timed(asked: Validation, gathered: Gathered) -> tuple[TimedRow, ...]:
    found = finals(gathered.runs, asked.profile.name)
    return gather_timed(asked.profile, asked.declared.operators, smoke_operators(), found, speedup_of)


def _reference(options: argparse.Namespace) -> dict[str, dict[str, bool]]:
    """By vendor, which cases of its columns pass in the runs given as reference."""
    vendors: dict[str, dict[str, bool]] = {}
    runs = read_reference(options.reference)
    for profile in load_profiles().values():
        found = finals(runs, profile.name)
        judged = {name: result for name, result in found.items() if result.outcome.judged}
        if judged:
            passes = vendors.setdefault(profile.vendor, {})
            for name, result in judged.items():
                row = name.partition(":")[2].rpartition("@")[0]
                passes[row] = passes.get(row, True) and result.outcome is Outcome.PASS
    if runs and not vendors:
        raise UsageError("--reference: no case of a known profile was judged there with evidence `run` or `time`")
    return vendors


def _cells(asked: Validation, before: Sequence[Row]) -> Plan:
    """What is repeated or soaked: the selection, without what is known to fail when it is called once."""
    bad = {row.row for row in before if row.state is State.FAILED}
    column = Column(asked.profile, asked.working)
    planned = plan(selection(asked.options), [column], asked.declared.operators, smoke_operators())
    return Plan(tuple(cell for cell in planned.runnable if cell.id.row not in bad))


def _repeat(asked: Validation, before: Sequence[Row]) -> Path:
    """Carry every deterministic case of the selection many times."""
    times: int = asked.options.repeat
    cells = [c for c in _cells(asked, before).cells if repeatable(c.case.operator) and not c.case.sample.raises]
    planned = Plan(tuple(map(_patient, cells)))
    directory = asked.directory / f"{REPEAT}{times}"
    known = read_run(directory).header if directory.is_dir() else Header()
    if known.plan and known.plan != planned.digest:
        raise UsageError(f"{directory} holds repetitions of other cases; name another directory by --out")
    seconds = asked.profile.limits.seconds * PATIENCE / 2
    own = {COUNT_VARIABLE: str(times), SECONDS_VARIABLE: f"{seconds:g}"}
    devices = devices_of(asked.profile, asked.declared.machine) if asked.working is Evidence.RUN else ()
    settings = run_settings(asked.options.workers, {asked.profile.name: devices})
    settings = replace(settings, judge="matrix.validation.repeating:judge", environment={**settings.environment, **own})
    _announce(len(cells), f"{times} times each", directory)
    header = _header(asked, planned)
    with closing(Display(sys.stderr)) as display:
        carry(planned.cells, directory, settings, display, header=header, confirm=lambda _: False)
    return directory


def _patient(cell: Cell) -> Cell:
    limits = replace(cell.profile.limits, seconds=cell.profile.limits.seconds * PATIENCE)
    return replace(cell, profile=replace(cell.profile, limits=limits))


def _soak(asked: Validation, before: Sequence[Row]) -> Path:
    cells = soakable(_cells(asked, before).cells)
    if not cells:
        raise UsageError("nothing is selected for the soak; `python -m matrix plan` lists what a selection has")
    directory = asked.directory / SOAK
    machine = asked.declared.machine
    stack = running.stack_facts(machine.packages)
    settings = run_settings(1)
    _announce(len(cells), f"for {asked.options.hours:g} hours", directory)
    with closing(Display(sys.stderr)) as display:
        ended = soak(
            Asked(cells, directory, settings, asked.options.hours, machine.facts(), stack), display, _tell_round
        )
    if ended:
        print(f"matrix: the soak ended early: {ended}", file=sys.stderr)
    return directory


def _tell_round(found: Soak) -> None:
    line = f"{found.hours:.3f} h, {len(found.rounds)} rounds, {found.visits} visits, {len(found.crashes)} crashes"
    print(f"matrix: soak: {line}", file=sys.stderr, flush=True)


def _announce(cells: int, how: str, directory: Path) -> None:
    print(f"matrix: {cells} cells {how} -> {directory}", file=sys.stderr, flush=True)


def _header(asked: Validation, planned: Plan) -> Header:
    machine = asked.declared.machine
    return Header(
        plan=planned.digest,
        cells=len(planned.cells),
        columns=(str(Column(asked.profile, asked.working)),),
        machine=machine.facts(),
        stack=running.stack_facts(machine.packages),
        arguments=asked.arguments,
    )


def _show(found: Certificate, files: Sequence[Path]) -> None:
    print(headline(found))
    for standing in found.standings:
        print(f"  {standing.answer:12}  {standing.gate.name}")
    for remark in found.remarks:
        print(f"  {remark}")
    if found.next is not None:
        print(f"missing for {found.next.name}:")
        print("".join(f"  {line}\n" for line in missing_lines(found)), end="")
    print(f"written: {', '.join(map(str, files))}")


def _code(found: Certificate, level: str | None, gathered: Gathered) -> int:
    idle = gathered.idle_soak
    shaky = any(not each.alike for each in gathered.told.values())
    unsteady = idle is not None and (bool(idle.crashes) or any(growth.leaks for growth in idle.growths))
    if found.failed or shaky or unsteady:
        return 1
    names = [each.name for each in found.scheme.levels]
    reached = names[: names.index(found.level.name) + 1] if found.level is not None else []
    return 1 if level and level not in reached else 0
