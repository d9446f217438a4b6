"""The catalogue is read strictly, all problems at once, and the committed one is whole."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from operators.catalogue import (
    FOLDER,
    KINDS,
    CatalogueError,
    base_of,
    check_catalogue,
    load_catalogue,
    smoke_operators,
)
from operators.operator import Operator

ROW = """
["add.Tensor"]
family = "pointwise"
providers = { flag_gems = "aten" }
reference = "aten"
against = "float64"
dtypes = ["float32", "int64"]
["add.Tensor".samples]
typical-0 = "T[5, 5], T[5, 5]"
"""


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Operator]:
    return load_catalogue()


def write(folder: Path, text: str, name: str = "rows.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue([write(folder, text)])
    return "\n".join(caught.value.problems)


def test_a_row_is_read(tmp_path: Path) -> None:
    text = (
        ROW + 'nan-0 = { call = "T[5].special()", dtypes = ["float32"] }\nillegal-0 = { call = "1", raises = true }\n'
    )
    operator = load_catalogue([write(tmp_path, text)])["add.Tensor"]
    assert operator.base == "add"
    assert operator.dtypes == ("float32", "int64")
    assert [sample.name for sample in operator.samples] == ["typical-0", "nan-0", "illegal-0"]
    assert [sample.kind for sample in operator.samples] == ["typical", "nan", "illegal"]
    assert operator.samples[0].dtypes is None
    assert operator.samples[1].dtypes == ("float32",)
    assert [sample.raises for sample in operator.samples] == [False, False, True]


def test_a_folder_is_read_in_the_order_of_its_files(tmp_path: Path) -> None:
    write(tmp_path, ROW.replace("add", "mul"), "b.toml")
    write(tmp_path, ROW, "a.toml")
    assert list(load_catalogue([tmp_path])) == ["add.Tensor", "mul.Tensor"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('family = "pointwise"', 'family = "points"', "family is 'points'; allowed are pointwise"),
        ('family = "pointwise"\n', "", "'family' is missing"),
        ('against = "float64"', 'against = "float63"', "against is 'float63'"),
        ('"float32", "int64"', '"float31"', "float31 is not a dtype"),
        ('"float32", "int64"', '"float32", "float32"', "names one twice"),
        ('dtypes = ["float32", "int64"]', 'dtypes = "float32"', "it is a list of dtypes"),
        ('dtypes = ["float32", "int64"]', "dtypes = []", "has samples and no dtypes"),
        ('reference = "aten"', "reference = 1", "reference is 1; it is a text"),
        ('reference = "aten"', 'reference = "aten"\ncolour = "red"', "'colour' is not known"),
        ('reference = "aten"', 'reference = "aten"\nneeds = "fp64"', "needs is 'fp64'; it is a list"),
        ('reference = "aten"', 'reference = "aten"\nno_cases = "none"', "keep one of the two"),
        ('{ flag_gems = "aten" }', "{}", "providers is {}"),
        ("typical-0", "typical-1", "the first sample is 'typical-1'; it is typical-0"),
        ("typical-0", "usual-0", "'usual-0' is not <kind>-<number>"),
        ("typical-0", "typical-00", "'typical-00' is not <kind>-<number>"),
        ('"T[5, 5], T[5, 5]"', "5", "it is a call as text"),
        ('"T[5, 5], T[5, 5]"', '{ call = "1", raise = true }', "'raise' is not known"),
        ('"T[5, 5], T[5, 5]"', '{ call = "1", raises = "yes" }', "raises is 'yes'"),
        ('"T[5, 5], T[5, 5]"', '{ call = "1", moves = "some" }', "moves is 'some'; allowed are all, outputs"),
        ('"T[5, 5], T[5, 5]"', '"1"\ntimed-0 = { call = "1", raises = true }', "leave raises out"),
        ('"T[5, 5], T[5, 5]"', '{ call = "1", dtypes = ["int8"] }', "int8 is not among the operator's dtypes"),
        ('["add.Tensor"]\n', '["add Tensor"]\n', "'add Tensor' is not a name"),
    ],
)
def test_a_problem_is_named_with_its_place(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in ROW
    problems = problems_of(tmp_path, ROW.replace(old, new, 1))
    assert named in problems
    assert "rows.toml: [add" in problems


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, ROW.replace("pointwise", "points").replace("float64", "float63"), "a.toml")
    write(tmp_path, "is not [ toml", "b.toml")
    write(tmp_path, '["mul.Tensor"]\n', "c.toml")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue([tmp_path, tmp_path / "absent.toml"])
    text = str(caught.value)
    for named in ("points", "float63", "b.toml: is not TOML", "c.toml: [mul.Tensor]: 'family' is missing", "absent"):
        assert named in text


def test_a_name_stands_for_one_row(tmp_path: Path) -> None:
    write(tmp_path, ROW, "a.toml")
    write(tmp_path, ROW, "b.toml")
    with pytest.raises(CatalogueError, match=r"b\.toml: \[add\.Tensor\] is already a row of .*a\.toml"):
        load_catalogue([tmp_path])


def test_a_row_without_samples_says_why(tmp_path: Path) -> None:
    text = ROW.partition('["add.Tensor".samples]')[0]
    assert "give typical-0, or the reason" in problems_of(tmp_path, text)
    assert not load_catalogue([write(tmp_path, text + 'no_cases = "a reason"')])["add.Tensor"].samples


def test_an_illegal_dtype_may_be_foreign(tmp_path: Path) -> None:
    text = ROW + 'illegal-0 = { call = "T[5]", dtypes = ["int8"], raises = true }\n'
    assert load_catalogue([write(tmp_path, text)])["add.Tensor"].samples[-1].dtypes == ("int8",)


def test_texts_of_calls_are_checked_apart(tmp_path: Path) -> None:
    operators = load_catalogue([write(tmp_path, ROW + 'empty-0 = "T[0"\n')])
    (problem,) = check_catalogue(operators)
    assert problem.startswith("add.Tensor, sample empty-0: 'T[0' is not a call")


@pytest.mark.parametrize(
    ("name", "base"), [("add_.Tensor", "add_"), ("exp", "exp"), ("fused.silu_and_mul", "silu_and_mul")]
)
def test_the_base_of_a_name(name: str, base: str) -> None:
    assert base_of(name) == base


def test_every_call_of_the_catalogue_can_be_read(catalogue: dict[str, Operator]) -> None:
    assert check_catalogue(catalogue) == []


def test_no_operator_repeats_a_sample(catalogue: dict[str, Operator]) -> None:
    for operator in catalogue.values():
        seen = [(sample.call, sample.raises) for sample in operator.samples]
        assert len(set(seen)) == len(seen), operator.name


def test_most_operators_have_many_kinds(catalogue: dict[str, Operator]) -> None:
    kinds = {
        name: {sample.kind for sample in operator.samples}
        for name, operator in catalogue.items()
        if operator.family in ("pointwise", "reduction")
    }
    assert sum(len(found) >= 6 for found in kinds.values()) / len(kinds) >= 0.95
    assert set().union(*kinds.values()) == set(KINDS)


def test_the_smoke_tier_names_rows_with_cases(catalogue: dict[str, Operator]) -> None:
    names = smoke_operators()
    assert 50 <= len(names) <= 70
    assert len(set(names)) == len(names)
    assert [name for name in names if name not in catalogue or not catalogue[name].samples] == []


def test_a_broken_tier_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="list of names"):
        smoke_operators(write(tmp_path, "smoke = 1"))
    with pytest.raises(CatalogueError, match="cannot be read"):
        smoke_operators(tmp_path / "absent.toml")


def test_the_catalogue_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.toml")) < 1_000_000


def test_reading_is_fast_and_imports_no_torch() -> None:
    code = "import sys; from operators.catalogue import load_catalogue; load_catalogue(); assert 'torch' not in sys.modules"
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parent.parent)
    assert time.perf_counter() - begin < 5  # about half a second when the machine is idle
