"""What a bundle's members say, forged: refused in one sentence that names member and reason, or made harmless."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from matrix.bundle.container import write_container
from matrix.bundle.limits import MANIFEST_BYTES, MIB, PROFILE_BYTES, BundleError
from matrix.bundle.manifest import JOURNAL, MANIFEST, SCHEMA
from matrix.bundle.strict_json import StrictJsonError, parse_json
from tests.matrix.bundle.forging import PLACE, good, members, read, sealed, with_header, with_lines, with_result

PROFILE = "profiles/sm_90.toml"
MARKUP = "</script><img src=x onerror=alert(1)> | `[x](javascript:1)` \x1b[31m\x07\u202e\u2066\x9b1m"


def refusal(data: bytes) -> str:
    with pytest.raises(BundleError) as caught:
        read(data)
    text = str(caught.value)
    assert text.startswith(f"{PLACE}: ")
    assert "\n" not in text
    assert text.isprintable()
    assert len(text) <= 400
    return text.removeprefix(f"{PLACE}: ")


def raw_manifest(text: str | bytes) -> bytes:
    changed = members()
    changed[MANIFEST] = text if isinstance(text, bytes) else text.encode()
    return write_container(changed)


def manifest(**fields: Any) -> bytes:
    return raw_manifest(json.dumps(json.loads(members()[MANIFEST]) | fields))


def member(name: str, size: int = 1) -> dict[str, object]:
    return {"name": name, "size": size, "sha256": "0" * 64}


def unsealed(name: str, data: bytes) -> bytes:
    return write_container({**members(), name: data})


def without(name: str) -> bytes:
    return write_container({key: data for key, data in members().items() if key != name})


def sealed_without(name: str) -> bytes:
    return sealed({key: data for key, data in members().items() if key != name})


def profile(change: Callable[[str], str]) -> bytes:
    changed = members()
    changed[PROFILE] = change(changed[PROFILE].decode()).encode("utf-8", "surrogateescape")
    return sealed(changed)


def noise(length: int) -> bytes:
    """Text that no archive packs well."""
    return random.Random(1).randbytes(length).hex()[:length].encode()


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def line(text: bytes) -> bytes:
    return with_lines(lambda lines: [*lines[:3], text, *lines[3:]])


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    # the manifest
    "no manifest": (lambda: without(MANIFEST), "manifest.json: is missing"),
    "a manifest that is no JSON": (lambda: raw_manifest("{"), "manifest.json: is no JSON"),
    "a manifest that is a list": (lambda: raw_manifest("[]"), "manifest.json: says of it something that is no object"),
    "a manifest without end": (lambda: raw_manifest(deep(100_000)), "manifest.json: nests"),
    "a giant manifest": (lambda: raw_manifest(noise(MANIFEST_BYTES + 1)), "at most 1048576 are allowed"),
    "a schema of another program": (lambda: manifest(schema="docker/1"), f"a bundle says {SCHEMA}"),
    "no schema": (lambda: manifest(schema=None), f"a bundle says {SCHEMA}"),
    "a future schema": (
        lambda: manifest(schema="compatibility-matrix-bundle/2"),
        "manifest.json: is of version 2; this checkout reads version 1: update it",
    ),
    "a field too many": (lambda: manifest(extra=1), "manifest.json: has the fields"),
    "a plan that is no digest": (lambda: manifest(plan="<b>"), "says of plan '<b>'"),
    "a size that is none": (lambda: manifest(members=[member(JOURNAL) | {"size": -1}]), "says of a size '-1'"),
    "a member that leads elsewhere": (lambda: manifest(members=[member("../x")]), "lists a member '../x'"),
    "a member twice": (
        lambda: manifest(members=[member(JOURNAL), member(JOURNAL)]),
        "lists the member 'journal.jsonl' twice",
    ),
    "no journal listed": (lambda: manifest(members=[member(PROFILE)]), "lists no journal.jsonl"),
    "a key twice": (lambda: raw_manifest('{"schema": 1, "schema": 2}'), "has the key 'schema' twice"),
    "a catalogue of texts": (lambda: manifest(catalogue={"add\n": "x"}), "says of catalogue."),
    "redacted to taste": (lambda: manifest(redaction={"facts_kept": [1], "replaced": {}}), "redaction.facts_kept"),
    # members against the manifest
    "a missing journal": (lambda: without(JOURNAL), "journal.jsonl: is in the manifest and missing"),
    "a missing profile": (lambda: without(PROFILE), f"{PROFILE}: is in the manifest and missing"),
    "an extra member": (lambda: unsealed("run.sh", b"rm -rf ~"), "'run.sh': is not in the manifest"),
    "a wrong size": (lambda: unsealed(JOURNAL, b"{}\n"), "journal.jsonl: has 3 bytes; the manifest says"),
    "a wrong sum": (
        lambda: unsealed(JOURNAL, members()[JOURNAL].replace(b'"gw0-', b'"gw1-')),
        "is not what the manifest's SHA-256",
    ),
    "a wrong sum of a profile": (
        lambda: unsealed(PROFILE, members()[PROFILE].replace(b"9", b"8")),
        f"{PROFILE}: is not what the manifest's SHA-256",
    ),
    "a wrong number of results": (
        lambda: with_lines(lambda lines: lines, results=99),
        "has 15 results; the manifest says 99",
    ),
    "more results than are said": (
        lambda: with_lines(lambda lines: lines, results=3),
        "more results than the 3 of the",
    ),
    "too many results": (lambda: with_lines(lambda lines: lines, results=10**7), "at most 1000000 are allowed"),
    "another plan": (lambda: with_lines(lambda lines: lines, plan="0" * 64), "is of another plan"),
    # the journal
    "an empty journal": (lambda: with_lines(lambda _: []), "journal.jsonl: is empty"),
    "an unfinished line": (lambda: sealed({**members(), JOURNAL: members()[JOURNAL][:-5]}), "journal.jsonl"),
    "no header": (lambda: with_lines(lambda lines: lines[1:]), "journal.jsonl:1: is not the run event"),
    "two headers": (lambda: with_lines(lambda lines: [lines[0], *lines]), "journal.jsonl:2: is not the result event"),
    "a line of another kind": (
        lambda: line(b'{"event": "exec", "command": "rm"}'),
        "journal.jsonl:4: is not the result",
    ),
    "a line that is no JSON": (lambda: line(b"import os"), "journal.jsonl:4: is no JSON"),
    "a giant line": (lambda: line(b'"' + noise(MIB + 5) + b'"'), "a line of more than 1048576 bytes"),
    "no UTF-8": (lambda: line(b'{"event": "\xff\xfe"}'), "journal.jsonl:4: is not UTF-8 at byte 11"),
    "nesting without end": (lambda: line(deep(200_000)), "journal.jsonl:4: nests lists and objects more than 12 deep"),
    "nesting a little deep": (lambda: line(deep(14)), "journal.jsonl:4: nests lists and objects more than 12 deep"),
    "NaN": (lambda: line(b'{"event": "result", "seconds": NaN}'), "journal.jsonl:4: holds NaN, which is no JSON"),
    "Infinity": (lambda: line(b'{"event": "result", "seconds": -Infinity}'), "holds -Infinity, which is no JSON"),
    "an infinite number": (lambda: line(b'{"event": "result", "seconds": 1e999}'), "holds '1e999', a number too large"),
    "a number of many digits": (lambda: line(b'{"x": ' + b"9" * 5000 + b"}"), "journal.jsonl:4: is no JSON"),
    "a key twice in a result": (
        lambda: line(b'{"event": "result", "cell": "a", "cell": "b"}'),
        "has the key 'cell' twice",
    ),
    # results
    "a result twice": (lambda: with_lines(lambda lines: [*lines, lines[1]]), "attempt 1; each is there once"),
    "no cell": (lambda: with_result(cell=None), "journal.jsonl:2: is a result of 'None'"),
    "a cell that is markup": (lambda: with_result(cell=MARKUP), "which is no cell's id"),
    "a cell that is too long": (lambda: with_result(cell="x" * 70_000), "which is no cell's id"),
    "a cell of another profile": (
        lambda: with_result(cell="cuda:add.Tensor/flag_gems[dtype=float32,sample=typical-0]@run"),
        "is a result of cuda, whose profile the bundle does not hold",
    ),
    "a cell with a line's end": (
        lambda: with_result(cell=json.loads(members()[JOURNAL].splitlines()[1])["cell"] + "\n"),
        "no cell's id",
    ),
    "an unknown outcome": (lambda: with_result(outcome="GREAT\x1b[0m"), "outcome is 'GREAT'; allowed are PASS"),
    "a PASS without proof": (lambda: with_result(comparison=None), "a PASS needs a comparison"),
    "an attempt before the first": (lambda: with_result(attempt=0), "attempts count from 1"),
    "an attempt that is a text": (lambda: with_result(attempt="1"), "attempt is '1'; a whole number"),
    "an attempt too large": (lambda: with_result(attempt=2**70), "attempt is"),
    "a giant field": (lambda: with_result(detail="x" * 70_000), "detail has 70000 characters; at most 65536"),
    "a giant list": (lambda: with_result(launches=[0] * 10_001), "launches is"),
    "a list where a text is": (lambda: with_result(detail=["x"]), "detail is ['x']; a text is expected"),
    # the header
    "a header without machine": (lambda: with_header(machine=None), "journal.jsonl:1: lacks something"),
    "facts that are no texts": (lambda: with_header(machine={"cores": 2}), "has a fact '2'; facts are texts"),
    "giant facts": (lambda: with_header(machine={"host": "x" * 2000}), "facts are texts of at most 1000 characters"),
    "many facts": (lambda: with_header(machine={str(n): "" for n in range(900)}), "has more than 200 facts"),
    "cells that are no number": (lambda: with_header(cells=True), "lacks something that the header of a run has"),
    "no time": (lambda: with_header(started="yesterday"), "started 'yesterday', which is no ISO time"),
    "a time before all time": (lambda: with_header(started="0001-01-01T00:00:00+14:00"), "which is no ISO time"),
    # profiles
    "a profile that is no TOML": (lambda: profile(lambda _: "name = "), f"{PROFILE}: is no profile"),
    "a profile of another name": (lambda: profile(lambda text: text.replace('"sm_90"', '"sm_91"')), "is no profile"),
    "a profile with a field too many": (
        lambda: profile(lambda text: f'run = "rm -rf"\n{text}'),
        "'run': found an unknown key",
    ),
    "a profile whose device is a list": (
        lambda: profile(lambda text: text.replace('device = "', 'device = ["x"] #')),
        "'device'",
    ),
    "a profile without end": (lambda: profile(lambda text: f"x = {'[' * 1990}\n{text}"), "is no profile"),
    "a profile of deep keys": (lambda: profile(lambda text: f"{'.'.join('a' * 900)} = 1\n{text}"), "is no profile"),
    "a profile of a giant line": (
        lambda: profile(lambda text: f"{'.'.join('a' * 2000)} = 1\n{text}"),
        "more than 2000 bytes",
    ),
    "a giant profile": (lambda: profile(lambda text: text + "#\n" * PROFILE_BYTES), "at most 65536 are allowed"),
    "a profile that is not UTF-8": (lambda: profile(lambda text: text + "# \udcff"), f"{PROFILE}: is not UTF-8"),
    "results of a profile that is not there": (
        lambda: sealed_without(PROFILE),
        "whose profile the bundle does not hold",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_bundle_is_refused_in_one_sentence(kind: str) -> None:
    make, words = HOSTILE[kind]
    text = refusal(make())
    assert words in text, text


def test_control_characters_and_marks_of_direction_are_taken_out() -> None:
    run = read(with_result(outcome="ERROR", phase="run", detail=f"a{MARKUP}\nb", comparison=None, launches=None)).run
    [detail] = {result.detail for attempts in run.results.values() for result in attempts if result.detail}
    assert not set(detail) & set("\x1b\x07\u202e\u2066\x9b")
    assert detail.startswith("a</script>")
    assert detail.endswith("\nb")


def test_texts_of_the_header_are_cleaned_too() -> None:
    header = read(with_header(machine={"host\x1b[1m": f"h{MARKUP}"}, arguments=[f"run{MARKUP}"])).run.header
    text = "".join([*header.machine, *header.machine.values(), *header.arguments])
    assert not set(text) & set("\x1b\x07\u202e\u2066\x9b")


def test_times_are_brought_into_one_form() -> None:
    assert read(with_header(started="2026-11-25T12:00:00+02:00")).run.header.started == "2026-11-25T10:00:00.000+00:00"
    assert read(with_header(started="2026-11-25")).run.header.started == "2026-11-25T00:00:00.000+00:00"


def test_a_run_knows_where_it_came_from() -> None:
    bundle = read(good())
    assert bundle.run.origin is not None
    assert (bundle.run.origin.name, bundle.run.origin.redacted) == ("lab.zip", False)
    assert bundle.digest == bundle.run.origin.digest
    assert len(bundle.digest) == 64


def test_a_run_that_did_not_end_in_order_says_so() -> None:
    [warning] = read(with_header(cells=20)).run.warnings
    assert warning == "15 of its 20 planned cells have a result: the run did not end in order"


def test_floats_that_json_has_not_come_as_their_names() -> None:
    cell = json.loads(members()[JOURNAL].splitlines()[1])["cell"]
    [result] = read(with_result(comparison={"rule": "r", "total": 1, "mismatched": 0, "max_rel": "nan"})).run.results[
        cell
    ]
    assert result.comparison is not None
    assert result.comparison.max_rel is not None
    assert math.isnan(result.comparison.max_rel)


@pytest.mark.parametrize("text", [b'{"a": 1}', b'["x", 1.5, null, true, {}]', b'"\\u00e9"'])
def test_json_is_read(text: bytes) -> None:
    assert parse_json(text) == json.loads(text)


def test_a_lone_surrogate_is_no_text() -> None:
    assert parse_json(b'"a\\ud800b"') == "ab"


def test_keys_that_are_one_once_they_are_clean_are_refused() -> None:
    with pytest.raises(StrictJsonError, match="twice"):
        parse_json(b'{"cell": 1, "cell\\u202e": 2}')
