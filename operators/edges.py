"""Deriving edge samples from a typical call: empty, odd sizes, other layouts, NaN, shapes that must be refused.

Everything here is text to text: pure functions on Call, no torch. They propose; whoever writes them into the catalogue
first tries each on torch, because a proposal need not make sense for every operator (`harvest` does so).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations

from operators.call import Call, TensorSpec, Value

BUDGET = 1300  # elements of all tensors of a derived sample together
LARGE = (1 << 14) + 1  # along the dimension that is reduced
ODD = (129, 33, 13, 7)
OUTSIDE = 9  # a dimension that no sample has

Shapes = Callable[[tuple[int, ...]], tuple[int, ...]]


@dataclass(frozen=True)
class Edge:
    """A proposed sample: its kind, the call, whether it must be refused, and whether the first tensor is as it was."""

    kind: str
    call: Call
    raises: bool = False
    keeps_first: bool = True


def propose(call: Call, *, changed: int | None = None) -> Iterator[Edge]:
    """Every edge that can be derived from a call, the likelier ones of a kind first.

    `changed` is the position of the argument that the operator writes to, which must not overlap itself.
    """
    for kind, derive in _DERIVED.items():
        for proposal in derive(call):
            if proposal != call and (kind == "large" or elements_of(proposal) <= BUDGET):
                yield Edge(kind, proposal)
    for proposal in _expanded(call, changed):
        yield Edge("expanded", proposal)
    first = call_tensors(call)[:1]
    for proposal in _illegal(call):
        if proposal != call:
            yield Edge("illegal", proposal, raises=True, keeps_first=call_tensors(proposal)[:1] == first)


def tensors_of(value: Value) -> list[TensorSpec]:
    """Every tensor of an argument, in order."""
    if isinstance(value, TensorSpec):
        return [value]
    if isinstance(value, list | tuple):
        return [spec for item in value for spec in tensors_of(item)]
    return []


def call_tensors(call: Call) -> list[TensorSpec]:
    return tensors_of([*call.args, *call.kwargs.values()])


def elements_of(call: Call) -> int:
    """Elements of all tensors of a call together."""
    return sum(math.prod(spec.shape) for spec in call_tensors(call))


# How a call is changed: every value, every tensor, every shape


def map_values(call: Call, change: Callable[[Value], Value]) -> Call:
    """The call with `change` applied to each argument that is not a list, and within lists of tensors."""

    def visit(value: Value) -> Value:
        if isinstance(value, list | tuple) and any(isinstance(item, TensorSpec) for item in value):
            return type(value)(visit(item) for item in value)
        return change(value)

    return Call(tuple(visit(value) for value in call.args), {name: visit(value) for name, value in call.kwargs.items()})


def map_tensors(call: Call, change: Callable[[int, TensorSpec], TensorSpec]) -> Call:
    """The call with each tensor changed; `change` is told how many came before."""
    count = iter(range(1_000))
    return map_values(call, lambda value: change(next(count), value) if isinstance(value, TensorSpec) else value)


def resize(call: Call, sizes: dict[int, int], *, lists: bool = True) -> Call:
    """Every size that stands in `sizes` becomes another, in shapes, in bounds of indices and in lists of sizes."""

    def change(value: Value) -> Value:
        if isinstance(value, TensorSpec):
            return reshape(value, tuple(sizes.get(size, size) for size in value.shape), sizes)
        if lists and isinstance(value, list) and value and all(type(item) is int for item in value):
            return [sizes.get(item, item) if isinstance(item, int) else item for item in value]
        return value

    return map_values(call, change)


def reshape(spec: TensorSpec, shape: tuple[int, ...], sizes: dict[int, int] | None = None) -> TensorSpec:
    """The tensor with another shape, contiguous; the values of indices become a rule that stays within bounds."""
    fill, arguments = spec.fill, spec.fill_args
    if fill == "values":
        numbers = [number for number in arguments if isinstance(number, int | float)]
        fill, arguments = ("between", (min(numbers), max(numbers))) if numbers else ("default", ())
    if sizes and fill == "between" and spec.dtype in ("int64", "int32") and arguments[0] == 0:
        last = arguments[1]
        assert isinstance(last, int | float)
        arguments = (0, max(0, sizes.get(int(last) + 1, int(last) + 1) - 1))
    return TensorSpec(shape, spec.dtype, fill, arguments)


def reframe(call: Call, frame: tuple[int, ...]) -> Call:
    """The first tensor takes the shape `frame`; the others follow dimension by dimension, aligned at the right.

    A size stays 1 where it was 1 under another; lists of sizes at the tail of the old shape follow as well.
    """
    old = call_tensors(call)[0].shape

    def follow(shape: tuple[int, ...]) -> tuple[int, ...]:
        pairs = zip(shape[::-1], old[::-1], frame[::-1], strict=False)
        return tuple(new if size == was else size for size, was, new in pairs)[::-1]

    def change(value: Value) -> Value:
        if isinstance(value, TensorSpec):
            return reshape(value, follow(value.shape)) if len(value.shape) <= len(old) else value
        if isinstance(value, list) and value and tuple(value) == old[len(old) - len(value) :]:
            return list(follow(tuple(size for size in value if isinstance(size, int))))
        return value

    return map_values(call, change)


# The kinds


def _scalar(call: Call) -> Iterator[Call]:
    """All tensors without dimensions; a dimension asked for becomes 0."""
    flat = map_tensors(call, lambda _n, spec: reshape(spec, ()))
    if call_tensors(call):
        yield flat
        yield map_values(flat, lambda value: 0 if type(value) is int else [] if isinstance(value, list) else value)
        yield map_tensors(call, lambda n, spec: reshape(spec, ()) if n == 0 else spec)


def _empty(call: Call) -> Iterator[Call]:
    sizes = _sizes(call)
    if len({spec.shape for spec in call_tensors(call)}) == 1:
        yield map_tensors(call, lambda _n, spec: reshape(spec, (0,)))
        yield map_tensors(call, lambda _n, spec: reshape(spec, (0, 3)))
    for size in sizes:
        yield resize(call, {size: 0})
        yield resize(call, {size: 0}, lists=False)
    first = call_tensors(call)[0].shape if sizes else ()
    for place in range(len(first)):
        yield reframe(call, (*first[:place], 0, *first[place + 1 :]))
    yield from _with_size(call, [0], [0, 3])


def _one(call: Call) -> Iterator[Call]:
    ones = dict.fromkeys(_sizes(call), 1)
    if ones:
        yield _at_zero(resize(call, ones))
        yield _at_zero(resize(call, ones, lists=False))
    yield from _with_size(call, [1])


def _at_zero(call: Call) -> Call:
    """With one element in each dimension there is one index."""
    return map_tensors(call, lambda _n, spec: replace(spec, fill="fill", fill_args=(0,)) if _is_index(spec) else spec)


def _is_index(spec: TensorSpec) -> bool:
    return spec.dtype in ("int64", "int32") and spec.fill in ("values", "between", "permutation")


def _odd(call: Call) -> Iterator[Call]:
    """Sizes that no block size divides."""
    tensors = call_tensors(call)
    if tensors and len({spec.shape for spec in tensors}) == 1 and tensors[0].shape:
        yield map_tensors(call, lambda _n, spec: reshape(spec, ((1 << 10) // len(tensors) + 1,)))
    sizes = [size for size in _sizes(call) if size > 1]
    for odd in permutations(ODD, min(len(sizes), len(ODD))) if sizes else ():
        yield resize(call, dict(zip(sizes, odd, strict=False)))
    if tensors and tensors[0].shape:
        for odd in permutations(ODD, min(len(tensors[0].shape), len(ODD))):
            yield reframe(call, (*tensors[0].shape[: -len(odd)], *odd))
    yield from _with_size(call, [129], [7, 33])


def _strided(call: Call) -> Iterator[Call]:
    """Every second element, and a storage that begins earlier."""
    if not any(spec.shape for spec in call_tensors(call)):
        return
    yield map_tensors(call, lambda _n, spec: _layout(spec, step=2))
    yield map_tensors(call, lambda n, spec: _layout(spec, step=2) if n == 0 else spec)
    yield map_tensors(call, lambda _n, spec: _layout(spec, offset=1))


def _layout(spec: TensorSpec, *, step: int = 1, offset: int = 0) -> TensorSpec:
    return replace(spec, step=step, offset=offset) if spec.shape and spec.strides is None else spec


def _transposed(call: Call) -> Iterator[Call]:
    yield map_tensors(call, lambda _n, spec: _swap(spec))
    yield map_tensors(call, lambda n, spec: _swap(spec) if n == 0 else spec)


def _swap(spec: TensorSpec) -> TensorSpec:
    """Column-major in the last two dimensions."""
    if len(spec.shape) < 2 or spec.strides is not None or 0 in spec.shape:
        return spec
    strides = list(contiguous(spec.shape))
    strides[-2:] = [1, spec.shape[-2]]
    return replace(spec, strides=tuple(strides))


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Row-major strides in elements."""
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))


