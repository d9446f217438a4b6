"""Writing a grid's files: each whole or not at all, so that a reader never meets half a report."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from reports.document import write_document
from reports.grid import Grid
from reports.junit import write_junit
from reports.markdown import render_markdown
from reports.page import render_page


def write_reports(grid: Grid, directory: Path, *, strict: bool = False) -> list[Path]:
    """Write matrix.json, matrix.md, junit.xml and matrix.html into the directory and return their paths.

    A grid of an interrupted or partial run is written like any other. Raises OSError where a file cannot be written;
    what stood there before is then still whole.
    """
    directory.mkdir(parents=True, exist_ok=True)
    writers: dict[str, Callable[[TextIO], object]] = {
        "matrix.json": lambda stream: write_document(grid, stream, strict=strict),
        "matrix.md": lambda stream: stream.write(render_markdown(grid, strict=strict)),
        "junit.xml": lambda stream: write_junit(grid, stream),
        "matrix.html": lambda stream: stream.write(render_page(grid, strict=strict)),
    }
    return [write_whole(directory / name, write) for name, write in writers.items()]


def write_whole(path: Path, write: Callable[[TextIO], object]) -> Path:
    """Write a file whole or not at all. Raises OSError; what stood there before is then still whole."""
    # The temporary name holds the process id: two readers may write reports of one run at the same time.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n", errors="replace") as stream:
            write(stream)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
