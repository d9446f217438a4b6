"""The manifest of a bundle: its schema, what its members are, and whether and how it was redacted.

manifest.json           this
journal.jsonl           the run's header, and then one line for each result, in the order of their ids
profiles/<name>.toml    the profile of each column that the results are of
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from backends.reading import NAME
from matrix.bundle.limits import RESULTS, BundleError, shown
from matrix.bundle.strict_json import StrictJsonError, parse_json
from matrix.record import Json

SCHEMA = "compatibility-matrix-bundle/1"
FAMILY, VERSION = "compatibility-matrix-bundle", 1
MANIFEST, JOURNAL = "manifest.json", "journal.jsonl"
PROFILE = re.compile(rf"profiles/(?P<name>{NAME})\.toml")
KEYS = ("schema", "plan", "results", "catalogue", "redaction", "members")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Redaction:
    """How a bundle was redacted.

    facts     names of the machine's facts that were kept: all others were left out
    replaced  what was replaced in texts, kind -> how often
    """

    facts: tuple[str, ...] = ()
    replaced: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    plan       digest of the run's plan, empty for an adopted suite;  results: how many lines of results there are
    catalogue  operator -> digest of the calls that its samples stood for, which the ids of its cells do not hold
    members    name -> (size, SHA-256) of everything but the manifest
    """

    plan: str
    results: int
    catalogue: Mapping[str, str]
    members: Mapping[str, tuple[int, str]]
    redaction: Redaction | None = None


def write_manifest(manifest: Manifest) -> bytes:
    redaction = manifest.redaction
    fields: dict[str, Json] = {
        "schema": SCHEMA,
        "plan": manifest.plan,
        "results": manifest.results,
        "catalogue": dict(manifest.catalogue),
        "redaction": None
        if redaction is None
        else {"facts_kept": list(redaction.facts), "replaced": dict(redaction.replaced or {})},
        "members": [
            {"name": name, "size": size, "sha256": digest} for name, (size, digest) in manifest.members.items()
        ],
    }
    return json.dumps(fields, indent=1).encode() + b"\n"


def read_manifest(data: bytes, place: str) -> Manifest:
    """Read a manifest.

    Raises BundleError that says which field is wrong.
    """
    try:
        return _read(parse_json(data))
    except (StrictJsonError, _FieldError) as error:
        raise BundleError(place, MANIFEST, str(error)) from None


def measure(data: bytes) -> tuple[int, str]:
    """What a manifest says of a member: its size and SHA-256."""
    return len(data), hashlib.sha256(data).hexdigest()


class _FieldError(ValueError):
    """A field of a manifest is wrong."""


def _read(value: Json) -> Manifest:
    fields = _object(value, "it")
    _check_schema(fields.get("schema"))
    if sorted(fields) != sorted(KEYS):
        found = ", ".join(shown(name, 30) for name in sorted(fields)[:12])
        raise _FieldError(f"has the fields {found}; they are {', '.join(KEYS)}")
    if _whole(fields["results"], "results") > RESULTS:
        raise _FieldError(f"says of {fields['results']} results; at most {RESULTS} are allowed")
    return Manifest(
        plan=_digest(fields["plan"], "plan") if fields["plan"] != "" else "",
        results=_whole(fields["results"], "results"),
        catalogue=_catalogue(fields["catalogue"]),
        members=_members(fields["members"]),
        redaction=_redaction(fields["redaction"]),
    )


def _check_schema(schema: Json) -> None:
    if schema == SCHEMA:
        return
    family, _, version = schema.partition("/") if isinstance(schema, str) else ("", "", "")
    if family == FAMILY and version.isdecimal() and version.isascii() and len(version) < 9 and int(version) > VERSION:
        raise _FieldError(f"is of version {version}; this checkout reads version {VERSION}: update it")
    raise _FieldError(f"says of its schema {shown(str(schema), 60)}; a bundle says {SCHEMA}")


def _members(value: Json) -> dict[str, tuple[int, str]]:
    members: dict[str, tuple[int, str]] = {}
    for item in value if isinstance(value, list) else ():
        fields = _object(item, "a member")
        name = fields.get("name")
        if not isinstance(name, str) or (name != JOURNAL and not PROFILE.fullmatch(name)):
            raise _FieldError(f"lists a member {shown(str(name))}; allowed are {JOURNAL} and profiles/<name>.toml")
        if name in members:
            raise _FieldError(f"lists the member {shown(name)} twice")
        members[name] = _whole(fields.get("size"), "a size"), _digest(fields.get("sha256"), "a sha256")
    if JOURNAL not in members:
        raise _FieldError(f"lists no {JOURNAL}")
    return members


def _catalogue(value: Json) -> dict[str, str]:
    operators = _object(value, "catalogue")
    for name, digest in operators.items():
        if not re.fullmatch(NAME, name) or not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{16}", digest):
            raise _FieldError(
                f"says of catalogue.{shown(name, 40)} {shown(str(digest), 30)}; 16 hexadecimal digits are expected"
            )
    return {name: str(digest) for name, digest in operators.items()}


def _redaction(value: Json) -> Redaction | None:
    if value is None:
        return None
    fields = _object(value, "redaction")
    facts, replaced = fields.get("facts_kept"), _object(fields.get("replaced"), "redaction.replaced")
    if not isinstance(facts, list) or not all(isinstance(fact, str) for fact in facts):
        raise _FieldError("says of redaction.facts_kept something that is no list of texts")
    names = tuple(fact for fact in facts if isinstance(fact, str))
    return Redaction(names, {kind: _whole(number, "redaction.replaced") for kind, number in replaced.items()})


def _object(value: Json, name: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise _FieldError(f"says of {name} something that is no object")
    return value


def _whole(value: Json, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _FieldError(f"says of {name} {shown(str(value), 30)}; a whole number is expected")
    return value


def _digest(value: Json, name: str) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise _FieldError(f"says of {name} {shown(str(value), 30)}; 64 hexadecimal digits are expected")
    return value
