"""What `python -m matrix annotate` takes. It decides nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from matrix.annotation.clients import BASELINE
from workloads.annotation.tasks import TASKS

EPILOG = """\
exit codes: 0 nothing is wrong, 1 a submission has problems or samples have no answer, 2 usage, 130 interrupted
"""
# Qwen3's context by YaRN x4 on 32768 tokens, which the long contexts of the competition take.
CONTEXT = 131_072


def add_annotate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # the type has no other name
    told = "long-context annotation: answer the tasks, pack, check and score a submission, keep the leaderboard"
    annotate = commands.add_parser("annotate", help=told, epilog=EPILOG)
    steps = annotate.add_subparsers(dest="step", required=True, metavar="make|run|pack|check|score|rank")
    _add_make(steps.add_parser("make", help="write data of our own, in the official format"))
    _add_run(steps.add_parser("run", help="answer samples with a strategy and an engine"))
    _add_pack(steps.add_parser("pack", help="write the submission of a run, and check it"))
    _add_check(steps.add_parser("check", help="everything that is wrong with a submission, with file and line"))
    _add_score(steps.add_parser("score", help="score a run or a submission against labels"))
    _add_rank(steps.add_parser("rank", help="the leaderboard of several scores and the judges' marks"))


def _add_make(make: argparse.ArgumentParser) -> None:
    make.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write")
    make.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed makes the same data (default: 0)")
    make.add_argument(
        "--examples", type=_number, default=64, metavar="N", help="labelled examples a task (default: 64)"
    )
    make.add_argument("--test", type=_number, default=16, metavar="N", help="test samples a task (default: 16)")
    _add_tasks(make)


def _add_run(run: argparse.ArgumentParser) -> None:
    _add_data(run, required=True)
    _add_tasks(run)
    run.add_argument(
        "--strategy", default=BASELINE, metavar="FILE.py:CLASS", help="a strategy of your own (default: the baseline)"
    )
    run.add_argument(
        "--engine",
        default="transformers",
        metavar="NAME|FILE.py:FUNCTION",
        help="what runs the model (default: transformers)",
    )
    run.add_argument("--model", default="qwen3-4b", metavar="NAME", help="the model (default: qwen3-4b)")
    run.add_argument("--weights", type=Path, metavar="DIR", help="folder with the model's weights (default: made ones)")
    run.add_argument("--dtype", default="bfloat16", metavar="DTYPE", help="default: bfloat16")
    run.add_argument("--device", default="cpu", metavar="DEVICE", help="torch's name of the device (default: cpu)")
    run.add_argument(
        "--held-out",
        type=_number,
        metavar="N",
        help="ask N of each task's labelled examples instead of its test samples",
    )
    run.add_argument("--seed", type=int, default=0, metavar="N", help="draws what is held out (default: 0)")
    run.add_argument("--samples", type=_number, metavar="N", help="only the first N samples of each task")
    run.add_argument(
        "--context",
        type=_number,
        default=CONTEXT,
        metavar="N",
        help=f"tokens that the engine takes (default: {CONTEXT})",
    )
    run.add_argument(
        "--scale",
        type=_scale,
        default=1.0,
        metavar="X",
        help="part of the official least context, for models that take less",
    )
    run.add_argument("--reply", type=_number, metavar="N", help="tokens of a reply (default: the task's)")
    run.add_argument(
        "--batch", type=_number, default=1, metavar="N", help="samples side by side: a kill loses at most these"
    )
    run.add_argument(
        "--seconds", type=_seconds, default=600.0, metavar="S", help="limit of one question (default: 600)"
    )
    where = run.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="DIR", help="the run's folder (default: .matrix/annotate-<time>/)")
    where.add_argument("--resume", type=Path, metavar="DIR", help="go on with a run, asked for as it was")


def _add_pack(pack: argparse.ArgumentParser) -> None:
    pack.add_argument("run", type=Path, metavar="RUN", help="the folder of a run over the test samples")
    _add_data(pack, required=True)
    pack.add_argument("--out", type=Path, required=True, metavar="ZIP", help="the file to write")
    pack.add_argument("--incomplete", action="store_true", help="write it in spite of problems, for a look at it")


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("zip", type=Path, metavar="ZIP", help="the submission")
    _add_data(check, required=False)


def _add_score(score: argparse.ArgumentParser) -> None:
    score.add_argument("subject", type=Path, metavar="RUN|ZIP", help="a held-out run, or a submission")
    _add_data(score, required=False)
    score.add_argument("--labels", type=Path, metavar="DIR", help="labels of the test samples: openseek-<k>.jsonl")
    score.add_argument("--checks", type=Path, metavar="FILE", help="how answers of task 8 are tried")
    score.add_argument(
        "--profile", metavar="NAME[@EVIDENCE]", help="where task 8 is tried (default: interpreted, with no chip)"
    )
    score.add_argument(
        "--compile", action="append", default=[], metavar="NAME", help="compile task 8's answers for it too; repeatable"
    )
    score.add_argument("--entry", metavar="NAME", help="the entry's name (default: that of the file or folder)")
    score.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write the score (default: score.json beside it)"
    )


def _add_rank(rank: argparse.ArgumentParser) -> None:
    rank.add_argument("scores", type=Path, nargs="+", metavar="SCORE", help="files that `annotate score` wrote")
    rank.add_argument("--judges", type=Path, metavar="TOML", help="the technical marks, with reasons")
    rank.add_argument("--out", type=Path, metavar="DIR", help="write leaderboard.md, .json and .html there")


def _add_data(step: argparse.ArgumentParser, *, required: bool) -> None:
    step.add_argument("--data", type=Path, required=required, metavar="DIR", help="folder with the tasks' JSON files")


def _add_tasks(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "--task", type=_task, action="append", default=[], metavar="K", help="only this task; repeatable (default: all)"
    )


def _task(text: str) -> int:
    if not text.isdecimal() or int(text) not in TASKS:
        raise argparse.ArgumentTypeError(f"{text!r} is no task; allowed are 1 to {len(TASKS)}")
    return int(text)


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**7:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000000")
    return int(text)


def _scale(text: str) -> float:
    return _between(text, 1.0, "a part of 1, more than 0")


def _seconds(text: str) -> float:
    return _between(text, 1e6, "a number of seconds, more than 0")


def _between(text: str, highest: float, wanted: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= highest:
        raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")
    return value
