"""What the kernels' host code works out: merged dimensions, tiles, windows of pools, and where a result goes."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional

from operators.kernels import pooling, rows
from operators.kernels.outputs import require_writable, result
from operators.kernels.pointwise import collapse


@pytest.mark.parametrize(
    ("shape", "strides", "due"),
    [
        ((4, 5, 6), [(30, 6, 1)], ([120], [[1]])),
        ((4, 5, 6), [(30, 6, 1), (1, 4, 20)], ([4, 5, 6], [[30, 6, 1], [1, 4, 20]])),
        ((4, 5, 6), [(1, 4, 20), (1, 4, 20)], ([120], [[1], [1]])),
        ((4, 5, 6), [(30, 6, 1), (0, 6, 1)], ([4, 30], [[30, 1], [0, 1]])),
        ((4, 1, 6), [(6, 99, 1)], ([24], [[1]])),
        ((4, 6), [(12, 2)], ([24], [[2]])),
        ((), [()], ([1], [[1]])),
        ((1, 1), [(7, 3)], ([1], [[1]])),
    ],
)
def test_dimensions_that_follow_one_another_are_merged(
    shape: tuple[int, ...], strides: list[tuple[int, ...]], due: tuple[list[int], list[list[int]]]
) -> None:
    assert collapse(shape, strides) == due


def test_an_order_that_matters_is_kept() -> None:
    assert collapse((2, 3), [(1, 2)]) == ([6], [[1]])
    assert collapse((2, 3), [(1, 2)], ordered=True) == ([2, 3], [[1, 2]])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (1000, 7), (7, 100000), (4096, 4096)])
def test_tiles_cover_everything_and_are_powers_of_two(height: int, width: int) -> None:
    high, wide = rows.tile(height, width)
    assert high * wide <= rows.TILE
    assert high.bit_count() == wide.bit_count() == 1
    (programs,) = rows.grid(height, width, high, wide)
    assert (programs - 1) * high * wide < height * width * 4 + high * wide
    assert -(-height // high) * -(-width // wide) == programs


def test_a_window_leaves_what_torch_says() -> None:
    sizes = (5, 8, 11)
    volume = torch.zeros(1, *sizes)
    tried = 0
    for kernel, stride, padding, dilation, ceil in itertools.product(
        (1, 2, 3), (1, 2, 3), (0, 1), (1, 2), (False, True)
    ):
        if padding > kernel // 2:
            continue
        window = pooling.window(kernel, stride, padding, dilation, ceil=ceil)
        due = functional.max_pool3d(volume, kernel, stride, padding, dilation, ceil_mode=ceil)
        assert window.output_size(sizes) == due.shape[1:]
        tried += 1
    assert tried == 60


def test_where_a_result_goes() -> None:
    like = torch.zeros(2, 3)
    assert result(None, (2, 3), torch.float64, like).dtype == torch.float64
    out = torch.zeros(5)
    assert result(out, (2, 3), torch.float32, like) is out
    assert out.shape == (2, 3)
    with pytest.raises(RuntimeError, match="can't be cast"):
        result(torch.zeros(2, 3, dtype=torch.int64), (2, 3), torch.float32, like)
    with pytest.raises(TypeError, match="out must be a Tensor, not list"):
        result([0.0], (2, 3), torch.float32, like)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="more than one element"):
        require_writable(torch.zeros(3).expand(2, 3))
