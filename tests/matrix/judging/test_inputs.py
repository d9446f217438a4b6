"""Inputs are what the notation says, the same every time, and poisoned where no kernel may look."""

from __future__ import annotations

import pytest
import torch

from matrix.judging.inputs import POOL, copy_layout, draw, poison, widened
from operators.call import parse_call


def drawn(text: str, dtype: str = "float32", seed: str = "case") -> torch.Tensor:
    value = draw(parse_call(text), dtype, seed).args[0]
    assert isinstance(value, torch.Tensor)
    return value


def test_the_seed_decides_the_values() -> None:
    assert torch.equal(drawn("T[100]"), drawn("T[100]"))
    assert not torch.equal(drawn("T[100]"), drawn("T[100]", seed="another case"))


def test_the_values_are_pinned_across_versions_and_machines() -> None:
    assert drawn("T[3]").tolist() == pytest.approx([-1.9569886, -0.3750025, 1.8624103], abs=1e-6)
    assert drawn("i64[4]").tolist() == [-8, -2, 8, -4]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int64", "int8", "uint8", "bool"])
@pytest.mark.parametrize(
    "fill",
    [
        "",
        ".between(0, 1)",
        ".special()",
        ".extreme()",
        ".permutation()",
        ".distinct()",
        ".ascending()",
        ".first(1)",
        ".fill(1)",
    ],
)
def test_every_rule_gives_every_dtype(fill: str, dtype: str) -> None:
    tensor = drawn(f"T[3, 5]{fill}", dtype)
    assert tensor.shape == (3, 5)
    assert str(tensor.dtype) == f"torch.{dtype}"


def test_rules_do_what_they_say() -> None:
    assert drawn("T[1000].between(2, 3)").min() >= 2
    assert sorted(set(drawn("i64[1000].between(-1, 1)").tolist())) == [-1, 0, 1]
    assert drawn("i64[4].values(3, 1, 2, 0)").tolist() == [3, 1, 2, 0]
    assert drawn("T[50].special()").isnan().any()
    assert drawn("T[50].special()").isinf().any()
    assert drawn("T[50].extreme()").max() == torch.finfo(torch.float32).max
    assert drawn("i64[2, 9].permutation()").sort(dim=-1).values.tolist() == [list(range(9))] * 2
    assert len(set(drawn("T[64].distinct()").tolist())) == 64
    assert (drawn("T[64].ascending()").diff() >= 0).all()
    assert drawn("T[2, 9].first(nan)").isnan().flatten().tolist() == [True] + 17 * [False]
    assert drawn("T[()].first(7)").item() == 7
    assert drawn("T[0].first(7)").shape == (0,)


def test_layouts_are_as_written_and_their_gaps_are_poisoned() -> None:
    transposed = drawn("T[2, 3].strides(1, 2)")
    assert transposed.stride() == (1, 2)
    stepped = drawn("T[2, 3].step(2)")
    assert stepped.stride() == (6, 2)
    shifted = drawn("T[3].offset(2)")
    assert shifted.storage_offset() == 2
    raw = torch.empty(0).set_(shifted.untyped_storage())
    assert raw[:2].isnan().all()
    assert not shifted.isnan().any()
    assert drawn("T[4, 3].strides(0, 1)").stride() == (0, 1)
    assert drawn("T[0, 4, 3]").stride() == torch.empty(0, 4, 3).stride()


def test_a_copy_keeps_layout_and_surroundings_but_not_memory() -> None:
    original = drawn("T[2, 3].step(2)")
    copy = copy_layout(original)
    assert copy.stride() == original.stride()
    assert copy.data_ptr() != original.data_ptr()
    assert torch.equal(copy, original)


def test_widening_touches_floats_only() -> None:
    wide = widened(draw(parse_call('T[2], i64[2], dtype("float16"), dtype("int32")'), "float16", "case"))
    assert [getattr(value, "dtype", value) for value in wide.args] == [
        torch.float64,
        torch.int64,
        torch.float64,
        torch.int32,
    ]


def test_poison_is_never_a_likely_value() -> None:
    assert poison(torch.float16) != poison(torch.float16)  # NaN
    assert poison(torch.int8) == 127


def test_a_wrong_number_of_values_is_said() -> None:
    with pytest.raises(ValueError, match="gives 2 numbers"):
        drawn("T[3].values(1, 2)")


def test_a_large_tensor_repeats_its_first_values_and_no_two_rows_are_alike() -> None:
    (drawn,) = draw(parse_call("T[1025, 4096]"), "float16", "seed").args
    flat = drawn.reshape(-1)
    assert torch.equal(flat[POOL:], flat[: flat.numel() - POOL])
    assert len({row.numpy().tobytes() for row in drawn}) == len(drawn)
    assert all(POOL % divisor for divisor in range(2, 1449)), "a prime"


def test_positions_of_a_large_tensor_keep_their_range() -> None:
    (drawn,) = draw(parse_call("i64[3000000].between(0, 9)"), "float16", "seed").args
    assert (int(drawn.min()), int(drawn.max())) == (0, 9)
