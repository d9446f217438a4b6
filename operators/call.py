"""The notation of a call: what an operator is called with, as one line of text that a person can read.

    T[5, 3], T[1, 3].between(-2, 2), alpha=2

is a call with two tensors of the case's dtype and one keyword. The notation is Python's expression syntax, read with
`ast` and never evaluated. It holds shapes and rules for values, not values: the judge draws those from the seed of the
case, so that the same case has the same inputs on every chip and with every version of torch. Nothing here imports
torch.

Tensors
    T[2, 3]            the case's dtype             T[()]      a 0-d tensor             T[0, 4]    an empty one
    i64[3] f32[2]      a fixed dtype: b8 u8 i8 i16 i32 i64 f16 bf16 f32 f64 (and f8e4m3, f8e5m2)
    acc[4]             float32 for float16 and bfloat16, otherwise the case's dtype (statistics of a norm)
Values (the default is .between(-2, 2) for floats, .between(-8, 8) for integers, a fair coin for bool)
    .between(lo, hi)   uniform; for integers the upper end is included
    .values(1, 2, 3)   these, in row-major order        .fill(0)      all equal
    .special()         NaN, +inf, -inf, +0.0 and -0.0 sprinkled over the default   .extreme()    near the dtype's limits
    .permutation()     0 .. n-1 shuffled along the last dimension       .distinct()  all values differ
    .ascending()       sorted along the last dimension                      .first(nan)     the default, but for the first
Layout (the default is contiguous)
    .strides(1, 5)     these strides, in elements         .offset(1)    a storage offset, in elements
    .step(2)           every second element of the last dimension of a larger tensor
Everything else
    1, 2.5, True, None, "mean", [1, 2], (1, 2), [T[2], T[3]], inf, nan, dtype("float32"), dtype("T"),
    memory_format("channels_last"), device (the profile's device), like(0) (an uninitialised tensor shaped as output 0
    of the native operator, for `out=like(0)`)
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

CASE_DTYPE = "T"
ACCUMULATOR = "acc"
DTYPES: dict[str, str] = {
    "b8": "bool",
    "u8": "uint8",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "f8e4m3": "float8_e4m3fn",
    "f8e5m2": "float8_e5m2",
}
FILLS = ("between", "values", "fill", "special", "extreme", "permutation", "distinct", "ascending", "first")
LAYOUTS = ("strides", "offset", "step")

Scalar = int | float | bool | str | None


class CallError(ValueError):
    """A line is not a call: says where, what was found and what is allowed."""


@dataclass(frozen=True)
class TensorSpec:
    """One tensor: its shape and element type, how its values are drawn and how it lies in memory."""

    shape: tuple[int, ...]
    dtype: str = CASE_DTYPE
    fill: str = "default"
    fill_args: tuple[Scalar, ...] = ()
    strides: tuple[int, ...] | None = None
    offset: int = 0
    step: int = 1


@dataclass(frozen=True)
class DTypeSpec:
    """A dtype handed over as an argument; `T` is the case's own."""

    name: str


@dataclass(frozen=True)
class FormatSpec:
    """A torch memory format handed over as an argument."""

    name: str


@dataclass(frozen=True)
class DeviceSpec:
    """The device of the profile, handed over as an argument."""


@dataclass(frozen=True)
class LikeSpec:
    """An uninitialised output tensor with dtype and shape of one output of the native operator."""

    output: int


Value = Scalar | TensorSpec | DTypeSpec | FormatSpec | DeviceSpec | LikeSpec | list["Value"] | tuple["Value", ...]


NAMED: dict[str, Value] = {"inf": float("inf"), "nan": float("nan"), "device": DeviceSpec()}


@dataclass(frozen=True)
class Call:
    """Positional and keyword arguments."""

    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        parts = [write_value(value) for value in self.args]
        parts += [f"{name}={write_value(value)}" for name, value in self.kwargs.items()]
        return ", ".join(parts)


