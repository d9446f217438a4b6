"""Triton's language, turned to interpretation once and for good.

Every builtin of `triton.language` takes its front end as the argument `_semantic`. Here that argument's default becomes
our front end (Triton's own, over our builder), and the check that a compiler is running is taken away: a call costs
nothing more than the builtin itself. What the compiler does with syntax (`Language`) serves the rewritten kernels.
"""

from __future__ import annotations

import inspect
import operator
import types
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from matrix.emulation.builder import Builder
from matrix.emulation.front_end import intern_types, make_front_end
from matrix.emulation.gaps import KernelFault, NotCompilable, StaticAssertion
from matrix.emulation.reduction import Reducer

_SCALARS = (
    "void int1 int8 int16 int32 int64 uint8 uint16 uint32 uint64 float8e5 float8e5b16 float8e4nv float8e4b8 float8e4b15 "
    "float16 bfloat16 float32 float64"
)
# Triton's builder speaks of `get_half_ty`, `get_float_ty`, ...
_OPERATORS = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "lshift",
    "rshift",
    "and",
    "or",
    "xor",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
]
# Read in what Triton 3.7.1 compiles: `%` is a division, a truncation and a fused multiply-add for sm_90, a loop for gfx942.
_EXACT_REMAINDER = ("hip",)
_BUILDER_NAMES = {"half": "float16", "float": "float32", "double": "float64"}


