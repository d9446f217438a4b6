"""The command line of the inference track. It decides nothing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

from matrix.plan import TIERS

TRACK_EPILOG = "exit codes: 0 nothing was refused, 1 something was, 2 usage, 130 interrupted"
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name


def add_throughput(commands: Commands) -> None:
    """What `python -m matrix throughput` takes."""
    throughput = commands.add_parser(
        "throughput", help="the inference track: measure, judge, score", epilog=TRACK_EPILOG
    )
    throughput.add_argument("--profile", required=True, metavar="NAME", help="the profile, or its file")
    throughput.add_argument(
        "--from",
        dest="evidence",
        nargs="+",
        default=[],
        type=Path,
        metavar="DIR",
        help="directories of runs, or bundles, to judge (default: measure here)",
    )
    throughput.add_argument("--rules", default="season-1", metavar="NAME", help="a season, or a TOML file of rules")
    throughput.add_argument(
        "--tier", choices=TIERS, default="quick", help="what is measured; full: the published sizes"
    )
    throughput.add_argument("--setting", metavar="NAME", help="which setting is judged, where several were carried")
    throughput.add_argument(
        "--baseline",
        type=Path,
        metavar="PYTHON",
        help="interpreter of the baseline's packages (default: torch's kernels)",
    )
    throughput.add_argument(
        "--further", nargs="+", default=[], type=Path, metavar="DIR", help="runs on further chips, or bundles"
    )
    throughput.add_argument(
        "--tasks",
        type=Path,
        metavar="DIR",
        help="folder of lm-eval tasks with local data (default: questions of our own)",
    )
    throughput.add_argument(
        "--practice", action="store_true", help="take interpreted rounds: to try the judge, no score"
    )
    throughput.add_argument("--out", type=Path, metavar="DIR", help="where to measure (default: a new directory)")
    throughput.add_argument(
        "--model", type=Path, metavar="DIR", help="folder with the weights and tokenizer of Qwen3-4B (default: made)"
    )
