"""Reading a bundle that came from another company's machine: it is all as it should be, or it is refused.

What is read is data and stays data: a profile of a bundle is shown and never run, and no member is written to a disk
under its own name. Every text loses control characters and marks that reorder text on its way in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from backends.profile import Profile
from backends.profiles import parse_profile
from backends.reading import ReadingError
from matrix.bundle.container import Container
from matrix.bundle.declared_here import read_id
from matrix.bundle.limits import (
    FACT_LENGTH,
    FACTS,
    JOURNAL_BYTES,
    MANIFEST_BYTES,
    PROFILE_BYTES,
    PROFILE_LINE,
    BundleError,
    shown,
)
from matrix.bundle.manifest import JOURNAL, MANIFEST, PROFILE, Manifest, measure, read_manifest
from matrix.bundle.strict_json import StrictJsonError, parse_json
from matrix.plain_text import clean, one_line
from matrix.record import Json, RecordError, result_from_json
from matrix.result import Result
from matrix.run import Header, Origin, Run
from matrix.runner.journal import LINE_LIMIT, read_header

RUN, RESULT = "run", "result"


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds: a run that knows where it came from, and the profiles of its columns."""

    manifest: Manifest
    run: Run
    profiles: Mapping[str, Profile]

    @property
    def digest(self) -> str:
        return self.run.origin.digest if self.run.origin else ""


def read_bundle(data: bytes, name: str, place: str) -> Bundle:
    """Read the bytes of a bundle.

    name    what it is called in reports;  place: what it is called in errors

    Raises BundleError that says which member is wrong and why.
    """
    container = Container.of(data, place)
    if MANIFEST not in container.entries:
        raise BundleError(place, MANIFEST, "is missing; a bundle is a file that `matrix bundle` wrote")
    manifest = read_manifest(container.read(MANIFEST, MANIFEST_BYTES), place)
    _compare_members(container, manifest)
    profiles = {}
    for member in manifest.members:
        if found := PROFILE.fullmatch(member):
            profiles[found["name"]] = _read_profile(container, manifest, member, found["name"])
    header, results = _read_journal(container, manifest, profiles)
    origin = Origin(one_line(name, 120), hashlib.sha256(data).hexdigest(), manifest.redaction is not None)
    warnings: tuple[str, ...] = ()
    if header.cells > len(results):
        warnings = (f"{len(results)} of its {header.cells} planned cells have a result: the run did not end in order",)
    return Bundle(manifest, Run(header, results, warnings, origin), profiles)


def _compare_members(container: Container, manifest: Manifest) -> None:
    listed = {MANIFEST, *manifest.members}
    for name in container.entries:
        if name not in listed:
            raise BundleError(container.place, shown(name), "is not in the manifest; nothing else may be in a bundle")
    for name, (size, _) in manifest.members.items():
        if name not in container.entries:
            raise BundleError(container.place, name, "is in the manifest and missing")
        if size != container.entries[name].file_size:
            found = container.entries[name].file_size
            raise BundleError(container.place, name, f"has {found} bytes; the manifest says {size}")


def _read_profile(container: Container, manifest: Manifest, member: str, name: str) -> Profile:
    data = container.read(member, PROFILE_BYTES)
    if measure(data) != manifest.members[member]:
        raise BundleError(container.place, member, _ALTERED)
    if any(len(line) > PROFILE_LINE for line in data.split(b"\n")):
        raise BundleError(container.place, member, f"has a line of more than {PROFILE_LINE} bytes")
    try:
        return parse_profile(clean(data.decode()), name, member)
    except UnicodeDecodeError as error:
        raise BundleError(container.place, member, f"is not UTF-8 at byte {error.start}") from None
    except ReadingError as error:
        problem = error.problems[0]
        reason = f"is no profile: {shown(problem.key)}: found {problem.found}; allowed is {problem.allowed}"
        raise BundleError(container.place, member, reason) from None
    except RecursionError:
        raise BundleError(container.place, member, "is no profile: it nests tables without end") from None


_ALTERED = "is not what the manifest's SHA-256 was made of: it was altered or damaged"


