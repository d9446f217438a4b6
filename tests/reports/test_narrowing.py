"""A narrowed pattern names every cell to keep and none to drop, and is written as much like the old one as can be."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.pattern import parse_pattern
from matrix.identity import CellId
from matrix.outcome import Evidence
from reports.narrowing import Parts, narrow, row_of

OPERATORS = ("add.Tensor", "add.out", "mul.Tensor", "fused.sort")
SAMPLES = ("typical-0", "typical-1", "empty-0", "strided-0")
DTYPES = ("float32", "bfloat16", "int8")
EVIDENCES = (Evidence.INTERPRET, Evidence.RUN)
CELLS = tuple(
    CellId("chip", operator, provider, (("dtype", dtype), ("sample", sample)), evidence)
    for operator, provider, dtype, sample, evidence in product(OPERATORS, ("gems", "own"), DTYPES, SAMPLES, EVIDENCES)
)


def cells(*patterns: str) -> list[CellId]:
    parsed = [parse_pattern(text) for text in patterns]
    return [cell for cell in CELLS if any(pattern.matches(row_of(cell)) for pattern in parsed)]


def without(pattern: str, passing: str) -> tuple[str, ...]:
    """The pattern after what another pattern names has passed."""
    drop = [cell for cell in cells(pattern) if cell in cells(passing)]
    return narrow(pattern, [cell for cell in cells(pattern) if cell not in drop], drop)


@pytest.mark.parametrize(
    ("pattern", "passing", "narrowed"),
    [
        ("add.Tensor|mul.Tensor/gems", "add.Tensor", ("mul.Tensor/gems",)),
        ("add.Tensor/gems[sample=empty-*|strided-*]", "*[sample=empty-0]", ("add.Tensor/gems[sample=strided-*]",)),
        (
            "add.Tensor[dtype=int8|float32,sample=empty-*]",
            "*[dtype=int8]",
            ("add.Tensor[dtype=float32,sample=empty-*]",),
        ),
        ("add.Tensor@run|interpret", "*@run", ("add.Tensor@interpret",)),
        ("add.Tensor/gems", "*[dtype=int8]", ("add.Tensor/gems[dtype=bfloat16|float32]",)),
        ("add.Tensor/gems[sample=typical-*]@run", "*[sample=typical-1]", ("add.Tensor/gems[sample=typical-0]@run",)),
        ("add.Tensor/gems", "*@run", ("add.Tensor/gems@interpret",)),
        ("add.Tensor@run", "*/own", ("add.Tensor/gems@run",)),
        # One operator of several: the others stay as they are written, names that nobody knows included.
        (
            "mul.Tensor|add.Tensor|unheard.of/gems[sample=typical-*]",
            "add.Tensor[sample=typical-0]",
            ("mul.Tensor|unheard.of/gems[sample=typical-*]", "add.Tensor/gems[sample=typical-1]"),
        ),
        # Operators that are narrowed alike share a pattern.
        ("add.Tensor|mul.Tensor/gems", "*[dtype=int8]", ("add.Tensor|mul.Tensor/gems[dtype=bfloat16|float32]",)),
        # Neither dtype nor sample tells.
        (
            "add.Tensor/gems[sample=typical-*]@run",
            "*[dtype=int8,sample=typical-0]",
            (
                "add.Tensor/gems[dtype=bfloat16|float32,sample=typical-0]@run",
                "add.Tensor/gems[sample=typical-1]@run",
            ),
        ),
        # Samples with nothing to drop stay as they are written.
        (
            "fused.sort/gems[sample=empty-*|typical-*]@run",
            "*[dtype=int8,sample=typical-0]",
            (
                "fused.sort/gems[sample=empty-*]@run",
                "fused.sort/gems[dtype=bfloat16|float32,sample=typical-0]@run",
                "fused.sort/gems[sample=typical-1]@run",
            ),
        ),
        ("add.*/gems[sample=empty-*]", "add.out", ("add.Tensor/gems[sample=empty-*]",)),
        ("add.Tensor", "add.Tensor", ()),
    ],
)
def test_what_passes_goes_and_the_rest_stays_as_written(pattern: str, passing: str, narrowed: tuple[str, ...]) -> None:
    assert without(pattern, passing) == narrowed


@pytest.mark.parametrize(
    "text", ["a", "a|b.c", "a/p", "a[dtype=x]", "a/p|q[sample=x|y-*,dtype=z]@run|time", "a@run", "*/p", "a[sample=?]"]
)
def test_a_pattern_taken_apart_reads_as_before(text: str) -> None:
    assert str(Parts.of(text)) == text


def test_cells_that_only_another_parameter_tells_apart_are_named_one_by_one() -> None:
    one, other = (
        CellId("chip", "add", "gems", (("dtype", "int8"), ("sample", "odd-0"), ("size", size)), Evidence.RUN)
        for size in ("1", "2")
    )
    assert narrow("add", [one], [other]) == ("add/gems[dtype=int8,sample=odd-0,size=1]@run",)


def alternatives(names: tuple[str, ...], wild: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([*names, *wild]), min_size=1, max_size=3, unique=True).map("|".join)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    operator = draw(alternatives(OPERATORS, ("*", "add.*", "nobody")))
    provider = draw(st.sampled_from(["", "/gems", "/own", "/own|gems", "/*"]))
    named = draw(
        st.lists(
            st.one_of(
                alternatives(DTYPES, ("*", "*float*")).map("dtype={}".format),
                alternatives(SAMPLES, ("typical-*", "*")).map("sample={}".format),
                st.just("*"),
            ),
            max_size=2,
            unique_by=lambda text: text.partition("=")[0],
        )
    )
    evidence = draw(st.sampled_from(["", "@run", "@interpret", "@run|interpret", "@*"]))
    return f"{operator}{provider}{'[' + ','.join(named) + ']' if named else ''}{evidence}"


@given(patterns(), st.sets(st.integers(0, len(CELLS) - 1), max_size=60), st.sets(st.integers(0, len(CELLS) - 1)))
def test_it_names_all_to_keep_none_to_drop_and_nothing_that_it_did_not_name(
    pattern: str, dropped: set[int], free: set[int]
) -> None:
    named = cells(pattern)
    drop = [cell for cell in named if CELLS.index(cell) in dropped]
    keep = [cell for cell in named if CELLS.index(cell) not in dropped | free]
    now = cells(*narrow(pattern, keep, drop))
    assert set(keep) <= set(now) <= set(named) - set(drop)
