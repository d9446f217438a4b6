"""Results survive the way to JSON and back, and nothing else is taken for one."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.outcome import Outcome, Phase
from matrix.record import TEXT_LIMIT, RecordError, result_from_json, result_to_json
from matrix.result import Comparison, Compiled, Launch, Result, ResultError, Sampled, Timing
from matrix.tampering import Tampering

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.none() | st.floats()
comparisons = st.builds(
    Comparison,
    rule=texts,
    total=st.integers(0, 2**40),
    mismatched=st.integers(0, 2**40),
    max_abs=numbers,
    max_rel=numbers,
    bound=numbers,
    first_bad=st.none() | st.lists(st.integers(0, 2**40), max_size=4).map(tuple),
    got=st.none() | texts,
    expected=st.none() | texts,
    output=st.integers(0, 5),
    policies=st.dictionaries(texts, st.booleans(), max_size=3),
    vacuous=st.lists(texts, max_size=3).map(tuple),
)
launches = st.lists(st.builds(Launch, kernel=texts, file=texts, count=st.integers(1, 9)), max_size=3).map(tuple)
compiled = st.builds(
    Compiled,
    kernel=texts,
    file=texts,
    configuration=st.dictionaries(texts, texts, max_size=3),
    size=st.integers(0, 2**40),
    shared=st.integers(0, 2**20),
    registers=st.integers(0, 512),
    spilled=st.integers(0, 2**20),
    seconds=st.integers(0, 10**6).map(lambda thousandths: thousandths / 1000),
    count=st.integers(1, 9),
)
tuned = st.builds(
    lambda item, more, fitting: replace(item, tried=more + fitting, fitting=fitting),
    compiled,
    st.integers(0, 9),
    st.integers(1, 9),
)
results = st.builds(
    Result,
    cell=texts,
    outcome=st.just(Outcome.PASS),
    phase=st.sampled_from(Phase),
    detail=texts,
    seconds=st.none() | st.floats(0, 1e6),
    attempt=st.integers(1, 9),
    worker=st.none() | texts.filter(bool),
    comparison=comparisons,
    launches=launches,
    traceback=st.none() | texts.filter(bool),
    output=st.none() | texts.filter(bool),
)


compilations = st.builds(
    Result,
    cell=texts,
    outcome=st.just(Outcome.PASS),
    phase=st.just(Phase.COMPILE),
    compiled=st.lists(compiled | tuned, min_size=1, max_size=3).map(tuple),
    remembered=st.none() | texts.filter(bool),
)


positive = st.integers(1, 10**10).map(lambda nanoseconds: nanoseconds / 1e9)
sampled = st.lists(positive, min_size=3, max_size=3).map(lambda values: Sampled(tuple(values), 1e-6))
timings = st.builds(
    lambda one, other, bounds, facts: Timing(
        one, other, "aten::add", bounds[1], bounds[0], bounds[2], "a chip", **facts
    ),
    sampled,
    sampled,
    st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3).map(sorted),
    st.fixed_dictionaries(
        {
            "stopped": st.sampled_from(["interval", "cap"]),
            "stable": st.booleans(),
            "floor": st.none() | positive,
            "moved": st.none() | st.integers(0, 2**50),
            "operations": st.none() | st.integers(0, 2**50),
            "peak_bandwidth": st.none() | st.floats(1.0, 1e13),
            "conditions": st.dictionaries(texts, st.floats(-1e6, 1e6), max_size=3),
        }
    ),
)


@given(timings)
def test_a_timing_comes_back_as_it_was(timing: Timing) -> None:
    cell = "chip:add/gems[dtype=float32,sample=timed-0]@time"
    result = Result(cell, Outcome.PASS, Phase.COMPARE, comparison=Comparison("same", 1, 0), timing=timing)
    assert result_from_json(json.loads(json.dumps(result_to_json(result), allow_nan=False))) == result


TIMED = {
    "baseline": {"nanoseconds": [5, 6], "host": 1e-6},
    "candidate": {"nanoseconds": [5, 6], "host": 1e-6},
    "against": "aten::add",
    "speedup": 1.0,
    "speedup_low": 0.9,
    "speedup_high": 1.1,
    "device": "a chip",
    "stopped": "cap",
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"speedup": "inf"}, "a finite number is expected"),
        ({"speedup": 2.0}, "does not lie in"),
        ({"speedup_low": -1.0}, "does not lie in"),
        ({"baseline": {"nanoseconds": [], "host": 0.0}}, "a timing has samples"),
        ({"baseline": {"nanoseconds": [0, 1], "host": 0.0}}, "a timing has samples"),
        ({"candidate": {"nanoseconds": [5], "host": 0.0}}, "equally often"),
        ({"stopped": "<b>"}, "allowed are interval, cap"),
        ({"device": 7}, "a text is expected"),
        ({"moved": -1}, "a whole number from 0"),
    ],
)
def test_a_timing_that_cannot_be_is_refused(change: dict[str, object], words: str) -> None:
    record = {"cell": "c:o/p[dtype=float32,sample=timed-0]@time", "outcome": "PASS", "phase": "compare"}
    record |= {"comparison": {"rule": "same", "total": 1, "mismatched": 0}, "timing": {**TIMED, **change}}  # type: ignore[dict-item]
    with pytest.raises(RecordError, match=words):
        result_from_json(record)


def same(left: object, right: object) -> bool:
    """Equality in which NaN equals NaN."""
    return repr(left) == repr(right)


@given(results)
def test_a_result_comes_back_as_it_was(result: Result) -> None:
    text = json.dumps(result_to_json(result), allow_nan=False)
    back = result_from_json(json.loads(text))
    for name in Result.__dataclass_fields__:
        if name != "comparison":
            assert same(getattr(back, name), getattr(result, name)), name
    assert back.comparison is not None
    assert result.comparison is not None
    for name in Comparison.__dataclass_fields__:
        got, due = getattr(back.comparison, name), getattr(result.comparison, name)
        assert same(got, due), name


@given(compilations)
def test_compiled_kernels_come_back_as_they_were(result: Result) -> None:
    assert result_from_json(json.loads(json.dumps(result_to_json(result), allow_nan=False))) == result


def test_numbers_that_json_has_not_are_spelled() -> None:
    comparison = Comparison("equal", 1, 1, max_abs=math.inf, max_rel=math.nan, bound=-math.inf)
    record = result_to_json(Result("c", Outcome.WRONG, Phase.COMPARE, "off", comparison=comparison))
    assert isinstance(record["comparison"], dict)
    assert [record["comparison"][name] for name in ("max_abs", "max_rel", "bound")] == ["inf", "nan", "-inf"]


def test_numbers_of_numpy_s_are_written_as_json_s() -> None:
    one, two, yes = np.float32(1), np.int64(2), np.bool_(True)
    comparison = Comparison("r", two, two, one, one, one, (two,), policies={"p": yes})  # type: ignore[arg-type, dict-item]
    record = result_to_json(Result("c", Outcome.WRONG, Phase.COMPARE, "off", one, comparison=comparison))  # type: ignore[arg-type]
    back = result_from_json(json.loads(json.dumps(record))).comparison
    assert back == Comparison("r", 2, 2, 1.0, 1.0, 1.0, (2,), policies={"p": True})


def test_long_texts_keep_their_ends() -> None:
    record = result_to_json(Result("c", Outcome.ERROR, Phase.RUN, "why", output="first" + "x" * 10**6 + "last"))
    output = record["output"]
    assert isinstance(output, str)
    assert len(output) <= TEXT_LIMIT
    assert output.startswith("first")
    assert output.endswith("last")
    assert result_from_json(record).output == output


def test_a_lone_surrogate_does_not_break_the_record() -> None:
    record = result_to_json(Result("c", Outcome.ERROR, Phase.RUN, "why \ud800"))
    json.dumps(record, ensure_ascii=False).encode()


GOOD: dict[str, Any] = {"cell": "c", "outcome": "ERROR", "phase": "run", "detail": "why"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell": None}, "cell is None"),
        ({"cell": 5}, "cell is 5"),
        ({"outcome": "FINE"}, "allowed are PASS, WRONG"),
        ({"outcome": ["PASS"]}, "outcome is"),
        ({"phase": "lunch"}, "phase is 'lunch'"),
        ({"seconds": "1"}, "seconds is '1'"),
        ({"seconds": True}, "seconds is True"),
        ({"seconds": 10**400}, "too large for a float"),
        ({"attempt": 0}, "attempts count from 1"),
        ({"attempt": -1}, "attempt is -1"),
        ({"attempt": 2**70}, "attempt is"),
        ({"attempt": 1.5}, "attempt is 1.5"),
        ({"detail": ""}, "needs a detail"),
        ({"output": "x" * (TEXT_LIMIT + 1)}, "at most"),
        ({"launches": {}}, "launches is {}"),
        ({"launches": [{"kernel": "k"}]}, "launches.file is None"),
        ({"outcome": "PASS"}, "a PASS needs a comparison"),
        ({"comparison": []}, "comparison is []"),
        ({"comparison": {"rule": "r", "total": 1, "mismatched": 0, "policies": {"a": 1}}}, "policies.a is 1"),
        ({"comparison": {"rule": "r", "total": 1, "mismatched": 0, "first_bad": "0"}}, "first_bad is '0'"),
    ],
)
def test_what_is_no_result_is_refused_with_the_field_that_is_wrong(change: dict[str, Any], message: str) -> None:
    result_from_json(GOOD)
    with pytest.raises(RecordError) as error:
        result_from_json(GOOD | change)
    assert message in str(error.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_anything_else_is_refused_too(record: object) -> None:
    with pytest.raises(RecordError):
        result_from_json(record)


def test_tampering_goes_to_disk_and_back() -> None:
    found = (Tampering("files", "wanted to write /x"), Tampering("timers", "time.perf_counter was replaced"))
    result = Result(
        "c", Outcome.ERROR, Phase.RUN, "tampering: files", tampering=found, confined="Landlock 7; audit hook"
    )
    assert result_from_json(json.loads(json.dumps(result_to_json(result)))) == result
    assert "tampering" not in result_to_json(Result("c", Outcome.ERROR, Phase.RUN, "plain"))


@pytest.mark.parametrize(
    "told", [{"kind": "charm", "what": "x"}, {"kind": "files"}, {"kind": ["files"], "what": "x"}, "files"]
)
def test_tampering_of_no_kind_that_there_is_is_refused(told: object) -> None:
    record = {"cell": "c", "outcome": "ERROR", "phase": "run", "detail": "x", "tampering": [told]}
    with pytest.raises(RecordError, match="tampering"):
        result_from_json(record)


def test_what_tampers_does_not_pass() -> None:
    with pytest.raises(ResultError, match="tampering is the fault of what is judged"):
        Result(
            "c", Outcome.PASS, Phase.COMPARE, comparison=Comparison("equal", 1, 0), tampering=(Tampering("late", "x"),)
        )
    with pytest.raises(ValueError, match="no kind of tampering"):
        Tampering("charm", "x")
