"""Patterns over ids: what each form means, exactly."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.pattern import EXAMPLE, PatternError, parse_pattern

ROW = "add.Tensor/flag_gems[dtype=float32,sample=empty-0]@interpret"


@pytest.mark.parametrize(
    "text",
    [
        ROW,
        EXAMPLE,
        "add.Tensor",
        "add.Tensor/flag_gems",
        "add.Tensor[sample=empty-0]",
        "add.Tensor@interpret",
        "add.Tensor/flag_gems@interpret",
        "*",
        "add.*",
        "add.T?nsor",
        "mul.Tensor|add.Tensor",
        "add.Tensor[sample=empty-0,dtype=float32]",
        "add.Tensor[*]",
        "add.Tensor[*,sample=empty-*]",
        "add.Tensor[dtype=float16|float32]",
        "add.Tensor/native|flag_gems@run|interpret",
        "add.Tensor/*[dtype=*]@*",
    ],
)
def test_the_cell_is_meant(text: str) -> None:
    assert parse_pattern(text).matches(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "add",
        "addxTensor",
        "add.Tensor/native",
        "add.Tensor[dtype=float16]",
        "add.Tensor[sample=empty]",
        "add.Tensor[ample=empty-0]",
        "add.Tensor[type=float32]",
        "add.Tensor[dtype=float]",
        "add.Tensor[dtype=float3]",
        "add.Tensor[dtype=float32,sample=empty-1]",
        "add.Tensor[seed=1]",
        "add.Tensor@run",
        "add.Tenso?r",
        "a?d.Tensorr",
        "mul.Tensor|sub.Tensor",
        "*flag_gems",
        "add*interpret",
    ],
)
def test_the_cell_is_not_meant(text: str) -> None:
    assert not parse_pattern(text).matches(ROW)


def test_a_wildcard_does_not_cross_into_another_parameter() -> None:
    row = "add/p[sample=a,other=d]@run"
    assert parse_pattern("add[sample=a*]").matches(row)
    assert not parse_pattern("add[sample=a*d]").matches(row)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("", "is no pattern"),
        ("cpu-interpreter:add.Tensor", "without the profile"),
        ("add[dtype=float32", "is no pattern"),
        ("add[dtype=float32]]", "is no pattern"),
        ("add[float32]", "'float32' in 'add[float32]' is not name=value"),
        ("add[*sample=empty-0]", "is not name=value"),
        ("add[dtype=]", "is not made of names"),
        ("add[]", "is not name=value"),
        ("add||sub", "is not made of names"),
        ("|add", "is not made of names"),
        ("add sub", "is not made of names"),
        ("add/a/b", "is no pattern"),
        ("add{1,2}", "is not made of names"),
    ],
)
def test_what_is_no_pattern_is_told_why(text: str, piece: str) -> None:
    with pytest.raises(PatternError) as error:
        parse_pattern(text)
    assert piece in str(error.value)


def test_the_operators_are_known_where_they_are_named_whole() -> None:
    assert parse_pattern("a|b[dtype=*]").operators == ("a", "b")
    assert parse_pattern("a|b*").operators is None
    assert parse_pattern("a?").operators is None


NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,6}", fullmatch=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is not a finding
@given(NAMES, NAMES, NAMES, NAMES, NAMES)
def test_an_id_is_a_pattern_that_means_only_itself(
    operator: str, provider: str, dtype: str, sample: str, other: str
) -> None:
    row = f"{operator}/{provider}[dtype={dtype},sample={sample}]@run"
    pattern = parse_pattern(row)
    assert pattern.matches(row)
    changed = f"{other}/{provider}[dtype={dtype},sample={sample}]@run"
    assert pattern.matches(changed) == (changed == row)
    assert parse_pattern(f"{operator}[sample={sample}]").matches(row)
