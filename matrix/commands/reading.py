"""Commands that read what is there: report, provenance, stacks, lint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from backends.profiles import load_profiles
from backends.stack import Axis, load_axes
from matrix.bundle.merging import is_merged
from matrix.commands.bundling import show_merged
from matrix.commands.job import grid_of, remembered_job, write_and_show
from matrix.lint.checks import lint, render_findings
from matrix.lint.finding import Severity
from matrix.lint.package import Package
from matrix.runner.journal import read_run
from reports.provenance import show_provenance
from reports.stacks import Tried, render_axis, tried


def report(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Write the reports of a run again."""
    if is_merged(options.directory):
        return show_merged(options.directory, strict=options.strict)
    job = remembered_job(options.directory)
    job.options.strict = options.strict
    return write_and_show(job)


def provenance(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print how far the vendor's own kernels were reached."""
    job = remembered_job(options.directory)
    run = read_run(job.directory)
    sys.stdout.write(show_provenance(run, job.declared, Package.installed(options.package), options.profile))
    return 0


def compare_stacks(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print what a folder of runs, one for each stack of an axis, says of the versions."""
    for axis in load_axes().values():
        tried = [_tried(axis, packages, options.directory) for packages in axis.points()]
        sys.stdout.write(render_axis(axis, tried))
    return 0


def _tried(axis: Axis, packages: Mapping[str, str], directory: Path) -> Tried:
    """What became of a stack: its run is in the folder of its name."""
    folder = directory / axis.name_of(packages)
    if (folder / "not-installed.txt").exists():
        return Tried(packages, problem="cannot be installed from the index")
    if not folder.is_dir() or not read_run(folder).header.arguments:
        return Tried(packages, problem="was not run")
    return tried(packages, grid_of(remembered_job(folder)))


def check(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print what in an installed provider contradicts itself."""
    findings = lint(Package.installed(options.package), load_profiles().values(), options.vendor)
    sys.stdout.write(render_findings(findings))
    return 1 if any(finding.severity is Severity.ERROR for finding in findings) else 0
