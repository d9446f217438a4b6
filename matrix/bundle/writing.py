"""Packing: the directory of a run becomes the bytes of a bundle. The same run always gives the same bytes."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from backends.profiles import parse_profile
from backends.reading import ReadingError
from matrix.bundle.container import write_container
from matrix.bundle.declared_here import digest_calls, operators_here, profiles_here, read_id
from matrix.bundle.known_values import KnownValues
from matrix.bundle.limits import JOURNAL_BYTES, PROFILE_BYTES, BundleError
from matrix.bundle.manifest import JOURNAL, MANIFEST, Manifest, Redaction, measure, write_manifest
from matrix.bundle.reading import Bundle, read_bundle
from matrix.bundle.redaction import RedactionError, Redactor, check_nothing_left
from matrix.record import Json, result_to_json
from matrix.run import Header, Run
from matrix.runner.journal import PATTERN, read_run, write_header


@dataclass(frozen=True)
class Packed:
    """The bytes of a bundle and what a strict reader finds in them; `warnings` say what of the run was not readable."""

    data: bytes
    bundle: Bundle
    warnings: tuple[str, ...] = ()


def pack(directory: Path, *, redact: bool = False) -> Packed:
    """Pack the run of a directory, and read the result back as a stranger would.

    Raises BundleError for a directory that holds no run, or one that cannot travel, and RedactionError.
    """
    run = read_run_strictly(directory)
    redactor = Redactor(KnownValues.of(run, directory)) if redact else None
    header = run.header if redactor is None else _redacted(run.header, redactor)
    cells = sorted(run.results)
    members = {JOURNAL: _journal(header, run, cells, redactor)}
    for name, text in _profiles(directory, run.header, cells).items():
        members[f"profiles/{name}.toml"] = (
            text if redactor is None else _redacted_profile(name, text, redactor)
        ).encode()
    manifest = Manifest(
        plan=run.header.plan,
        results=sum(map(len, run.results.values())),
        catalogue=digest_calls(cells, operators_here()),
        members={name: measure(data) for name, data in members.items()},
        redaction=None if redactor is None else _statement(header, redactor),
    )
    members = {MANIFEST: write_manifest(manifest), **members}
    if redactor is not None:
        check_nothing_left(members, redactor.known)
    data = write_container(members)
    return Packed(data, read_bundle(data, directory.name, str(directory)), run.warnings)


def read_run_strictly(directory: Path) -> Run:
    """The run of a directory that may come from elsewhere: its journals are files, and not too large.

    Raises BundleError.
    """
    journals = list(directory.glob(PATTERN)) if directory.is_dir() else []
    if not all(stat.S_ISREG(path.lstat().st_mode) for path in journals):
        raise BundleError(str(directory), "", "holds journals that are no files")
    size = sum(path.stat().st_size for path in journals)
    if size > JOURNAL_BYTES:
        raise BundleError(str(directory), "", f"holds {size} bytes of journals; at most {JOURNAL_BYTES} fit a bundle")
    run = read_run(directory)
    if not run.header.arguments or not run.header.started:
        raise BundleError(str(directory), "", "holds no run; name a directory that `matrix run` wrote")
    return run


def _journal(header: Header, run: Run, cells: Iterable[str], redactor: Redactor | None) -> bytes:
    lines = [_line("run", write_header(header))]
    for cell in cells:
        for result in run.results[cell]:
            fields = result_to_json(result)
            lines.append(_line("result", fields if redactor is None else redactor.result(fields)))
    return b"".join(lines)


def _line(event: str, fields: Mapping[str, Json]) -> bytes:
    return json.dumps({"event": event, **fields}, separators=(",", ":")).encode() + b"\n"


def _redacted(header: Header, redactor: Redactor) -> Header:
    return replace(
        header,
        machine=redactor.machine(header.machine),
        stack=redactor.stack(header.stack),
        arguments=tuple(redactor.arguments(header.arguments)),
    )


def _redacted_profile(name: str, text: str, redactor: Redactor) -> str:
    changed = redactor.profile(text)
    try:
        parse_profile(changed, name, f"profiles/{name}.toml")
    except ReadingError as error:
        raise RedactionError(f"the profile {name} cannot be redacted and stay a profile: {error.problems[0]}") from None
    return changed


def _statement(header: Header, redactor: Redactor) -> Redaction:
    return Redaction(
        tuple(header.machine), {kind: number for kind, number in sorted(redactor.replaced.items()) if number}
    )


def _profiles(directory: Path, header: Header, cells: Iterable[str]) -> dict[str, str]:
    """The text of each profile that has results: of the project's own folder, or the file that the run was given."""
    names = sorted({identity.profile for identity in map(read_id, cells) if identity is not None})
    paths = {profile.name: Path(profile.path) for profile in profiles_here().values() if profile.path}
    given = {Path(file).stem: Path(file) for file in _files_of_profiles(header.arguments)}
    found: dict[str, str] = {}
    for name in names:
        path = paths.get(name) or given.get(name)
        if path is None:
            reason = f"holds results of {name}, which is declared neither here nor by a file of its command line"
            raise BundleError(str(directory), "", reason)
        found[name] = read_file(path, PROFILE_BYTES).decode("utf-8", "replace")
    return found


def _files_of_profiles(arguments: Iterable[str]) -> list[str]:
    names = (argument.removeprefix("--profile=").partition("@")[0] for argument in arguments)
    return [name for name in names if name.endswith(".toml")]


def read_file(path: Path, limit: int) -> bytes:
    """A file as a whole. Raises BundleError for what is no file, and for one that is too large."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BundleError(str(path), "", "is no file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise BundleError(str(path), "", f"cannot be read ({error.strerror})") from None
    if len(data) > limit:
        raise BundleError(str(path), "", f"is larger than the {limit} bytes that are allowed")
    return data
