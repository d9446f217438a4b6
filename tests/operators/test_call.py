"""The notation of a call reads back what it writes, and says what is wrong with a line that is not a call."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.call import (
    DTYPES,
    FILLS,
    Call,
    CallError,
    DeviceSpec,
    DTypeSpec,
    FormatSpec,
    LikeSpec,
    TensorSpec,
    parse_call,
    write_value,
)

sizes = st.integers(min_value=0, max_value=9)
numbers = st.one_of(st.integers(-1_000, 1_000), st.floats(allow_nan=False), st.just(True))
names = st.from_regex(r"[a-z][a-z_0-9]{0,6}x", fullmatch=True)


@st.composite
def tensor_specs(draw: st.DrawFn) -> TensorSpec:
    shape = tuple(draw(st.lists(sizes, max_size=4)))
    fill = draw(st.sampled_from(("default", *FILLS)))
    arguments = () if fill == "default" else tuple(draw(st.lists(numbers, max_size=3)))
    strides = draw(st.none() | st.tuples(*(sizes for _ in shape))) if shape else None
    step = 1 if strides is not None else draw(st.integers(1, 4))
    dtype = draw(st.sampled_from(("T", "acc", *DTYPES.values())))
    return TensorSpec(shape, dtype, fill, arguments, strides, draw(st.integers(0, 3)), step)


leaves = st.one_of(
    numbers,
    st.none(),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=8),
    tensor_specs(),
    st.sampled_from(("T", *DTYPES.values())).map(DTypeSpec),
    st.sampled_from(("channels_last", "contiguous_format")).map(FormatSpec),
    st.just(DeviceSpec()),
    st.integers(0, 3).map(LikeSpec),
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple))
calls = st.builds(Call, st.lists(values, max_size=4).map(tuple), st.dictionaries(names, values, max_size=3))


@given(calls)
def test_a_written_call_reads_back(call: Call) -> None:
    assert parse_call(str(call)) == call


@given(calls)
def test_equal_calls_hash_alike(call: Call) -> None:
    assert hash(parse_call(str(call))) == hash(call)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("T[2, 3]", TensorSpec((2, 3))),
        ("T[5]", TensorSpec((5,))),
        ("T[()]", TensorSpec(())),
        ("i64[3].between(0, 4)", TensorSpec((3,), "int64", "between", (0, 4))),
        ("acc[4].strides(2)", TensorSpec((4,), "acc", strides=(2,))),
        ("T[6].step(2).offset(1)", TensorSpec((6,), step=2, offset=1)),
        ("T[2].between(-1.5, inf)", TensorSpec((2,), fill="between", fill_args=(-1.5, math.inf))),
        ("-inf", -math.inf),
        ('dtype("T")', DTypeSpec("T")),
        ('memory_format("channels_last")', FormatSpec("channels_last")),
        ("device", DeviceSpec()),
        ("like(1)", LikeSpec(1)),
        ("[T[2], None]", [TensorSpec((2,)), None]),
        ("(1,)", (1,)),
    ],
)
def test_every_form_of_an_argument(text: str, value: object) -> None:
    assert parse_call(text).args == (value,)


def test_not_a_number_reads_back() -> None:
    (value,) = parse_call(write_value(math.nan)).args
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("T[2, 3", "not a call"),
        ("T[-1]", "not a size"),
        ("T[2.5]", "not a size"),
        ("X[2]", "'X' is not a dtype"),
        ("T[2].random()", ".random() is not known"),
        ("T[2].between([1])", "not a number"),
        ("**{}", "'**'"),
        ("open('file')", "not an argument"),
        ("1 + 1", "not an argument"),
        ("like(-1)", "not an argument"),
        ("__import__('os').system('true')", "not a tensor"),
        ("1), print(2", "not one call"),
    ],
)
def test_what_is_not_a_call_is_named(text: str, named: str) -> None:
    with pytest.raises(CallError, match=named.replace("(", r"\(").replace(")", r"\)").replace("*", r"\*")):
        parse_call(text)
