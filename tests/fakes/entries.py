"""A small and right entry for pixel_shuffle, with weak and with strong tests: files to be written into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HEAD = "# SPDX-License-Identifier: MIT\n"
TOML = """\
task = "pixel_shuffle"
licence = "MIT"
provider = "shuffle.py:pixel_shuffle"
[[team]]
name = "Ada"
"""
# One program does a block of the input's elements. The loop is there to be made endless.
KERNEL = (
    HEAD
    + '''"""pixel_shuffle, element by element."""

from __future__ import annotations

import torch
import triton
import triton.language as tl


@triton.jit
def shuffle_kernel(out, x, count, channels, height, width, R: tl.constexpr, BLOCK: tl.constexpr):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    column = place % width
    row = place // width % height
    plane = place // width // height
    step = 0
    value = tl.load(x + place, mask=inside, other=0)
    while step < 1:
        step += 1
        wide = width * R
        at = (row * R + plane % (R * R) // R) * wide + column * R + plane % R
        tl.store(out + plane // (R * R) * height * R * wide + at, value, mask=inside)


def pixel_shuffle(input: torch.Tensor, upscale_factor: int) -> torch.Tensor:
    """A new tensor of (..., C, H * r, W * r)."""
    if upscale_factor < 1 or input.dim() < 3 or input.shape[-3] % upscale_factor**2:
        raise RuntimeError("pixel_shuffle: the channels are no multiple of the square of a positive factor")
    *batch, channels, height, width = input.shape
    r = upscale_factor
    out = torch.empty([*batch, channels // r**2, height * r, width * r], dtype=input.dtype, device=input.device)
    x, count = input.contiguous(), input.numel()
    if count:
        shuffle_kernel[(triton.cdiv(count, 64),)](out, x, count, channels, height, width, R=r, BLOCK=64)
    return out
'''
)
WEAK = (
    HEAD
    + '''"""Tests that only look at shapes."""

import torch
from shuffle import pixel_shuffle


def test_shape() -> None:
    assert pixel_shuffle(torch.zeros(4, 8, 8), 2).shape == (1, 16, 16)
'''
)
STRONG = (
    HEAD
    + '''"""Tests that compare every element."""

import pytest
import torch
from shuffle import pixel_shuffle


@pytest.mark.parametrize("shape", [(8, 5, 3), (2, 9, 4, 7), (4, 8, 8)])
def test_values(shape: tuple[int, ...]) -> None:
    factor = 3 if shape[-3] == 9 else 2
    x = torch.arange(torch.Size(shape).numel()).reshape(shape)
    assert torch.equal(pixel_shuffle(x, factor), torch.pixel_shuffle(x, factor))
'''
)


def write_entry(folder: Path, tests: str = STRONG, **files: str) -> Path:
    """The small entry; `files` are written besides or in place of its own, by their names without a suffix."""
    texts: Mapping[str, str] = {"entry.toml": TOML, "shuffle.py": KERNEL, "test_shuffle.py": tests}
    texts = {**texts, **{("entry.toml" if name == "entry" else f"{name}.py"): text for name, text in files.items()}}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
