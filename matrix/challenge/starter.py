"""A starter entry: a folder that passes `challenge check` and says itself what is still to be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from matrix.challenge.entry import FILE
from matrix.challenge.schema import Parameter, Schema, parse_schema
from matrix.challenge.task import PREFIX, Task
from matrix.usage import UsageError

LICENCE = "Apache-2.0"
# One small call of each task, and what torch says of it: a starter's first test. `x` is 8 x 8, between 0.5 and 1.5.
CALLS: Mapping[str, tuple[str, str]] = {
    "log10": ("x", "torch.log10(x)"),
    "logaddexp": ("x, -x", "torch.logaddexp(x, -x)"),
    "cosh": ("x", "torch.cosh(x)"),
    "gcd": ("n, 12 - n", "torch.gcd(n, 12 - n)"),
    "tril": ("x, 1", "torch.tril(x, 1)"),
    "roll": ("x, 3, 1", "torch.roll(x, 3, 1)"),
    "leaky_relu": ("x - 1, 0.1", "torch.nn.functional.leaky_relu(x - 1, 0.1)"),
    "asinh": ("x", "torch.asinh(x)"),
    "upsample_nearest2d": (
        "x[None, None], [16, 12]",
        "torch.nn.functional.interpolate(x[None, None], [16, 12], mode='nearest')",
    ),
    "scatter_reduce": ("x, 1, n % 8, x, 'sum'", "torch.scatter_reduce(x, 1, n % 8, x, 'sum')"),
    "median": ("x, 1", "tuple(torch.median(x, 1))"),
    "smooth_l1_loss": ("x, 2 * x", "torch.nn.functional.smooth_l1_loss(x, 2 * x)"),
    "pixel_shuffle": ("x.reshape(4, 4, 4), 2", "torch.pixel_shuffle(x.reshape(4, 4, 4), 2)"),
    "conv_transpose2d": (
        "x[None, None], x[None, None, :3, :3]",
        "torch.nn.functional.conv_transpose2d(x[None, None], x[None, None, :3, :3])",
    ),
    "avg_pool3d": (
        "x.reshape(1, 1, 4, 4, 4), 2",
        "torch.nn.functional.avg_pool3d(x.reshape(1, 1, 4, 4, 4), 2)",
    ),
    "max_pool3d": (
        "x.reshape(1, 1, 4, 4, 4), 2",
        "torch.nn.functional.max_pool3d(x.reshape(1, 1, 4, 4, 4), 2)",
    ),
    "svd": ("x", "tuple(torch.svd(x))"),
    "ctc_loss": (
        "x.log_softmax(1)[:, None], n[:1, :2] % 7 + 1, [8], [2]",
        "torch.nn.functional.ctc_loss(x.log_softmax(1)[:, None], n[:1, :2] % 7 + 1, [8], [2])",
    ),
    "grid_sample": (
        "x[None, None], torch.zeros(1, 2, 2, 2), 'bilinear', 'zeros', False",
        "torch.nn.functional.grid_sample(x[None, None], torch.zeros(1, 2, 2, 2), align_corners=False)",
    ),
    "chunk_gated_delta_rule": (
        "*[x.reshape(1, 8, 1, 8)] * 3, -x[None, :, :1], x[None, :, :1] / 2",
        "'TODO: compute the rule token by token; torch has no such function'",
    ),
}
TYPES = {
    "Tensor": "torch.Tensor",
    "Tensor(a!)": "torch.Tensor",
    "Tensor(b!)": "torch.Tensor",
    "Tensor?": "torch.Tensor | None",
    "int": "int",
    "SymInt": "int",
    "int?": "int | None",
    "float": "float",
    "float?": "float | None",
    "bool": "bool",
    "str": "str",
    "Scalar": "float",
    "int[]": "Sequence[int]",
}
ENTRY = """\
# What this entry is. `python -m matrix challenge check .` says what is missing.
task = "{task}"
licence = "{licence}"
provider = "{file}.py:{function}"

[[team]] # one for each person, 1 to 3
name = "Your Name"
"""
OPERATOR = '''\
# SPDX-License-Identifier: {licence}
"""{task}: TODO: say in a sentence what it computes, and how the work is split over programs."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: F401

import torch
import triton
import triton.language as tl


@triton.jit
def {task}_kernel(out, x, count, BLOCK: tl.constexpr):
    """TODO: this copies `count` elements; write the operator's own kernel."""
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    tl.store(out + place, tl.load(x + place, mask=inside), mask=inside)
'''
FUNCTION = '''

def {name}({parameters}):
    """TODO: check the arguments, allocate the result, launch the kernel. Schema: {schema}"""
    raise NotImplementedError("{name} is to be written")
'''
TESTS = '''\
# SPDX-License-Identifier: {licence}
"""Tests of {task}. TODO: every rank, size, dtype, parameter and edge; mutants of the kernel will be put to them."""

from __future__ import annotations

import torch
from {file} import {function}

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def test_a_small_call() -> None:
    torch.manual_seed(0)
    x = (torch.rand(8, 8) + 0.5).to(DEVICE)
    n = torch.arange(64).reshape(8, 8).to(DEVICE)
    assert x.shape == n.shape
    got = {function}({call})
    torch.testing.assert_close(got, {due})
'''


def write_starter(task: Task, folder: Path) -> tuple[Path, ...]:
    """Write the files of a starter and return them. Raises UsageError where the folder holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already; name another folder with --out, or remove it")
    function = task.main.name.removeprefix(PREFIX).partition(".")[0]
    call, due = CALLS[task.name]
    names = {"task": task.name, "licence": LICENCE, "file": task.name, "function": function, "call": call}
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        FILE: ENTRY.format(**names),
        f"{task.name}.py": OPERATOR.format(**names) + "".join(_functions(task, function)),
        f"test_{task.name}.py": TESTS.format(**names, due=due),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in written)


def _functions(task: Task, main: str) -> list[str]:
    """The text of each function that the task's schemas want."""
    rows: dict[str, list[str]] = {}
    for row, address in task.functions(f":{main}").items():
        rows.setdefault(address.rpartition(":")[2], []).append(task.rows[row].schema or "")
    return [
        FUNCTION.format(name=name, parameters=_parameters([parse_schema(text) for text in texts]), schema=texts[0])
        for name, texts in rows.items()
    ]


def _parameters(schemas: list[Schema]) -> str:
    """Those of the main schema; keywords that another form adds are optional."""
    main = schemas[0]
    words = [_text(parameter) for parameter in main.parameters if not parameter.keyword]
    flags = re.findall(r"adds bool (\w+)=(\w+)", main.remark)
    words += [f"{name}: bool = {value}" for name, value in flags]
    keywords = {parameter.name: _text(parameter) for parameter in main.parameters if parameter.keyword}
    for schema in schemas[1:]:
        for parameter in schema.parameters:
            if parameter.keyword and parameter.name not in keywords:
                keywords[parameter.name] = f"{parameter.name}: torch.Tensor | None = None"
    return ", ".join([*words, *(["*", *keywords.values()] if keywords else [])])


def _text(parameter: Parameter) -> str:
    kind = TYPES.get(parameter.type) or ("int | Sequence[int]" if "[" in parameter.type else "")
    name = f"{parameter.name}: {kind}" if kind else parameter.name
    if parameter.default is None:
        return name
    default = {"[]": "()", "Mean": "1"}.get(parameter.default, parameter.default)
    return f"{name} = {default}" if kind else f"{name}={default}"
