"""What a certificate rests on: run directories, read with distrust and sealed with the sums of their journals.

A directory holds an ordinary run, and beside it may lie what `matrix validate` added: `repeat-N/`, a run of repetitions,
and `soak/`. A bundle holds a run, and a folder of a merge bundles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matrix.bundle.merging import gather, is_merged, load, merged_files
from matrix.identity import IdentityError, parse_id
from matrix.outcome import Evidence
from matrix.run import Header, Run
from matrix.runner.journal import PATTERN, read_run
from matrix.usage import UsageError
from matrix.validation.evidence import COUNTING
from matrix.validation.repeated import Repetitions, told
from matrix.validation.soaked import FILE, Soak, read_soak

REPEAT, SOAK = "repeat-", "soak"
COMMAND = "validate"  # what the header of a run of repetitions opens its arguments with
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Sealed:
    """A file of evidence, with the SHA-256 of its bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A run, a run of repetitions or a soak. `counted`: its results of the profile and of evidences that count."""

    kind: str
    place: str
    header: Header
    counted: int
    files: tuple[Sealed, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """All evidence of a profile. `told` holds what repetitions found on evidences that count for nothing, by cell id."""

    runs: tuple[Run, ...] = ()
    repeated: Mapping[str, Repetitions] = field(default_factory=dict)
    told: Mapping[str, Repetitions] = field(default_factory=dict)
    soak: Soak | None = None
    idle_soak: Soak | None = None
    sources: tuple[Source, ...] = ()


def gather_sources(directories: Sequence[Path], profile: str) -> Gathered:
    """Read all evidence of directories and bundles.

    Raises UsageError for one without any, and BundleError for a bundle that cannot be read.
    """
    runs: list[tuple[Path, Run]] = []
    repeats: list[tuple[Path, Run]] = []
    soaks: list[tuple[Path, Soak]] = []
    for directory in directories:
        before = len(runs) + len(repeats) + len(soaks)
        _read(directory, runs, repeats, soaks)
        if len(runs) + len(repeats) + len(soaks) == before:
            raise UsageError(f"{directory} holds no run, no repetitions and no soak; name a directory that has one")
    mine = [(path, soak) for path, soak in soaks if soak.profile == profile]
    counting = [soak for _, soak in mine if soak.evidence in COUNTING]
    return Gathered(
        runs=tuple(run for _, run in runs),
        repeated=_repeated(repeats, profile, counting=True),
        told=_repeated(repeats, profile, counting=False),
        soak=max(counting, key=lambda soak: soak.started, default=None),
        idle_soak=max((soak for _, soak in mine if soak not in counting), key=lambda soak: soak.started, default=None),
        sources=(
            *(_source("run", path, run, profile) for path, run in runs),
            *(_source("repetitions", path, run, profile) for path, run in repeats),
            *(_soak_source(path, soak) for path, soak in mine),
        ),
    )


def _read(
    directory: Path,
    runs: list[tuple[Path, Run]],
    repeats: list[tuple[Path, Run]],
    soaks: list[tuple[Path, Soak]],
) -> None:
    if bundled := _bundled(directory):
        runs += bundled
        return
    run = read_run(directory)
    if run.header.arguments or run.results:
        (repeats if run.header.arguments[:1] == (COMMAND,) else runs).append((directory, run))
    for path in sorted(directory.glob(f"{REPEAT}*")):
        again = read_run(path)
        if again.results:
            repeats.append((path, again))
    for path in (directory, directory / SOAK):
        soak = read_soak(path / FILE)
        if soak is not None:
            soaks.append((path, soak))


def read_reference(directories: Iterable[Path]) -> list[Run]:
    """The runs of a reference chip.

    Raises UsageError for a directory without one, and BundleError for a bundle that cannot be read.
    """
    runs = []
    for directory in directories:
        found = [run for _, run in _bundled(directory)] or [read_run(directory)]
        if not all(run.results for run in found):
            raise UsageError(
                f"{directory} holds no run; --reference names a directory that `matrix run` wrote, or a bundle"
            )
        runs += found
    return runs


def _bundled(path: Path) -> list[tuple[Path, Run]]:
    """The runs of a bundle, or of the bundles that a merge holds, each with its file."""
    if path.is_file():
        return [(path, gather([path])[0].bundle.run)]
    if not is_merged(path):
        return []
    files = {source.bundle.digest: source.bundle.run for source in load(path)}
    return [(file, files[sealed.sha256]) for file in merged_files(path) if (sealed := seal([file])[0]).sha256 in files]


def _repeated(repeats: Iterable[tuple[Path, Run]], profile: str, *, counting: bool) -> dict[str, Repetitions]:
    """By row (for evidences that count) or by cell id, what the latest run of repetitions found."""
    found: dict[str, Repetitions] = {}
    for _, run in sorted(repeats, key=lambda item: item[1].header.started):
        for text in run.results:
            final = run.final(text)
            each = told(final) if final is not None else None
            if each is None:
                continue
            try:
                identity = parse_id(text)
            except IdentityError:
                continue
            if identity.profile == profile and (identity.evidence in COUNTING) is counting:
                found[identity.row if counting else text] = each
    return found


def _source(kind: str, path: Path, run: Run, profile: str) -> Source:
    start = tuple(f"{profile}:" for _ in COUNTING)
    ends = tuple(f"@{evidence}" for evidence in COUNTING)
    counted = sum(text.startswith(start) and text.endswith(ends) for text in run.results)
    files = [path] if path.is_file() else path.glob(PATTERN)
    return Source(kind, _place(path), run.header, counted, seal(files), run.warnings)


def _soak_source(path: Path, soak: Soak) -> Source:
    columns = (f"{soak.profile}@{soak.evidence}",)
    header = Header(cells=soak.cells, columns=columns, machine=soak.machine, stack=soak.stack, started=soak.started)
    counted = soak.visits if soak.evidence in list(Evidence) and soak.evidence in COUNTING else 0
    return Source("soak", _place(path), header, counted, seal([path / FILE]), soak.warnings)


def _place(path: Path) -> str:
    """The last names of a path: where on a machine it lay is nobody's business."""
    resolved = path.resolve()
    own = resolved.name.startswith(REPEAT) or resolved.name == SOAK
    return "/".join(resolved.parts[-2:]) if own else resolved.name


def seal(paths: Iterable[Path]) -> tuple[Sealed, ...]:
    """Files with their sums, by name."""
    sealed = []
    for path in sorted(paths):
        sums, size = hashlib.sha256(), 0
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                sums.update(chunk)
                size += len(chunk)
        sealed.append(Sealed(path.name, size, sums.hexdigest()))
    return tuple(sealed)
