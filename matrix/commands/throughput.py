"""The command `throughput`: measures the inference track's workloads on one profile, judges them, and says what was refused."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from matrix.arguments import parser
from matrix.commands import running
from matrix.commands.job import new_directory
from matrix.declared import Declared
from matrix.identity import IdentityError, parse_id
from matrix.inference.integrity import own_digest
from matrix.inference.judge import BASELINE_VARIABLE
from matrix.outcome import Evidence
from matrix.run import Run
from matrix.track.recorded import Wanted, recorded
from matrix.track.rules import Rules, load_rules
from matrix.track.standing import Standing, stand
from matrix.usage import UsageError
from matrix.validation.sources import read_reference
from reports.track import track_lines


def throughput(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Measure where no runs are named, then judge. 0: nothing was refused; 1: something was."""
    rules = load_rules(options.rules)
    declared = Declared.read([options.profile])
    if len(declared.profiles) != 1:
        raise UsageError(f"an entry is judged on one profile; --profile selects {len(declared.profiles)}")
    profile = declared.profiles[0].name
    evidence = Evidence.INTERPRET if options.practice else Evidence.TIME
    directories = list(options.evidence) or [measure(options, rules, evidence)]
    standing = _stand(rules, read_reference(directories), profile, evidence, options)
    print("\n".join(track_lines(standing, practice=options.practice)))
    return 1 if standing.refusals else 0


def measure(options: argparse.Namespace, rules: Rules, evidence: Evidence) -> Path:
    """Carry the workloads that the rules name; the directory."""
    directory: Path = options.out or new_directory()
    if options.baseline is not None:
        if not os.access(options.baseline, os.X_OK):
            raise UsageError(
                f"--baseline {options.baseline}: no program; name the interpreter of the baseline's packages"
            )
        os.environ[BASELINE_VARIABLE] = str(options.baseline.absolute())
    if options.tasks is not None:
        if not options.tasks.is_dir():
            raise UsageError(f"--tasks {options.tasks}: no folder; name one with tasks of lm-eval and their data")
        from matrix.inference.accuracy import TASKS_VARIABLE  # NumPy: other commands work without it

        os.environ[TASKS_VARIABLE] = str(options.tasks.absolute())
    command = measuring_command(options, rules, evidence, directory)
    running.run(parser().parse_args(command), command)
    return directory


def measuring_command(options: argparse.Namespace, rules: Rules, evidence: Evidence, directory: Path) -> list[str]:
    """The command line that carries them."""
    name = options.profile.partition("@")[0]
    command = ["run", "--profile", f"{name}@{evidence}", "--tier", options.tier, "--out", str(directory)]
    for workload in (*rules.scenarios, rules.latency, rules.accuracy):
        command += ["--workload", workload]
    command += ["--setting", options.setting] if options.setting else []
    return command + (["--model", str(options.model)] if options.model else [])


def _stand(
    rules: Rules, runs: Iterable[Run], profile: str, evidence: Evidence, options: argparse.Namespace
) -> Standing:
    further = read_reference(options.further)
    others = [_of(rules, further, other, evidence) for other in profiles_in(further) if other != profile]
    return stand(rules, recorded(runs, _wanted(rules, profile, evidence, options.setting)), own_digest(), others)


def _of(rules: Rules, runs: Iterable[Run], profile: str, evidence: Evidence) -> Standing:
    return stand(rules, recorded(runs, _wanted(rules, profile, evidence)), own_digest())


def _wanted(rules: Rules, profile: str, evidence: Evidence, setting: str | None = None) -> Wanted:
    return Wanted((*rules.scenarios, rules.latency), (rules.accuracy,), profile, evidence, setting)


def profiles_in(runs: Iterable[Run]) -> list[str]:
    """The profiles of which runs hold results."""
    names: dict[str, None] = {}
    for run in runs:
        for text in run.results:
            try:
                names[parse_id(text).profile] = None
            except IdentityError:
                continue  # a line of another company's bundle: it names no cell
    return list(names)