def parse_call(text: str) -> Call:
    """Read a call from its notation.

    Raises CallError with the offending piece and what is allowed.
    """
    try:
        tree = ast.parse(f"call({text})", mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise CallError(f"{text!r} is not a call: {error}; write it as in 'T[2, 3], dim=1'") from error
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise CallError(f"{text!r} is not one call; write arguments only, as in 'T[2, 3], dim=1'")
    args = tuple(_read(node) for node in tree.args)
    kwargs: dict[str, Value] = {}
    for keyword in tree.keywords:
        if keyword.arg is None:
            raise CallError(f"{text!r} has a '**' argument; name each keyword instead")
        kwargs[keyword.arg] = _read(keyword.value)
    return Call(args, kwargs)


def write_value(value: Value) -> str:
    """The notation of one argument; `parse_call` reads it back."""
    match value:
        case TensorSpec():
            return _write_tensor(value)
        case DTypeSpec(name):
            return f'dtype("{name}")'
        case FormatSpec(name):
            return f'memory_format("{name}")'
        case DeviceSpec():
            return "device"
        case LikeSpec(output):
            return f"like({output})"
        case list():
            return "[" + ", ".join(write_value(item) for item in value) + "]"
        case tuple():
            return "(" + ", ".join(write_value(item) for item in value) + ("," if len(value) == 1 else "") + ")"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            return repr(value)


def _write_tensor(spec: TensorSpec) -> str:
    name = spec.dtype
    for short, long in DTYPES.items():
        if long == spec.dtype:
            name = short
    text = f"{name}[{', '.join(map(str, spec.shape)) if spec.shape else '()'}]"
    if spec.fill != "default":
        text += f".{spec.fill}({', '.join(map(repr, spec.fill_args))})"
    if spec.strides is not None:
        text += f".strides({', '.join(map(str, spec.strides))})"
    if spec.step != 1:
        text += f".step({spec.step})"
    if spec.offset:
        text += f".offset({spec.offset})"
    return text


def _read(node: ast.expr) -> Value:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            return node.value  # type: ignore[return-value]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = _read(operand)
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number
        case ast.Name(id=name) if name in NAMED:
            return NAMED[name]
        case ast.List(elts=items):
            return [_read(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_read(item) for item in items)
        case ast.Call(func=ast.Name(id="dtype"), args=[ast.Constant(value=str(name))]):
            return DTypeSpec(name)
        case ast.Call(func=ast.Name(id="memory_format"), args=[ast.Constant(value=str(name))]):
            return FormatSpec(name)
        case ast.Call(func=ast.Name(id="like"), args=[ast.Constant(value=int(index))]):
            return LikeSpec(index)
        case ast.Subscript() | ast.Call(func=ast.Attribute()):
            return _read_tensor(node)
    raise CallError(
        f"{ast.unparse(node)!r} is not an argument; allowed are numbers, strings, None, lists, tuples, inf, nan, "
        f"device, dtype(...), memory_format(...), like(n) and tensors such as T[2, 3].between(0, 1)"
    )


def _read_tensor(node: ast.expr) -> TensorSpec:
    modifiers: list[tuple[str, tuple[Scalar, ...]]] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        arguments = tuple(_read_scalar(argument) for argument in node.args)
        modifiers.insert(0, (node.func.attr, arguments))
        node = node.func.value
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
        raise CallError(f"{ast.unparse(node)!r} is not a tensor; write a dtype and a shape, as in T[2, 3] or i64[4]")
    name = node.value.id
    if name not in (CASE_DTYPE, ACCUMULATOR, *DTYPES):
        raise CallError(f"{name!r} is not a dtype; allowed are {CASE_DTYPE}, {ACCUMULATOR}, {', '.join(DTYPES)}")
    elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    shape = tuple(_read_size(element) for element in elements)
    spec: dict[str, object] = {}
    for modifier, arguments in modifiers:
        if modifier in FILLS:
            spec |= {"fill": modifier, "fill_args": arguments}
        elif modifier == "strides":
            spec["strides"] = arguments
        elif modifier in ("offset", "step"):
            spec[modifier] = arguments[0] if arguments else 1
        else:
            raise CallError(f".{modifier}() is not known; allowed are {', '.join((*FILLS, *LAYOUTS))}")
    return TensorSpec(shape, DTYPES.get(name, name), **spec)  # type: ignore[arg-type]


def _read_scalar(node: ast.expr) -> Scalar:
    value = _read(node)
    if isinstance(value, int | float | str) or value is None:
        return value
    raise CallError(f"{ast.unparse(node)!r} is not a number")


def _read_size(node: ast.expr) -> int:
    value = _read(node)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise CallError(f"{ast.unparse(node)!r} is not a size; allowed are whole numbers from 0")
