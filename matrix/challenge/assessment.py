"""An assessment: the folder in which an entry is judged, with the entry as it was, the run, and all that was measured.

assessment.json   whose it is and what was asked        entry/      the entry's files, as they were judged
journal-*.jsonl   the run                               measured/   one file for each measurement, as it was told
scoring.toml      the weights
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix.challenge.digest import digest_of
from matrix.challenge.entry import FILE as ENTRY_FILE
from matrix.challenge.entry import Entry, read_entry
from matrix.usage import UsageError

FILE, ENTRY, MEASURED, WEIGHTS = "assessment.json", "entry", "measured", "scoring.toml"
SCHEMA = "compatibility-matrix-assessment/1"
MOST_FILES = 200


@dataclass(frozen=True)
class Assessment:
    """A folder of this kind. `origin`: the entry's own folder, as it was named; `evidence`: runs and bundles from elsewhere."""

    directory: Path
    entry: Entry
    digest: str
    origin: str
    tier: str
    columns: tuple[str, ...]
    mutants: int
    evidence: tuple[str, ...]

    @property
    def weights(self) -> Path:
        return self.directory / WEIGHTS

    def keep(self, name: str, told: Mapping[str, Any]) -> None:
        """Write down what a measurement told."""
        path = self.directory / MEASURED / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, told)

    def measured(self, name: str) -> Mapping[str, Any] | None:
        """What a measurement told, or None where it was not made. Raises UsageError for a file that cannot be read."""
        path = self.directory / MEASURED / f"{name}.json"
        return _read(path) if path.is_file() else None

    def repeat(self, cell: str) -> str:
        """The command that repeats a cell."""
        return f"python -m matrix challenge repeat {self.origin} '{cell}'"


def begin(  # noqa: PLR0913 - everything that an assessment keeps
    folder: Path,
    directory: Path,
    weights: Path,
    *,
    tier: str,
    columns: tuple[str, ...],
    mutants: int,
    evidence: tuple[str, ...],
) -> Assessment:
    """Begin an assessment, or go on with the one that the directory holds.

    Raises ReadingError for an `entry.toml` that cannot be read, and UsageError where the directory holds something else.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; name the folder of an entry, or make one: challenge new TASK")
    given = read_entry(folder)
    digest = digest_of(given)
    asked = {"tier": tier, "columns": list(columns), "mutants": mutants}
    if (directory / FILE).is_file():
        _refuse_other(directory, digest, asked)
    elif directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} holds something else than an assessment; name a new folder by --out")
    copies = directory / ENTRY
    copies.mkdir(parents=True, exist_ok=True)
    for path in _files(given.folder):
        shutil.copy2(path, copies / path.name, follow_symlinks=False)
    if weights.resolve() != (directory / WEIGHTS).resolve():
        shutil.copyfile(weights, directory / WEIGHTS)
    facts = {"schema": SCHEMA, "folder": str(folder), "digest": digest, **asked, "evidence": list(evidence)}
    _write(directory / FILE, facts)
    return open_assessment(directory)


def open_assessment(directory: Path) -> Assessment:
    """The assessment that a directory holds. Raises UsageError where there is none, or its entry is another one by now."""
    if not (directory / FILE).is_file():
        raise UsageError(f"{directory} holds no assessment; name a folder that `challenge judge` wrote")
    facts = _read(directory / FILE)
    entry = read_entry(directory / ENTRY)
    if facts.get("schema") != SCHEMA or facts.get("digest") != digest_of(entry):
        raise UsageError(f"{directory}: {ENTRY}/ is not what was judged there, by its digest; judge the entry again")
    try:
        return Assessment(
            directory=directory,
            entry=entry,
            digest=str(facts["digest"]),
            origin=str(facts["folder"]),
            tier=str(facts["tier"]),
            columns=tuple(map(str, facts["columns"])),
            mutants=int(facts["mutants"]),
            evidence=tuple(map(str, facts["evidence"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{directory / FILE}: is not what `challenge judge` wrote ({error!r}); judge again") from None


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.py"))
    if len(found) > MOST_FILES:
        raise UsageError(f"{folder} holds {len(found)} Python files; an entry has at most {MOST_FILES}")
    return [*found, folder / ENTRY_FILE]


def _refuse_other(directory: Path, digest: str, asked: Mapping[str, Any]) -> None:
    before = _read(directory / FILE)
    if before.get("digest") != digest:
        raise UsageError(
            f"{directory} holds the assessment of another entry, by its digest; name a new folder by --out"
        )
    if different := [key for key, value in asked.items() if before.get(key) != value]:
        raise UsageError(f"{directory} was asked otherwise ({', '.join(different)}); name a new folder by --out")


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); judge the entry again") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path}: is no object; judge the entry again")
    return found
