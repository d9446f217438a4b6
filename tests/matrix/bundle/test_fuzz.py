"""Fuzzing: whatever arrives is refused in one line, or is a run that every renderer takes and that nothing lives in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.bundle.limits import SENTENCE, BundleError
from matrix.bundle.manifest import JOURNAL, MANIFEST
from matrix.bundle.reading import read_bundle
from tests.matrix.bundle.forging import PLACE, good, members, read, sealed, with_header
from tests.matrix.bundle.rendering import ALIVE, check_harmless

PROFILE = "profiles/sm_90.toml"
MARKUP = (
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "`` ` ```",
    "| a | b |\n|---|---|\n# head\n[x](javascript:alert(1))",
    "![x](http://evil.example/x.png) <http://evil.example> www.evil.example @everyone",
    "\x1b[2J\x1b]0;title\x07\x9b31m\x00\x08\r\n",
    "\u202egpj.exe\u2066\u2028\u2029\ufeff",
    "&lt;b&gt; &#60;i&#62; ]]> \\u003cb\\u003e",
    "$title ${policy} %s {0}",
    "-1",
    "nan",
    "inf",
    "",
    " ",
    "../../x",
    "x" * 3000,
)
texts = st.sampled_from(MARKUP) | st.text(max_size=40)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 2**63, 10**400, 5e-324, 1.7e308])
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
ours = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))

TIMING = {
    "baseline": {"nanoseconds": [1000, 1100], "host": 1e-5},
    "candidate": {"nanoseconds": [900, 950], "host": 1e-5},
    "against": "native", "speedup": 1.1, "speedup_low": 1.0, "speedup_high": 1.2, "device": "chip", "stopped": "cap",
    "floor": 1e-6, "moved": 1000, "operations": 1000, "peak_bandwidth": 1e12, "peak_arithmetic": 1e14,
    "conditions": {"clock_mhz before": 1200.0},
}  # fmt: skip
BASE = "cpu-interpreter:add.Tensor/flag_gems[dtype=float32,sample=typical-0]@"
RESULTS: tuple[dict[str, Any], ...] = (
    {"cell": f"{BASE}interpret", "outcome": "WRONG", "phase": "compare", "detail": "off",
     "comparison": {"rule": "r", "total": 4, "mismatched": 2, "max_abs": 1.0, "first_bad": [0], "got": "1", "expected": "2",
                    "policies": {"loose": False}, "vacuous": ["zeros"]},
     "launches": [{"kernel": "k", "file": "flag_gems/ops/add.py", "count": 1}]},
    {"cell": f"{BASE}interpret", "outcome": "INFRA", "phase": "run", "detail": "gap", "gap": "libdevice.fancy"},
    {"cell": f"{BASE}run", "outcome": "CRASH", "phase": "run", "detail": "SIGSEGV", "traceback": "t", "output": "o"},
    {"cell": f"{BASE}time", "outcome": "PASS", "phase": "time", "comparison": {"rule": "r", "total": 4, "mismatched": 0},
     "timing": TIMING},
    {"cell": f"{BASE}compile", "outcome": "PASS", "phase": "compile",
     "compiled": [{"kernel": "k", "file": "f", "configuration": {"n": "1"}, "size": 1, "shared": 0, "registers": 9,
                   "spilled": 0, "seconds": 0.1, "tried": 4, "fitting": 3}], "remembered": "2026-01-01T00:00:00"},
)  # fmt: skip


def check(data: bytes) -> None:
    """The property."""
    try:
        bundle = read(data)
    except BundleError as error:
        text = str(error)
        assert text.startswith(PLACE)
        assert len(text) <= SENTENCE
        assert "\n" not in text
        assert ALIVE.findall(text) == []
        return
    check_harmless(bundle)
    check_harmless(bundle, read(good()))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def planted(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of a JSON value with another at one place."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = planted(value[path[0]], path[1:], new)
    return changed


def one_result(result: dict[str, Any]) -> bytes:
    changed = members()
    header = json.loads(changed[JOURNAL].splitlines()[0])
    lines = [json.dumps(item).encode() for item in (header, {"event": "result", **result})]
    changed[JOURNAL] = b"\n".join([*lines, b""])
    return sealed(changed)


def test_the_results_that_are_changed_below_are_good() -> None:
    for result in RESULTS:
        check_harmless(read(one_result(result)))


HOSTILE: tuple[Any, ...] = (
    0, -1, 0.0, 5e-324, 1.7e308, 2**62, 2**64, True, None, "", "nan", "-inf", MARKUP[0], [], {}, [0], {"": ""},
)  # fmt: skip


@pytest.mark.parametrize(
    "result", RESULTS, ids=lambda result: f"{result['outcome']}@{result['cell'].rpartition('@')[2]}"
)
def test_every_field_takes_or_refuses_every_kind_of_value(result: dict[str, Any]) -> None:
    for path in places(result)[1:]:
        for value in HOSTILE:
            check(one_result(planted(result, path, value)))


@ours
@given(st.sampled_from(RESULTS), st.data())
def test_anything_may_stand_anywhere_in_a_result(result: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(result)[1:]))
    check(one_result(planted(result, path, data.draw(values))))


@ours
@given(st.sampled_from(RESULTS[:3]), st.lists(texts, min_size=5, max_size=5))
def test_any_text_may_be_said(result: dict[str, Any], said: list[str]) -> None:
    texts_of_it = dict(zip(("detail", "traceback", "output", "worker", "remembered"), said, strict=True))
    check(one_result(result | {name: text or "x" for name, text in texts_of_it.items()}))


@ours
@given(st.data())
def test_anything_may_stand_anywhere_in_the_header(data: st.DataObject) -> None:
    header = json.loads(members()[JOURNAL].splitlines()[0])
    path = data.draw(st.sampled_from(places(header)[1:]))
    check(with_header(**planted(header, path, data.draw(values))))


@ours
@given(st.dictionaries(texts, texts, max_size=4), st.dictionaries(texts, texts, max_size=4), texts)
def test_any_fact_may_be_told(machine: dict[str, str], stack: dict[str, str], argument: str) -> None:
    machine = {f"devices of {name}" if place else name: text for place, (name, text) in enumerate(machine.items())}
    check(with_header(machine=machine, stack=stack, arguments=[argument], columns=[argument]))


@ours
@given(st.data())
def test_anything_may_stand_anywhere_in_the_manifest(data: st.DataObject) -> None:
    manifest = json.loads(members()[MANIFEST])
    path = data.draw(st.sampled_from(places(manifest)[1:]))
    changed = planted(manifest, path, data.draw(values))
    check(sealed(members(), **{name: value for name, value in changed.items() if name != "members"}))
    check(sealed(members(), **changed))


@ours
@given(st.integers(0, 60), st.sampled_from(["", "["]) | texts)
def test_a_profile_may_have_any_line(place: int, text: str) -> None:
    changed = members()
    lines = changed[PROFILE].decode().splitlines()
    place %= len(lines)
    lines[place] = text if len(text) % 3 else f"{lines[place].partition('=')[0]} = {json.dumps(text)}"
    changed[PROFILE] = "\n".join(lines).encode("utf-8", "replace")
    check(sealed(changed))


@ours
@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.binary(max_size=40),
    st.sampled_from(["put", "insert", "cut", "double"]),
)
def test_bytes_may_be_changed_anywhere(first: int, second: int, new: bytes, how: str) -> None:
    data = good()
    start = first % len(data)
    end = start + second % 200
    forms = {
        "put": data[:start] + new + data[start + len(new) :],
        "insert": data[:start] + new + data[start:],
        "cut": data[:start] + data[end:],
        "double": data[:end] + data[start:],
    }
    check(forms[how])


@ours
@given(st.binary(max_size=300))
def test_any_bytes_may_be_called_a_bundle(data: bytes) -> None:
    check(data)
    check(data + good()[-22:])


@pytest.mark.parametrize("name", MARKUP)
def test_the_name_of_the_file_is_harmless_too(name: str) -> None:
    check_harmless(read_bundle(good(), name, PLACE))
