"""What compiling a cell came to, remembered between runs: with everything the same, nothing needs to be done again.

The key is a digest of all that decides the result: the case and its call, the target, the installed packages, this
project's own source, and what the environment tells compilers. Kept is what the same input gives again: never a crash, a
time limit, or what the machine did. It is looked up before any worker starts, and imports no torch.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from matrix.cell import Cell
from matrix.outcome import Evidence, Outcome
from matrix.record import RecordError, result_from_json, result_to_json
from matrix.result import Result
from matrix.run import Run

ROOT = Path(__file__).resolve().parents[1]
OWN = ("backends", "operators", "matrix")
# Packages so large that the list of their files, with a digest of each, must do.
LISTED = ("torch", "triton", "numpy")
# Beginnings of the variables that compilers and providers listen to; where a cache lies decides nothing.
VARIABLES = ("TRITON", "GEMS", "FLAGGEMS", "FLAG_GEMS", "MLIR", "LLVM", "PTXAS", "ARCH", "DISABLE_", "TORCH", "PYTORCH")
ELSEWHERE = ("TRITON_CACHE_DIR", "TRITON_HOME", "FLAGGEMS_CACHE_DIR")
CERTAIN = (Outcome.PASS, Outcome.UNCOMPILED, Outcome.UNDISPATCHED, Outcome.ERROR)
BY_MACHINE = "compiler:"  # gaps of this name: the compiler could not be run here


class Memory:
    """A folder of results, by digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def recall(self, cells: Iterable[Cell]) -> list[Result]:
        """What is remembered of the cells that are only compiled."""
        found = (self._read(cell) for cell in cells if cell.evidence is Evidence.COMPILE)
        return [result for result in found if result is not None]

    def keep(self, cells: Iterable[Cell], run: Run) -> None:
        """Remember what a run found, where its attempts agree and another run would find the same."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for cell in cells:
            attempts = run.attempts(str(cell.id)) if cell.evidence is Evidence.COMPILE else ()
            if not attempts or run.unstable(str(cell.id)):
                continue
            result = attempts[-1]
            if result.remembered is None and is_certain(result):
                self._write(cell, replace(result, remembered=now, attempt=1, worker=None))

    def _path(self, cell: Cell) -> Path | None:
        key = cell_digest(cell)
        return None if key is None else self.folder / key[:2] / f"{key[2:40]}.json"

    def _read(self, cell: Cell) -> Result | None:
        path = self._path(cell)
        if path is None:
            return None
        try:
            result = result_from_json(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecordError):
            return None  # not there, or not what was written
        return result if result.cell == str(cell.id) and result.remembered else None

    def _write(self, cell: Cell, result: Result) -> None:
        path = self._path(cell)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(result_to_json(result), separators=(",", ":")))
        draft.replace(path)


def is_certain(result: Result) -> bool:
    """Whether the same input would give this again, on any machine."""
    if result.outcome is Outcome.INFRA:
        return result.gap is not None and not result.gap.startswith(BY_MACHINE)
    raised = getattr(builtins, result.detail.partition(":")[0], None)
    by_machine = isinstance(raised, type) and issubclass(raised, OSError | MemoryError)
    return result.outcome in CERTAIN and not by_machine


def cell_digest(cell: Cell) -> str | None:
    """A digest of all that decides what compiling a cell comes to; None where something of it cannot be found."""
    case, profile = cell.case, cell.profile
    sources = _provider_digests(case.provider, case.operator.providers[case.provider])
    if sources is None:
        return None
    operator = case.operator
    called = (operator.reference, operator.providers, operator.outputs, operator.proof)
    told = (str(cell.id), case.sample.call, called, profile.emulation, profile.environment)
    return _digest([*map(repr, told), *sources, _surroundings()])


@cache
def _surroundings() -> str:
    """What is the same for all cells: Python, our own source, the compiler's packages and its variables."""
    heard = sorted(
        (name, value) for name, value in os.environ.items() if name.startswith(VARIABLES) and name not in ELSEWHERE
    )
    own = [_folder_digest(ROOT / name, "**/*.py") for name in OWN]
    return _digest([sys.version, repr(heard), *own, *(_listed_digest(name) for name in LISTED)])


@cache
def _provider_digests(provider: str, address: str) -> tuple[str, ...] | None:
    """Digests of the files of a provider and of what its address leads to."""
    place = address.rpartition(":")[0]
    if place.endswith(".py"):
        return (_folder_digest(Path(place).resolve().parent, "*.py"), *(_module_digest(provider) or ()))
    names = {provider, place.partition(".")[0] or provider}
    found = [digests for name in sorted(names) if (digests := _module_digest(name)) is not None]
    return tuple(digest for digests in found for digest in digests) or None


@cache
def _module_digest(name: str) -> tuple[str, ...] | None:
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if folders:
        return tuple(_folder_digest(folder) for folder in folders)
    return (_digest([Path(spec.origin).read_text(errors="replace")]),) if spec.origin else None


@cache
def _folder_digest(folder: Path, pattern: str = "**/*") -> str:
    """A digest of the names and contents of the files below a folder, without what Python compiled."""
    return _digest(_files(folder, pattern))


def _files(folder: Path, pattern: str) -> Iterator[str]:
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


@cache
def _listed_digest(name: str) -> str:
    """A digest of the list of a package's files, which holds a digest of each; of its version where there is no list."""
    try:
        package = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
    return _digest([name, package.version, package.read_text("RECORD") or ""])


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