def _read_journal(
    container: Container, manifest: Manifest, profiles: Mapping[str, Profile]
) -> tuple[Header, dict[str, tuple[Result, ...]]]:
    digest = hashlib.sha256()
    header: Header | None = None
    found: dict[str, dict[int, Result]] = {}
    for number, line in enumerate(_lines(container, digest), 1):
        if number > manifest.results + 1:
            raise BundleError(container.place, JOURNAL, f"has more results than the {manifest.results} of the manifest")
        place = f"{JOURNAL}:{number}"
        fields = _event(line, container.place, place, RUN if number == 1 else RESULT)
        if header is None:
            header = _header(fields, container.place, place)
        else:
            result = _result(fields, profiles, container.place, place)
            attempts = found.setdefault(result.cell, {})
            if result.attempt in attempts:
                reason = f"is a second result of {result.cell}, attempt {result.attempt}; each is there once"
                raise BundleError(container.place, place, reason)
            attempts[result.attempt] = result
    if digest.hexdigest() != manifest.members[JOURNAL][1]:
        raise BundleError(container.place, JOURNAL, _ALTERED)
    if header is None:
        raise BundleError(container.place, JOURNAL, "is empty; it begins with the header of a run")
    _compare(container.place, manifest, header, sum(map(len, found.values())))
    return header, {cell: tuple(attempts[number] for number in sorted(attempts)) for cell, attempts in found.items()}


def _lines(container: Container, digest: hashlib._Hash) -> Iterator[bytes]:
    rest = b""
    for chunk in container.chunks(JOURNAL, JOURNAL_BYTES):
        digest.update(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        if any(len(line) > LINE_LIMIT for line in (*lines, rest)):
            raise BundleError(container.place, JOURNAL, f"has a line of more than {LINE_LIMIT} bytes")
        yield from lines
    if rest:
        raise BundleError(container.place, JOURNAL, "ends in an unfinished line")


def _event(line: bytes, place: str, where: str, kind: str) -> dict[str, Json]:
    try:
        fields = parse_json(line)
    except StrictJsonError as error:
        raise BundleError(place, where, str(error)) from None
    if not isinstance(fields, dict) or fields.get("event") != kind:
        raise BundleError(place, where, f"is not the {kind} event that is expected there")
    return fields


def _result(fields: dict[str, Json], profiles: Mapping[str, Profile], place: str, where: str) -> Result:
    cell = fields.get("cell")
    identity = read_id(cell) if isinstance(cell, str) and len(cell) <= FACT_LENGTH else None
    if identity is None or str(identity) != cell:
        raise BundleError(place, where, f"is a result of {shown(str(cell))}, which is no cell's id")
    if identity.profile not in profiles:
        raise BundleError(place, where, f"is a result of {identity.profile}, whose profile the bundle does not hold")
    try:
        return result_from_json(fields)
    except RecordError as error:
        raise BundleError(place, where, str(error)) from None


def _header(fields: dict[str, Json], place: str, where: str) -> Header:
    machine, stack = fields.get("machine"), fields.get("stack")
    columns, arguments = fields.get("columns"), fields.get("arguments")
    facts = [item for table in (machine, stack) if isinstance(table, dict) for pair in table.items() for item in pair]
    texts = [item for listed in (columns, arguments) if isinstance(listed, list) for item in listed]
    right = isinstance(machine, dict) and isinstance(stack, dict) and isinstance(columns, list)
    cells = fields.get("cells")
    if not right or not isinstance(arguments, list) or type(cells) is not int or not 0 <= cells < 2**53:
        raise BundleError(place, where, "lacks something that the header of a run has, or has it in another form")
    if len(facts) > 2 * FACTS or len(texts) > 2 * FACTS:
        raise BundleError(
            place, where, f"has more than {FACTS} facts of machine and stack, or of columns and arguments"
        )
    for item in (*facts, *texts):
        if not isinstance(item, str) or len(item) > FACT_LENGTH:
            reason = f"has a fact {shown(str(item), 40)}; facts are texts of at most {FACT_LENGTH} characters"
            raise BundleError(place, where, reason)
    header = read_header(fields)
    return replace(header, started=_moment(header.started, place, where))


def _moment(text: str, place: str, where: str) -> str:
    """A time in the one form in which times can be compared as texts."""
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BundleError(place, where, f"says that it started {shown(text, 40)}, which is no ISO time") from None
    return time.isoformat(timespec="milliseconds")


def _compare(place: str, manifest: Manifest, header: Header, results: int) -> None:
    if header.plan != manifest.plan:
        raise BundleError(place, JOURNAL, "is of another plan than the manifest says")
    if results != manifest.results:
        raise BundleError(place, JOURNAL, f"has {results} results; the manifest says {manifest.results}")
