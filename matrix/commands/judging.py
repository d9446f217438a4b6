"""The steps `judge`, `card` and `repeat` of the command `challenge`: judge an entry, make its card again, repeat one cell."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from matrix.cell import Cell
from matrix.challenge.assessment import Assessment, begin, open_assessment
from matrix.challenge.entry import read_entry
from matrix.challenge.given import STACK_KEY, read_given
from matrix.challenge.measuring import measure_check, measure_rest
from matrix.challenge.rows import rows_of
from matrix.challenge.scoring.card import Scorecard
from matrix.challenge.scoring.making import make_card
from matrix.challenge.scoring.weights import FILE, Weights, load_weights
from matrix.challenge.task import interpreter
from matrix.columns import choose
from matrix.commands.job import devices_of, new_directory, run_settings
from matrix.commands.running import calls_to_prepare, stack_facts
from matrix.declared import Declared
from matrix.identity import parse_id
from matrix.outcome import Evidence, Phase
from matrix.plan import Plan, Selection
from matrix.result import Result
from matrix.run import Header
from matrix.runner.controller import carry
from matrix.runner.foreground import rerun
from matrix.runner.journal import read_run
from matrix.runner.progress import Display
from matrix.runner.session import RunSettings
from reports.scorecard import summary_lines, write_scorecard

# Who judges: a judge that holds the entry in a process of its own.
ARENA = "matrix.challenge.arena.judge"
WARM, WARM_AHEAD = "matrix.challenge.warming:warm", "matrix.challenge.warming:warm_ahead"
EVERYTHING = Selection("full", ("*",))


@dataclass(frozen=True)
class Judgement:
    """One command line, and what it means."""

    assessment: Assessment
    declared: Declared
    planned: Plan
    workers: int | None
    arguments: tuple[str, ...]
    held: bool = True

    @property
    def settings(self) -> RunSettings:
        """How its cells are carried."""
        profiles = {cell.profile.name: cell.profile for cell in self.planned.runnable}
        devices = {name: devices_of(profile, self.declared.machine) for name, profile in profiles.items()}
        return judged(run_settings(self.workers, devices), held=self.held)


def judge(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Judge an entry and write its card. 0: it is a valid entry and does not cheat; 1: otherwise."""
    started = time.monotonic()
    path = options.weights or FILE
    weights = load_weights(path)
    assessment = begin(
        options.directory,
        options.out or new_directory(),
        path,
        tier=options.tier,
        columns=tuple(options.profile) or weights.columns,
        mutants=weights.completeness.mutants if options.mutants is None else options.mutants,
        evidence=tuple(str(given.resolve()) for given in options.evidence),
    )
    for given in options.evidence:
        read_given(given, assessment.digest)
    judgement = replace(plan_judgement(assessment, options.workers, arguments), held=not options.unheld)
    profile = interpreter()
    measure_check(assessment, profile, _tell)
    _carry(judgement)
    measure_rest(assessment, profile, judgement.settings.workers, _tell)
    return _finish(assessment, weights, options.evidence, time.monotonic() - started)


def card(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Make the card of a judgement again, with its own weights and evidence or with others."""
    assessment = open_assessment(options.directory)
    weights = load_weights(options.weights or assessment.weights)
    evidence = options.evidence or [Path(path) for path in assessment.evidence]
    return _finish(assessment, weights, evidence, None)


def repeat(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Repeat one cell of an entry in the foreground."""
    entry = read_entry(options.directory)
    identity = parse_id(options.cell)
    declared = Declared(choose([identity.profile]), rows_of(entry, large=True))
    result = rerun(declared.find(identity), judged(run_settings(1), held=not options.unheld))
    return 1 if result.outcome.blames_provider else 0


def plan_judgement(assessment: Assessment, workers: int | None, arguments: Sequence[str]) -> Judgement:
    """Every case of the entry's task on the columns that were asked for; the largest sizes where there is a device."""
    declared = Declared(choose(assessment.columns), rows_of(assessment.entry))
    selection = replace(EVERYTHING, tier=assessment.tier)
    planned = declared.plan(selection)
    if any(column.evidence is Evidence.RUN for column in declared.columns):
        large = replace(declared, operators=rows_of(assessment.entry, large=True)).plan(selection)
        known = set(planned.ids)
        added = [cell for cell in large.cells if cell.evidence is Evidence.RUN and str(cell.id) not in known]
        names = {str(cell.id) for cell in added}
        presets = {name: preset for name, preset in large.presets.items() if name in names}
        planned = Plan((*planned.cells, *added), {**planned.presets, **presets})
    return Judgement(assessment, declared, planned, workers, tuple(arguments))


def judged(settings: RunSettings, *, held: bool) -> RunSettings:
    """The settings of a run whose judge holds the entry in a process of its own, or else calls it in the worker itself."""
    if not held:
        return replace(settings, warm=WARM)
    return replace(settings, judge=f"{ARENA}:judge", warm=f"{ARENA}:warm", probe=f"{ARENA}:probe")


def _carry(judgement: Judgement) -> None:
    planned, directory = judgement.planned, judgement.assessment.directory
    machine = judgement.declared.machine
    header = Header(
        plan=planned.digest,
        cells=len(planned.cells),
        columns=tuple(str(column) for column in judgement.declared.columns),
        machine=machine.facts(),
        stack={**stack_facts(machine.packages), STACK_KEY: judgement.assessment.digest},
        arguments=judgement.arguments,
    )
    given = [Result(name, preset.outcome, Phase.PLAN, preset.reason) for name, preset in planned.presets.items()]
    _tell(f"{len(planned.cells)} cells -> {directory}")
    settings = judgement.settings
    _prepare(judgement, settings)
    with closing(Display(sys.stderr)) as display:
        carry(planned.runnable, directory, settings, display, header=header, given=given)


def _prepare(judgement: Judgement, settings: RunSettings) -> None:
    """Compile what will be timed, side by side: while a call is timed there is one worker for each device."""
    directory = judgement.assessment.directory
    ahead: list[Cell] = calls_to_prepare(judgement.planned.runnable, read_run(directory))
    if not ahead or settings.workers == 1:
        return
    _tell(f"compiling the kernels of {len(ahead)} calls that will be timed")
    compiling = replace(settings, judge="matrix.judging.preparing:prepare", warm=WARM_AHEAD)
    with closing(Display(sys.stderr)) as display:
        carry(ahead, directory / "preparing", compiling, display, confirm=lambda _: False)


def _finish(assessment: Assessment, weights: Weights, evidence: Sequence[Path], seconds: float | None) -> int:
    made = make_card(assessment, weights, evidence)
    files = write_scorecard(made, assessment.directory)
    print("\n".join(summary_lines(made)))
    took = "" if seconds is None else f" in {seconds:.0f} s"
    print(f"written{took}: {', '.join(map(str, files))}", flush=True)
    return _code(made)


def _code(made: Scorecard) -> int:
    return 1 if made.problems or made.tampering else 0


def _tell(text: str) -> None:
    print(f"matrix: {text}", file=sys.stderr, flush=True)
