"""Making bundles: good ones of the example run, and forged ones that are bad in one way each."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matrix.bundle.container import write_container
from matrix.bundle.manifest import JOURNAL, MANIFEST
from matrix.bundle.reading import Bundle, read_bundle
from matrix.bundle.writing import pack

EXAMPLE = Path(__file__).with_name("example")
PLACE = "sent/lab.zip"
Members = dict[str, bytes]


@functools.cache
def good() -> bytes:
    return pack(EXAMPLE).data


def members(data: bytes | None = None) -> Members:
    with zipfile.ZipFile(io.BytesIO(good() if data is None else data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def read(data: bytes) -> Bundle:
    return read_bundle(data, "lab.zip", PLACE)


def sealed(changed: Mapping[str, bytes], **fields: Any) -> bytes:
    """A bundle of members whose manifest agrees with them, but for the fields that are given."""
    rest = {name: data for name, data in changed.items() if name != MANIFEST}
    manifest = json.loads(changed[MANIFEST])
    manifest["members"] = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in rest.items()
    ]
    manifest["results"] = max(rest.get(JOURNAL, b"").count(b"\n") - 1, 0)
    return write_container({MANIFEST: json.dumps(manifest | fields).encode(), **rest})


def with_lines(change: Callable[[list[bytes]], list[bytes]], **fields: Any) -> bytes:
    """The example's bundle with other lines in its journal, and a manifest that says so."""
    changed = members()
    changed[JOURNAL] = b"".join(line + b"\n" for line in change(changed[JOURNAL].splitlines()))
    return sealed(changed, **fields)


def with_result(**fields: Any) -> bytes:
    """The example's bundle with other fields in its first result; None takes one out."""

    def change(lines: list[bytes]) -> list[bytes]:
        result = json.loads(lines[1]) | fields
        kept = {name: value for name, value in result.items() if value is not None}
        return [lines[0], json.dumps(kept).encode(), *lines[2:]]

    return with_lines(change)


def with_header(**fields: Any) -> bytes:
    return with_lines(lambda lines: [json.dumps(json.loads(lines[0]) | fields).encode(), *lines[1:]])


def copied(tmp_path: Path, name: str = "run", **header: Any) -> Path:
    """A copy of the example run, with other fields in its header."""
    directory = tmp_path / name
    shutil.copytree(EXAMPLE, directory)
    [path] = directory.glob("journal-*-run.jsonl")
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | header), *rest]) + "\n")
    return directory


def rewritten(directory: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """A run's directory with every result changed."""
    for path in directory.glob("journal-*.jsonl"):
        events = [json.loads(line) for line in path.read_text().splitlines()]
        changed = [change(event) if event["event"] == "result" else event for event in events]
        path.write_text("".join(json.dumps(event) + "\n" for event in changed))
    return directory
