"""Mutants of kernels, from source to source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from matrix.challenge.mutant import Fate, How, Judged, Kind, Mutant, MutationResult
from matrix.challenge.mutating import Candidate, candidates_of

KERNEL = '''
import triton
import triton.language as tl


def host(x):
    return x + 1


@triton.jit
def kernel(out, x, count, x_stride, out_stride, AXIS: tl.constexpr = 1 + 1):
    """Says x + 1 and x < 2."""
    place = tl.program_id(0) * 64 + tl.arange(0, 32 + 32)
    inside = (place >= 0) & (place < count)
    total = tl.zeros([64], dtype=tl.float32)
    for step in range(count):
        total += tl.load(x + place * x_stride, mask=inside, other=float("-inf"))
    assert count - 1
    best = tl.sum(total, axis=0)
    tl.store(out + place * out_stride, best.to(tl.float32), inside)
'''


STORE = "tl.store(out + place * out_stride, best.to(tl.float32)"


@pytest.fixture
def found(tmp_path: Path) -> tuple[Candidate, ...]:
    path = tmp_path / "kernel.py"
    path.write_text(KERNEL, encoding="utf-8")
    return candidates_of([path], tmp_path).found


def shown(found: tuple[Candidate, ...], kind: Kind) -> set[str]:
    return {f"{each.mutant.before} -> {each.mutant.after}" for each in found if each.mutant.kind is kind}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Kind.MASK, "(place >= 0) & (place < count) -> place >= 0"),
        (Kind.MASK, "(place >= 0) & (place < count) -> place < count"),
        (Kind.MASK, f"{STORE}, inside) -> {STORE})"),
        (Kind.MASK, "tl.load(x + place * x_stride, mask=inside, other=float('-inf')) -> tl.load(x + place * x_stride)"),
        (Kind.BOUND, "place < count -> place < count - 1"),
        (Kind.BOUND, "count -> count + 1"),
        (Kind.OFFSET, f"{STORE}, inside) -> {STORE.replace('out_stride', 'out_stride + 1')}, inside)"),
        (Kind.STRIDE, "place * x_stride -> place"),
        (Kind.STRIDE, "x_stride -> out_stride"),
        (Kind.DTYPE, "tl.float32 -> tl.float16"),
        (Kind.OPERATOR, "place < count -> place <= count"),
        (Kind.OPERATOR, "(place >= 0) & (place < count) -> (place >= 0) | (place < count)"),
        (Kind.OPERATOR, "tl.sum(total, axis=0) -> tl.max(total, axis=0)"),
        (Kind.INITIAL, "tl.zeros([64], dtype=tl.float32) -> tl.zeros([64], dtype=tl.float32) + 1"),
        (Kind.REDUCTION, "range(count) -> range(count - 1, 0 - 1, -1)"),
        (Kind.REDUCTION, "tl.sum(total, axis=0) -> tl.sum(total, axis=1)"),
    ],
)  # fmt: skip
def test_each_kind_of_mutant_is_made(found: tuple[Candidate, ...], kind: Kind, change: str) -> None:
    assert change in shown(found, kind)


def test_an_accumulation_can_be_dropped_and_a_start_changed(found: tuple[Candidate, ...]) -> None:
    assert any(after.partition(" -> ")[2].startswith("total = tl.load") for after in shown(found, Kind.REDUCTION))
    assert any("other=0.0)" in after for after in shown(found, Kind.INITIAL))


def test_only_the_bodies_of_kernels_are_changed(found: tuple[Candidate, ...]) -> None:
    assert {each.mutant.function for each in found} == {"kernel"}
    assert all(each.mutant.line >= 13 for each in found)
    assert not any(
        "32 + 32" in each.mutant.before and "-" in each.mutant.after for each in found if each.mutant.line > 13
    )
    assert all("32 + 32" in each.source for each in found), "the extent of a block stays a power of two"
    assert not any(each.mutant.line == 18 for each in found), "a kernel is compiled without its assertions"


def test_a_mutant_is_the_kernel_with_one_change_and_knows_its_place(found: tuple[Candidate, ...]) -> None:
    whole = ast.unparse(ast.parse(KERNEL).body[-1])
    assert len({each.source for each in found}) == len(found)
    for each in found:
        assert each.source != whole
        assert each.first == 10
        assert each.lines[0] <= each.mutant.line <= each.lines[1]
    named = next(each for each in found if each.mutant.after == "place < count - 1")
    assert str(named.mutant) == "kernel.py:14:29 bound: place < count -> place < count - 1"
    assert named.source == whole.replace("place < count", "place < count - 1")


def test_mutants_that_read_as_another_are_counted_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text("@jit\ndef kernel(a):\n    return a & a\n", encoding="utf-8")
    made = candidates_of([path], tmp_path)
    assert [each.mutant.after for each in made.found] == ["a | a", "a"]
    assert made.identical == 1


@pytest.mark.parametrize(
    ("head", "name"),
    [("import triton.language as tl", "tl"), ("from triton import language", "language"), ("import triton", "tl")],
)
def test_a_narrower_type_is_named_as_the_file_names_the_language(tmp_path: Path, head: str, name: str) -> None:
    path = tmp_path / "kernel.py"
    path.write_text(f"{head}\n@jit\ndef kernel(a, COMPUTE):\n    return a.to(COMPUTE)\n", encoding="utf-8")
    assert [each.mutant.after for each in candidates_of([path], tmp_path).found] == [
        f"a.to({name}.float16).to(COMPUTE)"
    ]


def mutant(line: int) -> Mutant:
    return Mutant("a.py", line, 0, Kind.MASK, "a", "b", "kernel")


def test_a_result_counts_by_kind_and_names_its_survivors() -> None:
    judged = (
        Judged(mutant(1), Fate.KILLED, "test", How.WRONG),
        Judged(mutant(2), Fate.SURVIVED),
        Judged(mutant(3), Fate.EQUIVALENT),
        Judged(mutant(4), Fate.KILLED, "test", How.RAISED),
    )
    result = MutationResult("a", "tests", 1, (), 0, judged, 1.0)
    assert result.share == 2 / 3
    assert result.counts[Fate.EQUIVALENT] == 1
    assert [each.mutant.line for each in result.survivors] == [2]
    assert result.of_kind() == {Kind.MASK: (2, 3)}
    assert MutationResult("a", "tests", 1, (), 0, judged[2:3], 1.0).share is None


def test_only_what_was_killed_names_its_killer() -> None:
    with pytest.raises(ValueError, match="names by what and how"):
        Judged(mutant(1), Fate.KILLED)
    with pytest.raises(ValueError, match="names by what and how"):
        Judged(mutant(1), Fate.SURVIVED, "test", How.WRONG)
