"""What can be made wrong in one node of a kernel: the rules of mutation, each a function from a node to its changes.

A rule never alters the node that it is given; what it returns may share parts with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matrix.challenge.mutant import Kind

ACCESSES = {"load": 1, "store": 2, "atomic_add": 2, "atomic_max": 2, "atomic_min": 2, "atomic_and": 2, "atomic_or": 2}
OTHER_FUNCTION = {
    "maximum": "minimum",
    "minimum": "maximum",
    "max": "min",
    "min": "max",
    "sum": "max",
    "argmax": "argmin",
    "argmin": "argmax",
    "cumsum": "cumprod",
    "cumprod": "cumsum",
    "exp": "exp2",
    "exp2": "exp",
    "log": "log2",
    "log2": "log",
    "ceil": "floor",
    "floor": "ceil",
    "atomic_max": "atomic_min",
    "atomic_min": "atomic_max",
    "atomic_add": "atomic_max",
}
REDUCTIONS = frozenset({"sum", "max", "min", "argmax", "argmin", "cumsum", "cumprod", "sort", "reduce", "flip"})
RANGES = frozenset({"range", "static_range"})
NARROWER = {"float64": "float32", "float32": "float16", "float16": "float8e5", "bfloat16": "float8e5", "int64": "int32"}
OTHER_OPERATOR: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mod,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
OTHER_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


class Change(NamedTuple):
    """`after` in place of `before`."""

    kind: Kind
    before: ast.AST
    after: ast.AST


def changes_of(node: ast.AST, parameters: Sequence[str], language: str = "tl") -> Iterator[Change]:
    """Every change of one node. `parameters` are those of its kernel; `language`: what its file calls triton.language."""
    match node:
        case ast.Call():
            yield from _of_call(node, language)
        case ast.BinOp():
            yield from _of_operation(node)
        case ast.Compare(ops=[operator]) if type(operator) in OTHER_COMPARISON:
            yield from _of_comparison(node)
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield Change(Kind.OPERATOR, node, ast.BoolOp(other, node.values))
        case ast.UnaryOp() if not isinstance(node.operand, ast.Constant) and not isinstance(node.op, ast.UAdd):
            yield Change(Kind.OPERATOR, node, node.operand)
        case ast.AugAssign():
            yield from _of_accumulation(node)
        case ast.Assign():
            yield from _of_initial(node)
        case ast.Name(ctx=ast.Load()) if "stride" in node.id:
            yield from _swapped(node, parameters)
        case _:
            return


def called(node: ast.AST) -> str:
    """The last part of the name that a call calls."""
    function = node.func if isinstance(node, ast.Call) else None
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _of_call(node: ast.Call, language: str) -> Iterator[Change]:
    name = called(node)
    if name in ACCESSES and node.args:
        yield from _of_access(node, ACCESSES[name])
    if name in REDUCTIONS:
        yield from _of_axis(node)
    if name in RANGES:
        yield from _of_range(node)
    if name in OTHER_FUNCTION and isinstance(node.func, ast.Attribute):
        function = ast.Attribute(node.func.value, OTHER_FUNCTION[name], ast.Load())
        yield Change(Kind.OPERATOR, node, ast.Call(function, node.args, node.keywords))
    if name == "where" and len(node.args) == 3:
        condition, yes, no = node.args
        yield Change(Kind.OPERATOR, node, ast.Call(node.func, [condition, no, yes], node.keywords))
    if name in ("zeros", "zeros_like", "full"):
        yield from _of_filled(node, name)
    yield from _of_types(node, name, language)


def _of_access(node: ast.Call, place: int) -> Iterator[Change]:
    masked = len(node.args) > place or any(keyword.arg == "mask" for keyword in node.keywords)
    if masked:
        rest = [keyword for keyword in node.keywords if keyword.arg not in ("mask", "other")]
        yield Change(Kind.MASK, node, ast.Call(node.func, node.args[:place], rest))
    pointer, *others = node.args
    for shifted in (ast.Add(), ast.Sub()):
        moved = ast.BinOp(pointer, shifted, ast.Constant(1))
        yield Change(Kind.OFFSET, node, ast.Call(node.func, [moved, *others], node.keywords))
    for keyword in node.keywords:
        if keyword.arg == "other":
            for value in _other_values(keyword.value):
                yield Change(Kind.INITIAL, keyword.value, value)


def _of_axis(node: ast.Call) -> Iterator[Change]:
    given = [keyword.value for keyword in node.keywords if keyword.arg in ("axis", "dim")] + node.args[1:2]
    if given and isinstance(given[0], ast.Constant) and type(given[0].value) is int:
        yield Change(Kind.REDUCTION, given[0], ast.Constant(1 - given[0].value if given[0].value in (0, 1) else 0))
    for keyword in node.keywords:
        if keyword.arg in ("reverse", "descending"):
            yield Change(Kind.REDUCTION, keyword.value, ast.UnaryOp(ast.Not(), keyword.value))


def _of_range(node: ast.Call) -> Iterator[Change]:
    bounds = node.args
    if not 1 <= len(bounds) <= 3:
        return
    end = 0 if len(bounds) == 1 else 1
    for sign in (ast.Add(), ast.Sub()):
        yield Change(Kind.BOUND, bounds[end], ast.BinOp(bounds[end], sign, ast.Constant(1)))
    if len(bounds) < 3:
        first = ast.Constant(0) if len(bounds) == 1 else bounds[0]
        one = ast.Constant(1)
        back = [ast.BinOp(bounds[end], ast.Sub(), one), ast.BinOp(first, ast.Sub(), one), ast.Constant(-1)]
        yield Change(Kind.REDUCTION, node, ast.Call(node.func, back, node.keywords))


def _of_filled(node: ast.Call, name: str) -> Iterator[Change]:
    if name == "full":
        if len(node.args) > 1:
            for value in _other_values(node.args[1]):
                yield Change(Kind.INITIAL, node.args[1], value)
        return
    yield Change(Kind.INITIAL, node, ast.BinOp(node, ast.Add(), ast.Constant(1)))


def _of_types(node: ast.Call, name: str, language: str) -> Iterator[Change]:
    place = {"to": 0, "cast": 1, "zeros": 1, "full": 2}.get(name)
    given = [keyword.value for keyword in node.keywords if keyword.arg == "dtype"]
    if place is not None:
        given += node.args[place : place + 1]
    for dtype in given:
        if isinstance(dtype, ast.Attribute) and dtype.attr in NARROWER and not (name == "to" and "int" in dtype.attr):
            narrower = ast.Attribute(dtype.value, NARROWER[dtype.attr], ast.Load())
            yield Change(Kind.DTYPE, dtype, narrower)
        elif isinstance(dtype, ast.Name) and name == "to" and isinstance(node.func, ast.Attribute):
            half = ast.Call(node.func, [ast.Attribute(ast.Name(language, ast.Load()), "float16", ast.Load())], [])
            yield Change(Kind.DTYPE, node, ast.Call(ast.Attribute(half, "to", ast.Load()), node.args, node.keywords))


def _of_operation(node: ast.BinOp) -> Iterator[Change]:
    if type(node.op) in OTHER_OPERATOR:
        yield Change(Kind.OPERATOR, node, ast.BinOp(node.left, OTHER_OPERATOR[type(node.op)](), node.right))
    if isinstance(node.op, ast.BitAnd):
        yield Change(Kind.MASK, node, node.left)
        yield Change(Kind.MASK, node, node.right)
    if isinstance(node.op, ast.Mult):
        for kept, dropped in ((node.left, node.right), (node.right, node.left)):
            if any("stride" in part for part in _names(dropped)):
                yield Change(Kind.STRIDE, node, kept)


def _of_comparison(node: ast.Compare) -> Iterator[Change]:
    """`<` becomes `<=`, which is the bound one higher where numbers are whole; so only the other direction is a bound."""
    operator, right = node.ops[0], node.comparators[0]
    yield Change(Kind.OPERATOR, node, ast.Compare(node.left, [OTHER_COMPARISON[type(operator)]()], node.comparators))
    if isinstance(operator, ast.Lt | ast.GtE):
        nearer = ast.BinOp(right, ast.Sub(), ast.Constant(1))
    elif isinstance(operator, ast.LtE | ast.Gt):
        nearer = ast.BinOp(right, ast.Add(), ast.Constant(1))
    else:
        return
    yield Change(Kind.BOUND, node, ast.Compare(node.left, node.ops, [nearer]))


def _of_accumulation(node: ast.AugAssign) -> Iterator[Change]:
    if type(node.op) in OTHER_OPERATOR:
        yield Change(Kind.OPERATOR, node, ast.AugAssign(node.target, OTHER_OPERATOR[type(node.op)](), node.value))
    yield Change(Kind.REDUCTION, node, ast.Assign([node.target], node.value, lineno=node.lineno))


def _of_initial(node: ast.Assign) -> Iterator[Change]:
    for value in _other_values(node.value):
        yield Change(Kind.INITIAL, node.value, value)


def _other_values(value: ast.expr) -> Iterator[ast.expr]:
    """Another start than a number; than infinity or what else `float` reads, zero."""
    inner = value.operand if isinstance(value, ast.UnaryOp) else value
    if isinstance(inner, ast.Constant) and type(inner.value) in (int, float):
        yield ast.BinOp(value, ast.Add(), ast.Constant(1))
    elif called(inner) == "float":
        yield ast.Constant(0.0)


def _swapped(node: ast.Name, parameters: Sequence[str]) -> Iterator[Change]:
    strides = [name for name in parameters if "stride" in name]
    if node.id in strides and len(strides) > 1:
        other = strides[(strides.index(node.id) + 1) % len(strides)]
        yield Change(Kind.STRIDE, node, ast.Name(other, ast.Load()))


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
