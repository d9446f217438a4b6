"""The command that turns a run into expectations: expect draft prints what is missing, expect update rewrites the files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from backends.expectation import folder_of
from matrix.bundle.merging import is_merged
from matrix.commands.bundling import merged_grid
from matrix.commands.job import ADOPT, grid_of, remembered_job
from matrix.usage import UsageError
from reports.expecting import draft_expectations
from reports.grid import NOTHING_EXPECTED, Grid
from reports.rewriting import rewrite
from reports.updating import Update, plan_update
from reports.write import write_whole


def expect(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Draft what is to be expected after a run, or rewrite what is."""
    return _update(options) if options.step == "update" else _draft(options)


def _draft(options: argparse.Namespace) -> int:
    merged = is_merged(options.directory)
    grid = merged_grid(options.directory) if merged else grid_of(remembered_job(options.directory))
    for column in _columns(grid, options.profile):
        sys.stdout.write(draft_expectations(grid, column))
    return 0


def _update(options: argparse.Namespace) -> int:
    """Every file is worked out before the first is written: what cannot be done leaves all as they were."""
    job = remembered_job(options.directory, options.expectations)
    if job.options.command == ADOPT:
        raise UsageError(
            f"{job.directory} is of an adopted suite, and no plan says which tests it lacks; use expect draft"
        )
    grid = grid_of(job)
    # Also what the run did not ask for: an entry that names no evidence speaks of all that its profile gives.
    universe = job.declared.full_ids({profile.name: profile.evidence for profile in job.declared.profiles})
    paths = {profile.name: profile.path for profile in grid.profiles}
    texts: dict[Path, tuple[Update, str]] = {}
    for column in _columns(grid, options.profile):
        known = job.expectations.get(column, NOTHING_EXPECTED)
        update = plan_update(column, grid.findings, universe, known, job.today)
        path = Path(job.options.expectations or folder_of(paths[column])) / f"{column}.toml"
        texts[path] = update, rewrite(_text_of(path), update, str(path))
    for path, (update, text) in texts.items():
        if update.changes and not options.check:
            _write(path, text)
        _tell(update, path, check=options.check)
    return 1 if options.check and any(update.changes for update, _ in texts.values()) else 0


def _columns(grid: Grid, asked: str | None) -> list[str]:
    """The columns that are asked for."""
    names = [profile.name for profile in grid.profiles]
    if asked is not None and asked not in names:
        raise UsageError(f"--profile {asked}: the run has no such column; it has {', '.join(names) or 'none'}")
    return names if asked is None else [asked]


def _text_of(path: Path) -> str:
    """The text of a file to the byte, its ends of lines included; nothing where there is none yet."""
    return path.read_bytes().decode("utf-8") if path.exists() else ""


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, lambda stream: stream.write(text))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error}); nothing in it is changed") from None


def _tell(update: Update, path: Path, *, check: bool) -> None:
    done = "would be rewritten" if check else "is rewritten"
    print(f"{path} {done if update.changes else 'stays as it is'}")
    for line in [*update.actions, *update.notes]:
        print(f"  {line}")
