"""Edge samples are derived from a call's text alone: each kind does what its name says and reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.call import Call, TensorSpec, parse_call
from operators.catalogue import KINDS
from operators.edges import BUDGET, LARGE, call_tensors, elements_of, propose, reframe, resize


def calls_of(text: str, kind: str, *, changed: int | None = None) -> list[str]:
    return [str(edge.call) for edge in propose(parse_call(text), changed=changed) if edge.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("T[5, 4], T[5, 4]", "scalar", "T[()], T[()]"),
        ("T[5, 4], 1", "scalar", "T[()], 0"),
        ("T[5, 4]", "empty", "T[0]"),
        ("T[5, 4]", "empty", "T[0, 3]"),
        ("T[5, 4], T[4, 3]", "empty", "T[5, 0], T[0, 3]"),
        ("[2, 3]", "empty", "[0, 3]"),
        ("T[5, 4], T[4, 3]", "one", "T[1, 1], T[1, 1]"),
        ("T[5, 4], i64[2].values(3, 1)", "one", "T[1, 1], i64[1].fill(0)"),
        ("T[5, 5], T[5, 5]", "odd", "T[513], T[513]"),
        ("T[5, 4], T[4, 3]", "odd", "T[33, 13], T[13, 7]"),
        ("4", "odd", "129"),
        ("T[5, 4]", "strided", "T[5, 4].step(2)"),
        ("T[5, 4]", "strided", "T[5, 4].offset(1)"),
        ("T[2, 5, 4]", "transposed", "T[2, 5, 4].strides(20, 1, 5)"),
        ("T[5, 4], T[5, 4]", "broadcast", "T[5, 4], T[5, 1]"),
        ("T[5, 4], T[5, 4]", "broadcast", "T[5, 4], T[4]"),
        ("T[5, 4], i64[2].values(1, 0)", "nan", "T[5, 4].special(), i64[2].values(1, 0)"),
        ("T[5].between(0, 1)", "extreme", "T[5].extreme()"),
        ("T[5, 4], 0", "large", f"T[{LARGE}, 1], 0"),
        ("T[5, 4]", "large", f"T[2, {LARGE}]"),
        ("T[2, 5, 4], [5, 4], T[5, 4]", "large", f"T[2, 1, {LARGE}], [1, {LARGE}], T[1, {LARGE}]"),
        ("T[5, 4], T[5, 4]", "illegal", "T[5, 4], T[5, 6]"),
        ("T[5, 4], 1", "illegal", "T[5, 4], 9"),
        ("T[5, 4], dim=[1]", "illegal", "T[5, 4], dim=[9]"),
        ("T[5, 4]", "illegal", "T[2, 5, 4]"),
    ],
)
def test_what_a_kind_derives(text: str, kind: str, expected: str) -> None:
    assert expected in calls_of(text, kind)


def test_expanding_spares_the_argument_that_is_changed() -> None:
    assert calls_of("T[5, 4], T[5, 4]", "expanded") == [
        "T[5, 4].strides(0, 1), T[5, 4]",
        "T[5, 4], T[5, 4].strides(0, 1)",
    ]
    assert calls_of("T[5, 4], T[5, 4]", "expanded", changed=0) == ["T[5, 4], T[5, 4].strides(0, 1)"]


def test_bounds_of_indices_follow_the_sizes() -> None:
    call = parse_call("T[6, 4], i64[3].between(0, 5)")
    assert str(resize(call, {6: 13})) == "T[13, 4], i64[3].between(0, 12)"
    assert str(resize(call, {6: 0})) == "T[0, 4], i64[3].between(0, 0)"


def test_listed_values_become_a_rule_when_the_shape_changes() -> None:
    assert str(resize(parse_call("i64[3].values(4, 0, 2)"), {3: 7})) == "i64[7].between(0, 4)"


def test_reframing_keeps_ones_and_lists_in_step() -> None:
    call = parse_call("T[2, 5, 4], T[5, 1], T[4], [5, 4], dim=2")
    assert str(reframe(call, (7, 13, 33))) == "T[7, 13, 33], T[13, 1], T[33], [13, 33], dim=2"


def test_only_illegal_edges_must_raise() -> None:
    edges = list(propose(parse_call("T[5, 4], T[5, 4], dim=1")))
    assert {edge.kind for edge in edges} == set(KINDS) - {"typical", "timed"}
    assert all(edge.raises == (edge.kind == "illegal") for edge in edges)


def test_a_call_without_tensors_has_few_edges() -> None:
    assert list(propose(Call(("mean",)))) == []


shapes = st.lists(st.integers(1, 6), max_size=3).map(tuple)
specs = st.builds(TensorSpec, shapes, st.sampled_from(("T", "int64")), st.sampled_from(("default", "extreme")))
arguments = st.one_of(specs, st.integers(-2, 2), st.lists(st.integers(0, 6), max_size=2), st.lists(specs, max_size=2))


@given(st.lists(arguments, max_size=4), st.none() | st.just(0))
def test_every_edge_is_a_new_call_that_reads_back(args: list[object], changed: int | None) -> None:
    call = Call(tuple(args))  # type: ignore[arg-type]
    for edge in propose(call, changed=changed):
        assert edge.kind in KINDS
        assert parse_call(str(edge.call)) == edge.call
        assert edge.kind in ("illegal", "expanded", "large") or elements_of(edge.call) <= BUDGET
        assert edge.call != call
        assert len(call_tensors(edge.call)) == len(call_tensors(call))
