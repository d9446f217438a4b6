"""The front door: follows a command line. The commands are in `matrix/commands/`, where all floors meet."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from backends.profiles import UnknownProfileError
from backends.reading import ReadingError
from matrix.arguments import parser
from matrix.columns import UnknownEvidenceError
from matrix.commands import (
    adopt,
    annotate,
    attributing,
    bundling,
    challenge,
    comparing,
    doctor,
    expecting,
    reading,
    running,
    throughput,
    validate,
)
from matrix.identity import IdentityError
from matrix.lint.package import PackageError
from matrix.plan import SelectionError
from matrix.runner.directory import BusyError
from matrix.usage import UsageError
from operators.catalogue import CatalogueError
from workloads.catalogue import WorkloadError
from workloads.models.shape import ModelError

USAGE, INTERRUPTED = 2, 130

COMMANDS: Mapping[str, Callable[[argparse.Namespace, Sequence[str]], int]] = {
    "run": running.run,
    "plan": running.show_plan,
    "profiles": running.show_profiles,
    "rerun": running.repeat,
    "report": reading.report,
    "expect": expecting.expect,
    "provenance": reading.provenance,
    "lint": reading.check,
    "stacks": reading.compare_stacks,
    "bundle": bundling.bundle,
    "merge": bundling.join,
    "diff": comparing.diff,
    "adopt": adopt.adopt,
    "validate": validate.validate,
    "doctor": doctor.doctor,
    "challenge": challenge.challenge,
    "annotate": annotate.annotate,
    "attribute": attributing.attribute,
    "throughput": throughput.throughput,
}


def main(arguments: Sequence[str]) -> int:
    """Follow a command line and return its exit code. A mistake in what the user wrote is one message, never a traceback."""
    options = parser().parse_args(arguments)
    try:
        return COMMANDS[options.command](options, arguments)
    except (
        CatalogueError,
        WorkloadError,
        ModelError,
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
