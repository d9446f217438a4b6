"""What `python -m matrix challenge` takes. It decides nothing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

from matrix.counted import workers
from matrix.plan import TIERS

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name


def add_challenge(commands: Commands) -> None:
    challenge = commands.add_parser("challenge", help="entries of the operator challenge: start, check, judge")
    steps = challenge.add_subparsers(dest="step", required=True, metavar="check|new|mutants|judge|card|repeat|rank")
    check = steps.add_parser("check", help="what keeps an entry from being judged, and what is still to be done in it")
    check.add_argument("directory", type=Path, metavar="DIR", help="the entry's folder")
    new = steps.add_parser("new", help="write a starter entry")
    new.add_argument("task", metavar="TASK", help="the task, such as roll")
    new.add_argument("--out", type=Path, metavar="DIR", help="the folder to write (default: one named as the task)")
    mutants = steps.add_parser("mutants", help="which mutants of a kernel its tests notice, in the interpreter")
    mutants.add_argument("subject", metavar="TASK|DIR", help="a task: our own kernel and cases; or an entry's folder")
    told = "what judges: the task's cases, or the entry's own tests (default: tests of a folder, cases of a task)"
    mutants.add_argument("--cases", choices=("ours", "tests"), help=told)
    mutants.add_argument("--workers", type=workers, metavar="N", help="mutants side by side (default: one per core)")
    told = "judge those whose line, as it is printed, holds TEXT, such as roll.py:31:8 (default: every one)"
    mutants.add_argument("--only", default="", metavar="TEXT", help=told)
    told = "judge at most so many, always the same ones, spread over all (default: every one)"
    mutants.add_argument("--most", type=_mutants, default=0, metavar="N", help=told)
    _add_judging(steps)
    _add_ranking(steps)


def _add_judging(steps: Commands) -> None:
    judge = steps.add_parser("judge", help="judge an entry on six dimensions, and write its scorecard")
    judge.add_argument("directory", type=Path, metavar="DIR", help="the entry's folder")
    judge.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="NAME[@EVIDENCE]",
        help="what is asked of which profiles; repeatable (default: the columns of the weights)",
    )
    judge.add_argument("--tier", choices=TIERS, default="full", help="how much of the cases (default: full)")
    judge.add_argument(
        "--mutants", type=_mutants, metavar="N", help="at most so many; 0: none (default: that of the weights)"
    )
    judge.add_argument("--workers", type=workers, metavar="N", help="worker processes (default: one per core)")
    judge.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write, or go on (default: .matrix/<time>-<id>/)"
    )
    card = steps.add_parser("card", help="make the scorecard of a judgement again")
    card.add_argument("directory", type=Path, metavar="RUN_DIR", help="a folder that `judge` wrote")
    for step in (judge, card):
        told = "how points are given (default: operators/challenge/scoring/, or those of the judgement)"
        step.add_argument("--weights", type=Path, metavar="FILE", help=told)
        told = "what `judge` found of the very same entry elsewhere: its folder, or a bundle of it; repeatable"
        step.add_argument("--evidence", action="append", default=[], type=Path, metavar="DIR|BUNDLE", help=told)
    repeat = steps.add_parser("repeat", help="repeat one cell of an entry in the foreground, as a scorecard prints it")
    repeat.add_argument("directory", type=Path, metavar="DIR", help="the entry's folder")
    repeat.add_argument("cell", metavar="CELL_ID", help="the id of the cell")
    for step in (judge, repeat):
        told = "run it in the worker itself: for an entry that you trust, on a device that a held process cannot reach"
        step.add_argument("--unheld", action="store_true", help=told)


def _add_ranking(steps: Commands) -> None:
    rank = steps.add_parser("rank", help="a leaderboard of entries, from their scorecards")
    rank.add_argument(
        "results", type=Path, nargs="+", metavar="RESULT", help="a scorecard.json, or the folder that holds it"
    )
    told = "who takes part in another track: a line each, `NAME` or `NAME | TRACK`"
    rank.add_argument("--others", type=Path, metavar="FILE", help=told)
    told = "write leaderboard.md, .json and .html there (default: Markdown to standard output)"
    rank.add_argument("--out", type=Path, metavar="DIR", help=told)


def _mutants(text: str) -> int:
    if not text.isdecimal() or int(text) > 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of mutants; allowed are 0 to 100000")
    return int(text)
