"""Task 8: descriptions of small operators, with a Triton source of ours that answers each and how an answer is tried.

An operator is an expression over one or two tensors, element by element, or a reduction of each row of it. The description,
the source, and the reference in plain torch are made from the same parts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from workloads.annotation.generating.made import Maker, Pair


class Step(NamedTuple):
    """A function of one value: in words, in Triton and in torch; `{}` is where the value stands."""

    name: str
    words: str
    triton: str
    torch: str


STEPS = (
    Step("relu", "the rectifier max(v, 0)", "tl.maximum({}, 0.0)", "torch.relu({})"),
    Step("square", "the square v * v", "({0}) * ({0})", "torch.square({})"),
    Step("negative", "the negative -v", "(-({}))", "torch.neg({})"),
    Step("magnitude", "the absolute value |v|", "tl.abs({})", "torch.abs({})"),
    Step("sigmoid", "the logistic function 1 / (1 + exp(-v))", "(1.0 / (1.0 + tl.exp(-({}))))", "torch.sigmoid({})"),
    Step("exponential", "the exponential exp(v)", "tl.exp({})", "torch.exp({})"),
    Step("doubled", "twice the value, 2 * v", "(2.0 * ({}))", "(2.0 * ({}))"),
    Step("successor", "the value plus one, v + 1", "(({}) + 1.0)", "(({}) + 1.0)"),
    Step("root", "the square root of its magnitude, sqrt(|v|)", "tl.sqrt(tl.abs({}))", "torch.sqrt(torch.abs({}))"),
)
PAIRS = (
    Step("plus", "their sum", "(x) + (y)", "(x) + (y)"),
    Step("minus", "the first minus the second", "(x) - (y)", "(x) - (y)"),
    Step("times", "their product", "(x) * (y)", "(x) * (y)"),
    Step("larger", "the larger of both", "tl.maximum(x, y)", "torch.maximum(x, y)"),
    Step("smaller", "the smaller of both", "tl.minimum(x, y)", "torch.minimum(x, y)"),
)
REDUCTIONS = (
    Step("row_sum", "the sum of each row", "tl.sum(value, 0)", "torch.sum({}, -1)"),
    Step("row_maximum", "the maximum of each row", "tl.max(value, 0)", "torch.amax({}, -1)"),
    Step("row_mean", "the mean of each row", "tl.sum(value, 0) / columns", "torch.mean({}, -1)"),
)
HEAD = "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\n"
POINTWISE = (
    HEAD
    + """\
def {name}_kernel(out_pointer, {pointers}, count, BLOCK: tl.constexpr):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
{loads}
    tl.store(out_pointer + place, {expression}, mask=inside)


def {name}({parameters}):
    out = torch.empty_like(x)
    count = x.numel()
    if count:
        {name}_kernel[(triton.cdiv(count, 256),)](out, {arguments}, count, BLOCK=256)
    return out
"""
)
ROWS = (
    HEAD
    + """\
def {name}_kernel(out_pointer, x_pointer, columns, neutral, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    place = tl.arange(0, BLOCK)
    inside = place < columns
    x = tl.load(x_pointer + row * columns + place, mask=inside, other=0.0)
    value = tl.where(inside, {mapped}, neutral)
    tl.store(out_pointer + row, {reduced})


def {name}(x):
    rows, columns = x.shape
    out = torch.empty(rows, dtype=x.dtype, device=x.device)
    {name}_kernel[(rows,)](out, x, columns, {neutral}, BLOCK=triton.next_power_of_2(columns))
    return out
"""
)
VECTORS = ("T[7]", "T[300]", "T[5, 33]")
MATRICES = ("T[3, 8]", "T[5, 33]", "T[1, 1]")


def _draw(chance: random.Random) -> Pair:
    return chance.choice((_pointwise, _of_two, _of_rows))(chance)


def _pointwise(chance: random.Random) -> Pair:
    """Two or three steps, one after the other."""
    steps = chance.sample(STEPS, chance.randrange(2, 4))
    name = "_of_".join(step.name for step in reversed(steps))
    words = f"first {', then of that '.join(step.words for step in steps)}"
    return _made(name, words, ("x",), _applied(steps, "x", "triton"), _applied(steps, "x", "torch"))


def _applied(steps: Sequence[Step], value: str, language: str) -> str:
    for step in steps:
        value = getattr(step, language).format(value)
    return value


def _made(name: str, words: str, tensors: tuple[str, ...], triton: str, plain: str) -> Pair:
    loads = "\n".join(f"    {each} = tl.load({each}_pointer + place, mask=inside, other=0.0)" for each in tensors)
    source = POINTWISE.format(
        name=name,
        pointers=", ".join(f"{each}_pointer" for each in tensors),
        loads=loads,
        expression=triton,
        parameters=", ".join(tensors),
        arguments=", ".join(tensors),
    )
    given = "a contiguous float32 tensor x" if len(tensors) == 1 else "contiguous float32 tensors x and y of one shape"
    described = _described(f"{name}({', '.join(tensors)})", given, f"for each element {words}", "of the shape of x")
    reference = f"def {name}({', '.join(tensors)}):\n    return {plain}\n"
    calls = [", ".join([call] * len(tensors)) for call in VECTORS]
    return Pair(described, source, _check(name, reference, calls))


def _of_two(chance: random.Random) -> Pair:
    both, after = chance.choice(PAIRS), chance.choice(STEPS)
    name = f"{after.name}_of_x_{both.name}_y"
    words = f"first, of the elements of x and y, {both.words}, then of that {after.words}"
    return _made(name, words, ("x", "y"), after.triton.format(both.triton), after.torch.format(both.torch))


def _of_rows(chance: random.Random) -> Pair:
    before, reduction = chance.choice(STEPS), chance.choice(REDUCTIONS)
    name = f"{reduction.name}_of_{before.name}"
    neutral = 'float("-inf")' if reduction.name == "row_maximum" else "0.0"
    mapped = before.triton.format("x")
    source = ROWS.format(name=name, mapped=mapped, reduced=reduction.triton, neutral=neutral)
    words = f"first, for each element, {before.words}, then {reduction.words} of the results"
    described = _described(f"{name}(x)", "a contiguous float32 matrix x", words, "with an element for each row")
    reference = f"def {name}(x):\n    return {reduction.torch.format(before.torch.format('x'))}\n"
    return Pair(described, source, _check(name, reference, list(MATRICES)))


def _described(call: str, given: str, words: str, shape: str) -> str:
    return (
        f"Write an operator in Triton: a function {call} that takes {given} and returns a new float32 tensor {shape} with "
        f"{words}. What is computed must be computed by a @triton.jit kernel of yours."
    )


def _check(name: str, reference: str, calls: list[str]) -> dict[str, object]:
    return {"function": name, "reference": reference, "dtype": "float32", "calls": calls}


KERNELS = Maker(
    "You are given the description of an operator. Write Python source with a Triton kernel and the function that launches it. "
    "Give the source alone, without fences.",
    _draw,
)