def _expanded(call: Call, changed: int | None) -> Iterator[Call]:
    """A tensor that repeats itself: stride 0 along its first dimension."""
    tensors = call_tensors(call)
    places = [place for place, spec in enumerate(tensors) if place != changed and spec.shape and spec.shape[0] > 1]
    for chosen in places[:2]:
        if tensors[chosen].strides is None and tensors[chosen].fill != "values":
            strides = (0, *contiguous(tensors[chosen].shape)[1:])
            yield map_tensors(call, lambda n, s, c=chosen, t=strides: replace(s, strides=t) if n == c else s)  # type: ignore[misc]


def _broadcast(call: Call) -> Iterator[Call]:
    """The second tensor of equal shapes with fewer dimensions, or with one element in a dimension."""
    tensors = call_tensors(call)
    if len(tensors) < 2 or len(tensors[0].shape) < 2 or tensors[0].shape != tensors[1].shape:
        return
    shape = tensors[0].shape
    yield map_tensors(call, lambda n, spec: reshape(spec, (*shape[:-1], 1)) if n == 1 else spec)
    yield map_tensors(call, lambda n, spec: reshape(spec, shape[1:]) if n == 1 else spec)
    yield map_tensors(
        call, lambda n, s: reshape(s, (1, *shape[1:]) if n == 0 else (*shape[:-1], 1) if n == 1 else s.shape)
    )


