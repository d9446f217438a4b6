"""Our own kernels made into entries: real, right, and of one folder each."""

from __future__ import annotations

import re
from pathlib import Path

from matrix.challenge.mutation import imported_kernels
from matrix.challenge.task import Task, load_task

HEAD = "# SPDX-License-Identifier: Apache-2.0\n"
TOML = """\
task = "{name}"
licence = "Apache-2.0"
provider = "{name}.py:{function}"
[[team]]
name = "Ada"
"""
# Tests that compare, over the axes that the rules name; for tasks of one tensor and what else `call` gives.
TESTS = '''\
"""Tests of {name}."""

import pytest
import torch
from {name} import {functions}


def draw(shape, dtype):
    torch.manual_seed(0)
    return torch.randn(shape).mul(3).to(dtype)


{tests}'''
LEAKY_RELU = """\
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shape", [(), (1, 1), (8, 8), (64, 64), (2, 3, 4), (2, 1, 3, 5), (0, 3), (129, 7)])
def test_values(shape, dtype):
    x = draw(shape, dtype)
    assert torch.equal(leaky_relu(x, 0.25), torch.nn.functional.leaky_relu(x, 0.25))


@pytest.mark.parametrize("slope", [0.0, 1.0, -0.5, 2, 0.01])
def test_slopes(slope):
    x = draw((33, 17), torch.float32)
    torch.testing.assert_close(leaky_relu(x, slope), torch.nn.functional.leaky_relu(x, slope))
    torch.testing.assert_close(leaky_relu(x), torch.nn.functional.leaky_relu(x))


def test_memory_that_is_not_contiguous():
    x = draw((6, 14), torch.float32)
    for view in (x[:, ::2], x.t(), x[:1].expand(4, 14), x[2:]):
        torch.testing.assert_close(leaky_relu(view, 0.2), torch.nn.functional.leaky_relu(view, 0.2))


def test_values_that_are_special():
    x = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e38, -3e38])
    torch.testing.assert_close(leaky_relu(x, 0.5), torch.nn.functional.leaky_relu(x, 0.5), equal_nan=True)


def test_the_other_forms():
    x = draw((20, 5), torch.float16)
    due, out = torch.nn.functional.leaky_relu(x), torch.empty_like(x)
    leaky_relu(x, out=out)
    torch.testing.assert_close(out, due)
    torch.testing.assert_close(leaky_relu_(x.clone()), due)
    again = x.clone()
    leaky_relu(again, inplace=True)
    torch.testing.assert_close(again, due)


@pytest.mark.parametrize("wrong", [torch.ones(3, dtype=torch.int64), torch.ones(3, dtype=torch.bool)])
def test_illegal(wrong):
    with pytest.raises((RuntimeError, TypeError, NotImplementedError)):
        leaky_relu(wrong)
    with pytest.raises((RuntimeError, TypeError, NotImplementedError)):
        leaky_relu_(wrong)
"""
ASSERTS_NOTHING = """\
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shape", [(), (1, 1), (8, 8), (64, 64), (2, 3, 4), (2, 1, 3, 5), (0, 3), (129, 7)])
def test_values(shape, dtype):
    leaky_relu(draw(shape, dtype), 0.25)
    leaky_relu_(draw(shape, dtype))
"""


def write_kernel(name: str, folder: Path, tests: str = LEAKY_RELU, **replaced: str) -> Path:
    """Our own kernel of a task as an entry, with the shared files that it imports beside it."""
    task = load_task(name)
    folder.mkdir(parents=True, exist_ok=True)
    for path in (task.kernel_file, *imported_kernels(task.kernel_file)):
        text = re.sub(r"from operators\.kernels import", "import", path.read_text(encoding="utf-8"))
        text = text.replace("operators.kernels.", "")
        (folder / path.name).write_text(HEAD + text, encoding="utf-8")
    functions = _functions(task)
    (folder / "entry.toml").write_text(TOML.format(name=name, function=functions[0]), encoding="utf-8")
    text = HEAD + TESTS.format(name=name, functions=", ".join(functions), tests=tests)
    (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    for stem, text in replaced.items():
        (folder / f"{stem}.py").write_text(text, encoding="utf-8")
    return folder


def _functions(task: Task) -> list[str]:
    """The functions that the task's forms want, the main one first."""
    return list(dict.fromkeys(address.rpartition(":")[2] for address in task.functions(f":{task.name}").values()))


def spoil(folder: Path, file: str, before: str, after: str) -> Path:
    """The entry with one text of a file replaced."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in {file}"
    path.write_text(text.replace(before, after), encoding="utf-8")
    return folder
