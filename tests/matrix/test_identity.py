"""Ids parse back to what they were written from, and what is no id is refused with an example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.identity import CellId, IdentityError, parse_id
from matrix.outcome import Evidence

NAMES = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.+-]{0,20}\Z")


@given(NAMES, NAMES, NAMES, NAMES, NAMES, st.sampled_from(list(Evidence)))
def test_an_id_parses_back(
    profile: str, operator: str, provider: str, dtype: str, sample: str, evidence: Evidence
) -> None:
    written = CellId(profile, operator, provider, (("dtype", dtype), ("sample", sample)), evidence)
    assert parse_id(str(written)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "add",
        "cpu:add/p[dtype=f]",
        "cpu:add/p[dtype]@run",
        "cpu:add/p[dtype=f]@guess",
        "cpu:add/p[dtype=f]@run\n@run",
        "cpu:add/p[dtype=<b>]@run",
    ],
)
def test_what_is_no_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(IdentityError, match=r"chip:add\.Tensor/flag_gems|allowed are"):
        parse_id(text)


def test_inputs_are_seeded_the_same_for_every_profile_provider_and_evidence() -> None:
    one = parse_id("a:add/p[dtype=float32,sample=typical-0]@run")
    other = parse_id("b:add/q[dtype=float32,sample=typical-0]@interpret")
    assert one.seed_text == other.seed_text
    assert one.row != other.row
