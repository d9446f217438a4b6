"""The command that holds a run against another one: diff."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import is_zipfile

from matrix.commands.bundling import bundle_grid
from matrix.commands.job import grid_of, remembered_job
from matrix.runner.journal import PATTERN
from matrix.usage import UsageError
from reports.difference import Difference, compare
from reports.difference_json import render_json
from reports.difference_markdown import render_markdown_difference
from reports.difference_text import headline, render_text
from reports.document import document_cells, document_head
from reports.snapshot import Snapshot, load_snapshot, read_snapshot
from reports.terminal import Terminal
from reports.write import write_whole

DOCUMENT = "matrix.json"


def diff(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print what two runs differ in; the exit code says whether anything is worse."""
    old, new = (open_snapshot(path).only(options.profile) for path in (options.old, options.new))
    difference = compare(old, new)
    code = difference.exit_code(allow_gone=options.allow_gone)
    text = _render(difference, options)
    if options.out is None:
        sys.stdout.write(text)
        return code
    try:
        write_whole(options.out, lambda stream: stream.write(text))
    except OSError as error:
        raise UsageError(
            f"--out {options.out}: cannot be written ({error}); name a file in a folder of yours"
        ) from None
    print(f"{options.out}: {headline(difference, allow_gone=options.allow_gone)}")
    return code


def open_snapshot(path: Path) -> Snapshot:
    """What a path names: a bundle, a matrix.json, a directory that holds one, or the journals of a run that wrote none."""
    if path.is_file() and is_zipfile(path):
        grid = bundle_grid(path)
        return read_snapshot({**document_head(grid), "cells": list(document_cells(grid))}, str(path))
    if path.is_file():
        return load_snapshot(path)
    if (path / DOCUMENT).is_file():
        return load_snapshot(path / DOCUMENT, str(path))
    if path.is_dir() and any(path.glob(PATTERN)):
        grid = grid_of(remembered_job(path))
        return read_snapshot({**document_head(grid), "cells": list(document_cells(grid))}, str(path))
    raise UsageError(f"{path} holds no run; name a run's directory, a merged directory, a bundle or a {DOCUMENT}")


def _render(difference: Difference, options: argparse.Namespace) -> str:
    excused: bool = options.allow_gone
    if options.format == "json":
        return render_json(difference, allow_gone=excused)
    if options.format == "markdown":
        return render_markdown_difference(difference, allow_gone=excused)
    terminal = Terminal.of(sys.stdout) if options.out is None else Terminal()
    return render_text(difference, terminal, allow_gone=excused) + "\n"
