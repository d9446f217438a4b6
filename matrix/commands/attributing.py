"""The command that finds the guilty operators of a model: attribute."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from matrix.cell import Cell
from matrix.commands.job import new_directory, run_settings
from matrix.declared import Declared
from matrix.identity import parse_id
from matrix.inference.asking import missing
from matrix.inference.case import WorkloadCase
from matrix.outcome import Outcome
from matrix.runner.processes import end_marked
from matrix.runner.session import Session, Task
from matrix.runner.spawn import environment
from matrix.usage import UsageError

NAME = "attribute"
KIND = "parity"
MOST_NAMES = 6


def attribute(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Find the operators whose kernels make a model-parity cell fail. 0: none is guilty; 1: some are."""
    cell = Declared.read_all((), options.profile).find(parse_id(options.cell))
    if not isinstance(cell.case, WorkloadCase) or cell.case.workload.kind != KIND:
        raise UsageError(f"{cell.id} is no cell of a workload of the kind {KIND}; only such a cell can be attributed")
    if lacking := missing(cell.case.setting.engine):
        raise UsageError(lacking)
    return search(cell, options.out or new_directory(), options.model)


def search(cell: Cell, directory: Path, model: Path | None = None) -> int:
    from matrix.inference.attribution import Probe, Search, Verdict  # NumPy: other commands work without it

    def tell(probe: Probe) -> None:
        print(f"  {describe(probe.only)}: {_outcome(probe)}  ({probe.seconds:.0f} s)", file=sys.stderr, flush=True)

    def show(verdict: Verdict) -> int:
        number = len(verdict.probes)
        if not verdict.groups:
            print(f"no operator is guilty: with all of them the cell is {_outcome(verdict.first)}")
            return 0
        for group in verdict.groups:
            together = " (only together)" if len(group) > 1 else ""
            print(f"guilty: {', '.join(group)}{together}: {_outcome(verdict.evidence[group])}")
        print(f"the other {len(verdict.rest.only or ())} operators together: {_outcome(verdict.rest)}")
        print(f"{number} probes, of {len(verdict.first.offered)} operators; kept in {directory}")
        return 1

    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        task, mark = Task(cell, str(cell.id), 1), uuid.uuid4().hex
        session = Session(NAME, Path(folder), mark, os.getpid(), cell.limits, run_settings(1, model=model), (task,))
        print(f"matrix: {cell.id} -> {directory}", file=sys.stderr, flush=True)
        try:
            return show(Search(cell, directory, environment(session, cell.profile, 1), tell, model).run())
        finally:
            end_marked(mark)


def describe(only: tuple[str, ...] | None) -> str:
    """A set of operators, short enough for a line."""
    if only is None:
        return "all operators"
    if len(only) <= MOST_NAMES:
        return ", ".join(only)
    return f"{len(only)} operators ({', '.join(only[:2])} ... {only[-1]})"


def _outcome(probe: object) -> str:
    outcome, detail = getattr(probe, "outcome", Outcome.NOT_RUN), getattr(probe, "detail", "")
    return f"{outcome}: {detail}" if detail else str(outcome)
