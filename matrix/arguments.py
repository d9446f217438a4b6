"""The command line: what can be asked, in one place. It decides nothing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

from matrix.annotation.arguments import add_annotate
from matrix.challenge.arguments import add_challenge
from matrix.counted import workers
from matrix.plan import TIERS
from matrix.track.arguments import add_throughput

EPILOG = """\
exit codes: 0 nothing is broken, 1 something is broken, 2 usage, 3 nothing selected, 130 interrupted
"""
DIFF_EPILOG = """\
exit codes: 0 nothing is worse, 1 something is worse (a new failure, slower, gone, or no longer judged), 2 usage,
3 nothing to compare
"""
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name
VALIDATE_EPILOG = (
    "exit codes: 0 no gate failed and the level asked for is reached, 1 otherwise, 2 usage, 130 interrupted"
)


def parser() -> argparse.ArgumentParser:
    """Everything `python -m matrix` takes."""
    top = argparse.ArgumentParser(
        prog="matrix",
        description="The compatibility matrix: which Triton operators work on which chips, and on what evidence.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="judge the selected cells and report", epilog=EPILOG)
    _add_selection(run)
    _add_running(run)
    plan = commands.add_parser("plan", help="list what would run, one cell id a line")
    _add_selection(plan)
    profiles = commands.add_parser("profiles", help="list every column, whether it can run here, and why not")
    profiles.add_argument("--profile", action="append", default=[], metavar="NAME", help="a profile, glob or TOML file")
    rerun = commands.add_parser("rerun", help="repeat one cell in the foreground, with its full output")
    rerun.add_argument("cell", metavar="CELL_ID", help="as the reports print it; quote it for the shell")
    rerun.add_argument(
        "--profile", action="append", default=[], metavar="FILE", help="a profile of your own; repeatable"
    )
    _add_declarations(rerun)
    _add_model(rerun)
    report = commands.add_parser("report", help="write the reports of a run again, with today's expectations")
    report.add_argument("directory", type=Path, metavar="DIR", help="a run's directory")
    report.add_argument("--strict", action="store_true", help="stale and expired expectations fail the run")
    reached = "which of the vendor's own kernels a run's columns judged, and what stopped the others"
    provenance = commands.add_parser("provenance", help=reached)
    provenance.add_argument("directory", type=Path, metavar="DIR", help="a run's directory")
    provenance.add_argument(
        "--profile", action="append", default=[], metavar="NAME", help="only these columns; repeatable"
    )
    _add_package(provenance)
    stacks = commands.add_parser("stacks", help="which versions work together, from the runs of `nox -s stacks`")
    stacks.add_argument("directory", type=Path, metavar="DIR", help="a folder with a run for each stack")
    lint = commands.add_parser("lint", help="what in an installed FlagGems contradicts itself or its vendors' profiles")
    lint.add_argument("--vendor", action="append", default=[], metavar="NAME", help="only what concerns it; repeatable")
    _add_package(lint)
    _add_bundle(commands)
    _add_merge(commands)
    _add_diff(commands)
    _add_expect(commands)
    _add_adopt(commands)
    _add_validation(commands)
    _add_doctor(commands)
    add_challenge(commands)
    add_annotate(commands)
    _add_attribute(commands)
    add_throughput(commands)
    return top


def _add_bundle(commands: Commands) -> None:
    bundle = commands.add_parser("bundle", help="pack a run into one file that can be sent and merged")
    bundle.add_argument("directory", type=Path, metavar="DIR", help="a run's directory")
    bundle.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write (default: matrix-<day>-<digest>.bundle.zip)"
    )
    bundle.add_argument(
        "--redact", action="store_true", help="take out host, user, folders, addresses, serial numbers and process ids"
    )


def _add_merge(commands: Commands) -> None:
    merge = commands.add_parser("merge", help="join bundles and runs, also of other machines, into one matrix")
    merge.add_argument(
        "sources", type=Path, nargs="+", metavar="BUNDLE", help="a bundle, or a run's or merge's directory"
    )
    merge.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder for the matrix")
    merge.add_argument("--strict", action="store_true", help="expired expectations fail the merge")


def _add_doctor(commands: Commands) -> None:
    doctor = commands.add_parser("doctor", help="what a profile finds on this machine, and what stops it, in one page")
    doctor.add_argument(
        "--profile", action="append", default=[], metavar="NAME[@EVIDENCE]", help="as of `run`; repeatable"
    )
    doctor.add_argument(
        "--seconds", type=float, default=120.0, metavar="S", help="limit of each question (default: 120)"
    )
    doctor.add_argument("--json", action="store_true", help="for machines")


def _add_attribute(commands: Commands) -> None:
    told = "which operators of a provider make a model's likelihoods wrong: bisects a cell of model-parity"
    attribute = commands.add_parser("attribute", help=told, epilog="exit codes: 0 none is guilty, 1 some are, 2 usage")
    attribute.add_argument("cell", metavar="CELL_ID", help="as the reports print it; quote it for the shell")
    attribute.add_argument(
        "--profile", action="append", default=[], metavar="FILE", help="a profile of your own; repeatable"
    )
    attribute.add_argument(
        "--out", type=Path, metavar="DIR", help="where probes are kept; the same again goes on (default: a new one)"
    )
    _add_model(attribute)


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="folder with the weights and tokenizer of Qwen3-4B (default: weights are made)",
    )


def _add_diff(commands: Commands) -> None:
    diff = commands.add_parser(
        "diff", help="what two runs differ in: new failures, fixed, slower, gone", epilog=DIFF_EPILOG
    )
    for name, which in (("old", "the run to compare with"), ("new", "the run to judge")):
        diff.add_argument(name, type=Path, metavar=name.upper(), help=f"{which}: its directory or its matrix.json")
    diff.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="default: text")
    diff.add_argument("--profile", action="append", default=[], metavar="GLOB", help="only these columns; repeatable")
    diff.add_argument("--out", type=Path, metavar="FILE", help="write there (default: standard output)")
    diff.add_argument("--allow-gone", action="store_true", help="cells that are not in NEW are not worse")


def _add_expect(commands: Commands) -> None:
    expect = commands.add_parser("expect", help="what is expected of a column: draft what broke, update from a run")
    steps = expect.add_subparsers(dest="step", required=True, metavar="draft|update")
    draft = steps.add_parser("draft", help="print expectations for what broke in a run, for a person to finish")
    update = steps.add_parser(
        "update", help="rewrite the expectations from a run: what passes goes, what broke is drafted, the rest stays"
    )
    for step in (draft, update):
        step.add_argument("directory", type=Path, metavar="RUN", help="a run's directory")
        step.add_argument("--profile", metavar="NAME", help="the column (default: every column of the run)")
    update.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    update.add_argument(
        "--expectations", type=Path, metavar="DIR", help="folder of <profile>.toml (default: the one the run was given)"
    )


def _add_validation(commands: Commands) -> None:
    told = (
        "which level of FlagOS' chip adaptation the evidence of a profile amounts to, and what is missing for the next"
    )
    command = commands.add_parser("validate", help=told, epilog=VALIDATE_EPILOG)
    command.add_argument("--profile", action="append", required=True, metavar="NAME", help="the profile, or its file")
    command.add_argument(
        "--from",
        dest="evidence",
        nargs="+",
        default=[],
        type=Path,
        metavar="DIR",
        help="directories of runs to compute from (default: run the full tier here, `run` and `time`)",
    )
    command.add_argument(
        "--reference", nargs="+", default=[], type=Path, metavar="DIR", help="runs on the reference vendor's chip"
    )
    command.add_argument("--repeat", type=_repetitions, metavar="N", help="call each deterministic case N times")
    command.add_argument("--hours", type=_hours, metavar="H", help="soak: call cases in turn for H hours")
    command.add_argument("--level", metavar="NAME", help="exit with 1 unless this level is reached")
    command.add_argument("--tier", choices=TIERS, default="smoke", help="what is repeated and soaked (default: smoke)")
    command.add_argument(
        "--operator", action="append", default=[], metavar="PATTERN", help="what is repeated and soaked; repeatable"
    )
    command.add_argument("--dtype", action="append", default=[], metavar="DTYPE", help="likewise; repeatable")
    command.add_argument(
        "--waivers", type=Path, metavar="DIR", help="folder of <profile>.toml (default: backends/waivers/)"
    )
    command.add_argument("--workers", type=workers, metavar="N", help="worker processes (a soak has one)")
    command.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: .matrix/<time>-<id>/)")
    # What a report on the directory of repetitions asks of any run.
    command.set_defaults(provider=[], catalogue=[], expectations=None, strict=False)


def _repetitions(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of repetitions; allowed are 2 to 1000000")
    return int(text)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours; allowed is more than 0, up to 10000")
    return hours


def _add_adopt(commands: Commands) -> None:
    adopt = commands.add_parser(
        "adopt", help="run an existing pytest suite, its tests as rows, journalled crash-safely"
    )
    adopt.add_argument("--profile", required=True, metavar="NAME", help="the column: a profile that gives `run`")
    adopt.add_argument("--workers", type=workers, metavar="N", help="processes side by side (default: 1)")
    adopt.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: .matrix/<time>-<id>/)")
    adopt.add_argument("--expectations", type=Path, metavar="DIR", help="folder of <profile>.toml")
    adopt.add_argument("--strict", action="store_true", help="stale and expired expectations fail the run")
    adopt.add_argument(
        "pytest", nargs="*", metavar="PYTEST", help="after `--`: paths and options of pytest and the suite"
    )
    adopt.set_defaults(tier="suite", catalogue=[])


def _add_package(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--package",
        metavar="NAME",
        default="flag_gems",
        help="the installed provider, or the folder it lies in; it is read and not imported (default: flag_gems)",
    )


def _add_selection(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--tier",
        choices=TIERS,
        default="smoke",
        help="smoke: what LLMs live on; quick: every operator; full: every case",
    )
    command.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="NAME[@EVIDENCE]",
        help="column: name, glob or TOML file, and which evidence; repeatable (default: what needs no chip)",
    )
    command.add_argument(
        "--operator",
        action="append",
        default=[],
        metavar="PATTERN",
        help="row: ATen name (add.Tensor), base name (add) or glob; repeatable",
    )
    command.add_argument(
        "--workload",
        action="append",
        default=[],
        metavar="PATTERN",
        help="row of inference: its name (model-parity) or glob; repeatable; alone it leaves operators out, as "
        "--operator alone leaves workloads out",
    )
    command.add_argument(
        "--setting",
        action="append",
        default=[],
        metavar="GLOB",
        help="of workloads only these, such as 'vllm-*'; repeatable",
    )
    command.add_argument("--dtype", action="append", default=[], metavar="DTYPE", help="dtype or glob; repeatable")
    command.add_argument("--provider", action="append", default=[], metavar="NAME", help="provider or glob; repeatable")
    _add_declarations(command)


def _add_declarations(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--catalogue",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a TOML file, or folder of them, with operators of your own; repeatable",
    )


def _add_running(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--workers", type=workers, metavar="N", default=None, help="worker processes (default: one per core)"
    )
    command.add_argument(
        "--devices",
        type=_names,
        metavar="N,N",
        default=(),
        help="devices that workers are spread over, as the profile's variable names them (default: all that are seen)",
    )
    command.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: .matrix/<time>-<id>/)")
    command.add_argument(
        "--resume", type=Path, metavar="DIR", help="go on with an interrupted run, with its own selection"
    )
    _add_model(command)
    command.add_argument("--strict", action="store_true", help="stale and expired expectations fail the run")
    command.add_argument(
        "--fresh", action="store_true", help="compile anew what an earlier run compiled with everything the same"
    )
    command.add_argument(
        "--expectations", type=Path, metavar="DIR", help="folder of <profile>.toml (default: backends/expectations/)"
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of devices; write their names with commas: 0,1")
    return names