class Language:
    """What rewritten kernels call for syntax that the compiler reads in its own way."""

    def __init__(self, core: Any, semantic: Any) -> None:
        self._core = core
        self._semantic = semantic
        self._native = (core.base_value, core.dtype, type(None))
        self.constant = core.constexpr
        self.slice = slice
        # Until Triton 3.6 the compiler took Python's own for these.
        self.min = getattr(core, "builtin_min", core.minimum)
        self.max = getattr(core, "builtin_max", core.maximum)
        for builtin in (len, list, float, int, isinstance, getattr, hasattr):
            setattr(self, builtin.__name__, partial(self._on_constants, builtin))

    def assign(self, value: Any) -> Any:
        """What a variable holds: constants become tensors."""
        if isinstance(value, self._core.tensor):
            return value
        if isinstance(value, self._core.constexpr):
            value = value.value
        if isinstance(value, tuple):
            items = [self.assign(item) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        if isinstance(value, bool | int | float):
            return self._semantic.to_tensor(value)
        return value

    def leading(self, values: Any, count: int) -> Any:
        """What a tuple of `count` variables takes of its values: the compiler never looks at more."""
        return tuple(values)[:count] if isinstance(values, tuple | self._core.tuple) else values

    def truth(self, condition: Any) -> bool:
        """What `if` and `while` decide by."""
        if not isinstance(condition, self._core.tensor):
            if isinstance(condition, self._core.condition):
                condition = condition.condition
            return bool(condition)
        if condition.handle.data.size != 1:
            raise NotCompilable(f"a condition on a block of shape {condition.handle.data.shape}; use tl.where")
        return bool(condition.handle.data.reshape(-1)[0])

    def undecided_and(self, value: Any) -> bool:
        return isinstance(value, self._core.tensor) or bool(value)

    def undecided_or(self, value: Any) -> bool:
        return isinstance(value, self._core.tensor) or not bool(value)

    def logical_and(self, left: Any, right: Any) -> Any:
        """`left and right`, where `left` is a tensor or a true constant."""
        if not isinstance(left, self._core.tensor):
            return right
        if not isinstance(right, self._core.tensor):
            return left if bool(right) else right
        return left.logical_and(right)

    def logical_or(self, left: Any, right: Any) -> Any:
        """`left or right`, where `left` is a tensor or a false constant."""
        if not isinstance(left, self._core.tensor):
            return right
        if not isinstance(right, self._core.tensor):
            return right if bool(right) else left
        return left.logical_or(right)

    def negation(self, value: Any) -> Any:
        if isinstance(value, self._core.tensor):
            return self._semantic.not_(value)
        return not value

    def same(self, left: Any, right: Any) -> bool:
        unwrap = self._core._unwrap_if_constexpr  # noqa: SLF001 - the compiler's own notion of a constant
        return unwrap(left) is unwrap(right)

    def replaced(self, _value: Any, _index: Any, _new: Any) -> Any:
        """`x[index] = new`, in the compilers that have it: `block_slices`."""
        return self.refuse("assignment to a part of a block")

    def refuse(self, construct: str) -> None:
        raise NotCompilable(f"Triton's compiler does not support {construct}")

    def print(self, *_values: Any, **_options: Any) -> None:
        """Kernels print to the device's stream."""

    def range(self, *bounds: Any, **named: Any) -> Iterator[Any]:
        """`range` and `tl.range`: the variable is a tensor of the bounds' common type."""
        to_tensor = self._semantic.to_tensor
        tensors = [to_tensor(bound) for bound in _three(bounds, named)]
        promote = self._semantic.integer_promote_impl
        if not all(tensor.dtype.is_int() for tensor in tensors):
            raise NotCompilable(f"range over {', '.join(str(tensor.dtype) for tensor in tensors)}")
        dtype = promote(promote(tensors[0].dtype, tensors[1].dtype), tensors[2].dtype)
        start, stop, stride = (int(tensor.handle.data.reshape(-1)[0]) for tensor in tensors)
        if stride == 0:  # compiled, it is entered where it starts before its end, and never left
            if start < stop:
                raise KernelFault("a loop whose step is 0 does not end")
            return
        for value in range(start, stop, stride):
            yield self._semantic.scalar_constant(value, dtype)

    def static_range(self, *bounds: Any, **named: Any) -> Iterator[Any]:
        """`tl.static_range`: the variable is a constant."""
        unwrap = self._core._unwrap_if_constexpr  # noqa: SLF001
        first, last, step = (int(unwrap(bound)) for bound in _three(bounds, named))
        for value in range(first, last, step):
            yield self._core.constexpr(value)

    def static_assert(self, condition: Any, message: Any = "") -> None:
        if not self.truth(condition):
            raise StaticAssertion(str(message) or "a static assertion does not hold")

    def _on_constants(self, builtin: Callable[..., Any], *arguments: Any) -> Any:
        unwrap = self._core._unwrap_if_constexpr  # noqa: SLF001
        return builtin(*(unwrap(argument) for argument in arguments))


def _three(bounds: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    """First, last and step of a range: by position, or as Triton names them (arg1, arg2, step)."""
    given = dict(zip(("arg1", "arg2", "step"), bounds, strict=False)) | named
    if "arg1" not in given or len(bounds) > 3:
        raise NotCompilable(f"range of {len(bounds)} arguments")
    step = given.get("step")
    step = 1 if step is None else step
    last = given.get("arg2")
    return (0, given["arg1"], step) if last is None else (given["arg1"], last, step)


def install(library: str) -> tuple[Language, Any, Builder]:
    """Patch Triton's language for good. Returns what kernels are rewritten to, the front end and the builder.

    `library` is the folder of `triton.language.extra` whose device library the compiler would link.
    """
    from triton.language import core, standard

    builder = Builder(_scalar_types(core), remainder_by_division=library not in _EXACT_REMAINDER)
    builder.make_tensor = core.tensor
    intern_types()
    semantic = make_front_end(builder)
    for holder in _holders():
        _bind_builtins(holder, semantic)
    for hint in ("multiple_of", "max_contiguous", "max_constancy"):
        setattr(semantic, hint, _hint)
    _link_library(library)
    language = Language(core, semantic)
    _patch_values(core)
    _patch_statics(core, language)
    reducer = Reducer(core, standard)
    for holder in _holders():
        for name, function in {"reduce": reducer.reduce, "associative_scan": reducer.scan}.items():
            if hasattr(holder, name):
                setattr(holder, name, as_method(function))
    return language, semantic, builder


def _link_library(library: str) -> None:
    """Functions of the portable device library become those of the target's, as the compiler maps them."""
    import importlib

    from triton.language.extra import libdevice as portable

    try:
        target = importlib.import_module(f"triton.language.extra.{library}.libdevice")
    except ImportError:
        return
    for name in vars(portable):
        if not name.startswith("_") and hasattr(target, name):
            setattr(portable, name, getattr(target, name))


def _hint(value: Any, values: Any) -> Any:
    """A promise to the compiler, checked as it checks it and otherwise without meaning here."""
    if max(1, len(value.shape)) != len(values):
        raise NotCompilable(f"a hint of {len(values)} values on a block of rank {len(value.shape)}")
    return value


def as_method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain function, which binds as a method where it is set on a class."""

    def call(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)

    _mark(call)
    call.__module__ = "triton.language.core"
    return call


def _mark(function: Any) -> None:
    """The mark by which Triton tells its own functions."""
    function.__triton_builtin__ = True


def _scalar_types(core: Any) -> dict[str, Any]:
    """Triton's scalar types under each name the front end uses: `fp32`, `float32`, `float`."""
    types_: dict[str, Any] = {}
    for name in _SCALARS.split():
        dtype = getattr(core, name)
        types_[dtype.name] = dtype
        types_[name] = dtype
    for name, known in _BUILDER_NAMES.items():
        types_[name] = types_[known]
    return types_


def _holders() -> list[Any]:
    """Modules and classes that hold builtins."""
    import triton.language as tl
    from triton.language import core, math

    holders: list[Any] = [
        core,
        tl,
        math,
        core.tensor,
        core.tensor_descriptor_base,
        core.tensor_descriptor,
        *_libraries(),
    ]
    return holders


def _libraries() -> list[Any]:
    """The device libraries that ship with this Triton."""
    import importlib

    from triton.language import extra

    names = [f"{backend}.{part}" for backend in extra.__all__ for part in ("libdevice", "utils")]
    modules = []
    for name in names:
        try:
            modules.append(importlib.import_module(name))
        except ImportError:
            continue
    return modules


def _bind_builtins(holder: Any, semantic: Any) -> None:
    """Replace each builtin that a module or class holds by what it wraps, our front end being the default."""
    from triton.language import core

    for name, member in list(vars(holder).items()):  # what a class inherits is bound where it is defined
        if isinstance(member, types.FunctionType) and core.is_builtin(member):
            forwarded = getattr(core, name, None) if inspect.isclass(holder) and not name.startswith("__") else None
            wrapped = getattr(member, "__wrapped__", None) or getattr(forwarded, "__wrapped__", None) or forwarded
            plain = wrapped if isinstance(wrapped, types.FunctionType) else member
            _give_default(inspect.unwrap(plain), semantic)
            _mark(plain)
            setattr(holder, name, plain)


def _give_default(function: Any, semantic: Any) -> None:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    defaults = function.__defaults__ or ()
    named = names[len(names) - len(defaults) :]
    if "_semantic" in named:
        function.__defaults__ = tuple(
            semantic if name == "_semantic" else value for name, value in zip(named, defaults, strict=True)
        )
    elif function.__kwdefaults__ and "_semantic" in function.__kwdefaults__:
        function.__kwdefaults__ = {**function.__kwdefaults__, "_semantic": semantic}


def _patch_values(core: Any) -> None:
    """Types stand for themselves; a constant answers for its value; tensors are made fast."""
    for kind in (core.dtype, core.pointer_type, core.block_type):
        kind.to_ir = lambda self, _builder: self
    core.constexpr.__getattr__ = _of_value
    core.warn = lambda *_arguments, **_named: None  # the compiler's advice, repeated at each execution, is noise
    for name in _OPERATORS:
        method = f"__{name}__"
        setattr(core.constexpr, method, _yielding(core, getattr(core.constexpr, method)))
    for name in ("lshift", "rshift", "and", "or", "xor", "mod"):
        setattr(core.constexpr, f"__r{name}__", _reversed(core, getattr(operator, f"__{name}__")))
    block_type, constexpr, tl_tuple = core.block_type, core.constexpr, core.tuple
    scalar = (tl_tuple([]), constexpr(1))

    def make(self: Any, handle: Any, type_: Any) -> None:
        self.handle = handle
        self.type = type_
        self.dtype = type_.scalar
        if not isinstance(type_, block_type):
            self.shape, self.numel = scalar
            return
        known = type_.__dict__.get("described")
        if known is None:
            extents = [constexpr(extent) for extent in type_.extents]
            known = type_.described = (tl_tuple(extents), constexpr(type_.numel))
        self.shape, self.numel = known

    core.tensor.__init__ = make
    core.tensor.T = property(lambda self: self.trans())


def _yielding(core: Any, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator of a constant, which gives way to a tensor on the right, as the compiler has it."""

    def operate(constant: Any, other: Any) -> Any:
        return NotImplemented if isinstance(other, core.tensor) else operation(constant, other)

    return operate


def _reversed(core: Any, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`1 << constant`: to the compiler a literal is a constant too."""
    return lambda constant, literal: core.constexpr(operation(literal, constant.value))


def _of_value(self: Any, name: str) -> Any:
    """The compiler looks attributes of a constant up in its value."""
    if name == "value" or name.startswith("__"):
        raise AttributeError(name)
    if not hasattr(self.value, name):
        kind = type(self.value).__name__
        raise NotCompilable(f"{kind!r} object has no attribute {name!r}: the argument is a compile-time constant here")
    return getattr(self.value, name)


def _patch_statics(core: Any, language: Language) -> None:
    import triton.language as tl

    for holder in (core, tl):
        holder.range = language.range
        holder.static_range = language.static_range
        holder.static_assert = language.static_assert
        holder.static_print = language.print
        holder.device_print = language.print
