"""Joining bundles of other machines and runs of this one: which they are, what is declared here of what they hold.

A folder of a merge keeps the bundles themselves, each under its own digest, and `merged.json` that lists them; so its
reports can be made again, and it can be merged further. Whatever was given, the oldest run comes first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backends.profile import Profile
from matrix.bundle.declared_here import digest_calls, operators_here, profiles_here, read_id
from matrix.bundle.limits import FILE_BYTES, MANIFEST_BYTES, MEMBERS, BundleError
from matrix.bundle.reading import Bundle, read_bundle
from matrix.bundle.strict_json import StrictJsonError, parse_json
from matrix.bundle.writing import pack, read_file
from matrix.cell import Cell
from matrix.identity import CellId
from matrix.outcome import Evidence
from matrix.record import Json
from operators.case import Case
from operators.operator import Operator, Sample

LIST, FOLDER = "merged.json", "bundles"
SCHEMA = "compatibility-matrix-merge/1"
MOST_NAMED = 8
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Source:
    """The bytes of a bundle and what they hold."""

    data: bytes
    bundle: Bundle

    @property
    def name(self) -> str:
        return self.bundle.run.origin.name if self.bundle.run.origin else ""


@dataclass(frozen=True)
class Merged:
    """What a grid of several machines is made of; `notices` say what does not fit together."""

    sources: tuple[Source, ...]
    profiles: tuple[Profile, ...]
    cells: tuple[Cell, ...]
    notices: tuple[str, ...]


def is_merged(directory: Path) -> bool:
    return (directory / LIST).is_file()


def gather(paths: Iterable[Path]) -> list[Source]:
    """The bundles of files, of folders of a run, which are packed for it, and of folders of a merge.

    Raises BundleError for the first that cannot be read.
    """
    found: list[Source] = []
    for path in paths:
        if is_merged(path):
            found += load(path)
        elif path.is_dir():
            packed = pack(path)
            found.append(Source(packed.data, packed.bundle))
        else:
            data = read_file(path, FILE_BYTES)
            found.append(Source(data, read_bundle(data, path.name, str(path))))
    return found


def merge(sources: Sequence[Source], now: datetime | None = None) -> Merged:
    """Join bundles: the same one counts once, and each profile and case is looked up in what is declared here."""
    once = {source.bundle.digest: source for source in sources}
    ordered = sorted(once.values(), key=lambda source: (source.bundle.run.header.started, source.bundle.digest))
    operators = operators_here()
    notices = [f"{source.name} is given more than once" for source in ordered if _times(source, sources) > 1]
    notices += _from_the_future(ordered, now or datetime.now(UTC))
    notices += _other_cases(ordered, operators)
    for source in ordered:
        notices += [f"{source.name}: {warning}" for warning in source.bundle.run.warnings]
    profiles, differing = choose_profiles(ordered, profiles_here())
    ids = {cell: None for source in ordered for cell in source.bundle.run.results}
    identities = [identity for cell in ids if (identity := read_id(cell)) is not None]
    shown = _strongest_first(profiles, identities)
    cells = find_cells(identities, profiles, operators)
    return Merged(tuple(ordered), shown, cells, (*notices, *differing))


def save(sources: Sequence[Source], directory: Path) -> None:
    """Keep the bundles in a folder, with the list that `load` reads."""
    (directory / FOLDER).mkdir(parents=True, exist_ok=True)
    for source in sources:
        (directory / FOLDER / f"{source.bundle.digest}.zip").write_bytes(source.data)
    listed: list[Json] = [{"name": source.name, "sha256": source.bundle.digest} for source in sources]
    (directory / LIST).write_text(json.dumps({"schema": SCHEMA, "bundles": listed}, indent=1) + "\n")


def merged_files(directory: Path) -> list[Path]:
    """The files of the bundles in a folder that `save` wrote, in the order of their names."""
    return sorted(path for path in (directory / FOLDER).iterdir() if path.is_file())


def load(directory: Path) -> list[Source]:
    """The bundles of a folder that `save` wrote.

    Raises BundleError for a list that is none, and for a bundle that is not the one that the list names.
    """
    place = str(directory / LIST)
    try:
        table = parse_json(read_file(directory / LIST, MANIFEST_BYTES))
    except StrictJsonError as error:
        raise BundleError(place, "", str(error)) from None
    listed = table.get("bundles") if isinstance(table, dict) and table.get("schema") == SCHEMA else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MEMBERS:
        raise BundleError(place, "", f"is no list of merged bundles ({SCHEMA})")
    return [_load(directory, item, place) for item in listed]


def _load(directory: Path, item: Json, place: str) -> Source:
    name, digest = (item.get("name"), item.get("sha256")) if isinstance(item, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise BundleError(place, "", "lists something that is no bundle's name with its SHA-256")
    path = directory / FOLDER / f"{digest}.zip"
    data = read_file(path, FILE_BYTES)
    source = Source(data, read_bundle(data, name, str(path)))
    if source.bundle.digest != digest:
        raise BundleError(str(path), "", "is not what its name, a SHA-256, was made of: it was altered or damaged")
    return source


def choose_profiles(sources: Sequence[Source], here: Mapping[str, Profile]) -> tuple[dict[str, Profile], list[str]]:
    """The profile of each name, and sentences on those that differ: this checkout's, else the newest bundle's."""
    chosen: dict[str, tuple[Profile, str]] = {}
    notices: list[str] = []
    for source in reversed(sources):
        for name, profile in source.bundle.profiles.items():
            mine = here.get(name)
            whose = (replace(mine, path=None), "this checkout's") if mine is not None else (profile, source.name)
            known, owner = chosen.setdefault(name, whose)
            differing = [
                item.name for item in fields(Profile) if getattr(known, item.name) != getattr(profile, item.name)
            ]
            if differing:
                notices.append(
                    f"conflict: {source.name} declares the profile {name} otherwise than {owner} "
                    f"({', '.join(differing)} differ); its results are shown with {owner}"
                )
    return {name: here.get(name, profile) for name, (profile, _) in chosen.items()}, notices


def find_cells(
    identities: Iterable[CellId], profiles: Mapping[str, Profile], operators: Mapping[str, Operator]
) -> tuple[Cell, ...]:
    """The cells of ids whose cases the catalogue holds, in its order; the others have no cell here."""
    places = {name: place for place, name in enumerate(operators)}
    samples = {
        name: {sample.name: sample for sample in operators[name].samples}
        for name in {i.operator for i in identities} & set(operators)
    }
    found: list[tuple[tuple[int, int, int, str], Cell]] = []
    for identity in identities:
        cell = _cell(identity, profiles, operators, samples)
        if cell is not None:
            operator, case = cell.case.operator, cell.case
            place = operator.samples.index(case.sample)
            found.append(((places[operator.name], place, cell.evidence.strength, case.dtype), cell))
    return tuple(cell for _, cell in sorted(found, key=lambda item: item[0]))


def _cell(
    identity: CellId,
    profiles: Mapping[str, Profile],
    operators: Mapping[str, Operator],
    samples: Mapping[str, Mapping[str, Sample]],
) -> Cell | None:
    parameters = dict(identity.parameters)
    sample = samples.get(identity.operator, {}).get(parameters.get("sample", ""))
    if sample is None or identity.provider not in operators[identity.operator].providers:
        return None
    case = Case(operators[identity.operator], identity.provider, parameters.get("dtype", ""), sample)
    cell = Cell(profiles[identity.profile], case, identity.evidence)
    return cell if cell.id == identity else None


def _strongest_first(profiles: Mapping[str, Profile], identities: Iterable[CellId]) -> tuple[Profile, ...]:
    best: dict[str, Evidence] = {}
    for identity in identities:
        best[identity.profile] = max(
            best.get(identity.profile, identity.evidence), identity.evidence, key=lambda item: item.strength
        )
    used = [profile for profile in profiles.values() if profile.name in best]
    return tuple(sorted(used, key=lambda profile: (-best[profile.name].strength, profile.name)))


def _times(source: Source, sources: Iterable[Source]) -> int:
    return sum(other.bundle.digest == source.bundle.digest for other in sources)


def _from_the_future(sources: Iterable[Source], now: datetime) -> list[str]:
    latest = (now + timedelta(days=1)).isoformat()
    started = [(source.name, source.bundle.run.header.started) for source in sources]
    return [
        f"{name} says that it started on {time[:10]}, which is to come; it counts as newest"
        for name, time in started
        if time > latest
    ]


def _other_cases(sources: Iterable[Source], operators: Mapping[str, Operator]) -> list[str]:
    notices = []
    for source in sources:
        here = digest_calls(source.bundle.run.results, operators)
        other = [name for name, digest in source.bundle.manifest.catalogue.items() if here.get(name, digest) != digest]
        if other:
            named = ", ".join(other[:MOST_NAMED]) + (
                f" and {len(other) - MOST_NAMED} more" if len(other) > MOST_NAMED else ""
            )
            notices.append(
                f"{source.name} judged other calls than this checkout's catalogue has under the same ids: {named}"
            )
    return notices