def _special(call: Call) -> Iterator[Call]:
    yield from _filled(call, "special")


def _extreme(call: Call) -> Iterator[Call]:
    yield from _filled(call, "extreme")


def _filled(call: Call, fill: str) -> Iterator[Call]:
    """All tensors of the case's type get such values, or only the first."""
    cases = [place for place, spec in enumerate(call_tensors(call)) if spec.dtype == "T" and spec.shape]
    for places in (cases, cases[:1]):
        if places:
            yield map_tensors(
                call,
                lambda n, s, p=tuple(places): replace(s, fill=fill, fill_args=()) if n in p else s,  # type: ignore[misc]
            )


def _large(call: Call) -> Iterator[Call]:
    """Many elements along one dimension: the one asked for where there is one, otherwise the last."""
    tensors = call_tensors(call)
    if not tensors or not tensors[0].shape:
        return
    rank = len(tensors[0].shape)
    asked = [value for value in [*call.args, *call.kwargs.values()] if type(value) is int or isinstance(value, list)]
    wanted = [item for value in asked for item in (value if isinstance(value, list) else [value])]
    places = [item % rank for item in wanted if type(item) is int and -rank <= item < rank]
    for place in dict.fromkeys((*places, rank - 1)):
        yield reframe(call, tuple(LARGE if n == place else 2 if n == 0 else 1 for n in range(rank)))


def _illegal(call: Call) -> Iterator[Call]:
    """Shapes that do not go together, a dimension that is not there, a rank that is not taken."""
    tensors = call_tensors(call)
    for place in range(1, min(3, len(tensors))):
        if tensors[place].shape:
            wrong = (*tensors[place].shape[:-1], tensors[place].shape[-1] + 2)
            yield map_tensors(call, lambda n, s, p=place, w=wrong: reshape(s, w) if n == p else s)  # type: ignore[misc]
    for place, value in enumerate(call.args):
        if type(value) is int:
            yield Call((*call.args[:place], OUTSIDE, *call.args[place + 1 :]), call.kwargs)
    for name, value in call.kwargs.items():
        if "dim" in name and type(value) is int:
            yield Call(call.args, call.kwargs | {name: OUTSIDE})
        if "dim" in name and isinstance(value, list):
            yield Call(call.args, call.kwargs | {name: [OUTSIDE]})
    yield map_tensors(call, lambda n, spec: reshape(spec, (2, *spec.shape)) if n == 0 else spec)
    yield map_tensors(call, lambda n, spec: reshape(spec, spec.shape[1:]) if n == 0 and spec.shape else spec)
    yield from _with_size(call, [-1])


def _with_size(call: Call, *shapes: list[Value]) -> Iterator[Call]:
    """For operators that are given a shape or a length instead of a tensor."""
    if call_tensors(call) or not call.args:
        return
    for shape in shapes:
        if isinstance(call.args[0], list):
            yield Call((shape, *call.args[1:]), call.kwargs)
        elif len(shape) == 1 and type(call.args[0]) in (int, float):
            yield Call((*shape, *call.args[1:]), call.kwargs)


def _sizes(call: Call) -> list[int]:
    """The sizes of a call's tensors, each once, in the order met."""
    return list(dict.fromkeys(size for spec in call_tensors(call) for size in spec.shape))


_DERIVED: dict[str, Callable[[Call], Iterator[Call]]] = {
    "scalar": _scalar,
    "empty": _empty,
    "one": _one,
    "odd": _odd,
    "strided": _strided,
    "transposed": _transposed,
    "broadcast": _broadcast,
    "nan": _special,
    "extreme": _extreme,
    "large": _large,
}
