"""Commands that let runs travel: bundle, merge, and the reports of what was merged."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from backends.expectation import load_expectations
from matrix.bundle.limits import BundleError
from matrix.bundle.merging import Merged, gather, is_merged, load, merge, save
from matrix.bundle.writing import Packed, pack
from matrix.plain_text import one_line
from matrix.usage import UsageError
from reports.grid import About, Grid, build_grid
from reports.summary import Summary
from reports.table import Terminal, render_table
from reports.write import write_reports


def bundle(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Pack a run into one file."""
    if is_merged(options.directory):
        raise UsageError(f"{options.directory} holds bundles already, in its folder bundles/: send these")
    packed = pack(options.directory, redact=options.redact)
    path = options.out or Path(_name(packed))
    _write(path, packed.data)
    for warning in packed.warnings:
        print(f"matrix: {one_line(warning, 300)}", file=sys.stderr)
    print("\n".join(_describe(packed, path)))
    return 0


def join(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Join bundles and runs into one matrix."""
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise UsageError(f"{options.out} is not empty; name a new folder for the merged matrix")
    merged = merge(gather(options.sources))
    save(merged.sources, options.out)
    return _write_and_show(merged, options.out, strict=options.strict)


def show_merged(directory: Path, *, strict: bool) -> int:
    """Write the reports of a merged matrix again."""
    return _write_and_show(merge(load(directory)), directory, strict=strict)


def merged_grid(directory: Path) -> Grid:
    return _grid(merge(load(directory)), directory)


def bundle_grid(path: Path) -> Grid:
    """The grid of one bundle, read as a stranger's."""
    return _grid(merge(gather([path])), path)


def _write_and_show(merged: Merged, directory: Path, *, strict: bool) -> int:
    grid = _grid(merged, directory)
    files = write_reports(grid, directory, strict=strict)
    print(render_table(grid, Terminal.of(sys.stdout), files=files, strict=strict), flush=True)
    return Summary(grid, strict).exit_code


def _grid(merged: Merged, directory: Path) -> Grid:
    grid = build_grid(
        [source.bundle.run for source in merged.sources],
        merged.cells,
        merged.profiles,
        {profile.name: load_expectations(profile.name) for profile in merged.profiles},
        datetime.now(UTC).date(),
        about=About(directory.resolve().name),
    )
    return replace(grid, notices=merged.notices)


def _name(packed: Packed) -> str:
    """A file name that tells the day and the content, and nobody's folder."""
    day = re.sub(r"\D", "", packed.bundle.run.header.started[:10])
    return f"matrix-{day}-{packed.bundle.digest[:8]}.bundle.zip"


def _describe(packed: Packed, path: Path) -> list[str]:
    manifest = packed.bundle.manifest
    lines = [
        f"{path}: {len(packed.data)} bytes, {manifest.results} results of {', '.join(packed.bundle.profiles) or 'nothing'}",
        f"sha256 {packed.bundle.digest}",
    ]
    if manifest.redaction is None:
        return [*lines, "not redacted: it names this machine, its folders and its user; --redact takes them out"]
    replaced = ", ".join(f"{number} x {kind}" for kind, number in (manifest.redaction.replaced or {}).items())
    return [
        *lines,
        f"redacted: {replaced or 'nothing had to be replaced'}; nothing known of this machine is left in it",
    ]


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        raise BundleError(str(path), "", f"cannot be written ({error.strerror})") from None
    finally:
        draft.unlink(missing_ok=True)
