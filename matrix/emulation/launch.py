"""Launches: a kernel's arguments become blocks, its programs run one after another, and the launch is recorded.

`fn[grid](...)` ends in `JITFunction.run`, a device function's call in `JITFunction.__call__`; both are replaced, for
good. Arguments are specialised as Triton's launcher does: None and the integer 1 become compile-time constants, integers
get the narrowest of int32, int64 and uint64, floats are float32. Nothing here calls torch: an operator of torch may
be the very thing that is running.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from matrix.emulation.block import Block, carrier
from matrix.emulation.builder import Builder, Place
from matrix.emulation.gaps import LaunchRefused, MissingOnStandIn
from matrix.emulation.grid import checked_grid
from matrix.emulation.memory import Region
from matrix.emulation.rewriter import rewrite
from matrix.emulation.source_files import kernel_origin
from matrix.result import Launch

# What `torch.dtype` a pointer is to, by the name that torch prints.
ELEMENTS = {
    "torch.bool": "int1",
    "torch.uint8": "uint8",
    "torch.int8": "int8",
    "torch.int16": "int16",
    "torch.int32": "int32",
    "torch.int64": "int64",
    "torch.uint16": "uint16",
    "torch.uint32": "uint32",
    "torch.uint64": "uint64",
    "torch.float16": "float16",
    "torch.bfloat16": "bfloat16",
    "torch.float32": "float32",
    "torch.float64": "float64",
    "torch.float8_e4m3fn": "float8e4nv",
    "torch.float8_e4m3fnuz": "float8e4b8",
    "torch.float8_e5m2": "float8e5",
    "torch.float8_e5m2fnuz": "float8e5b16",
}
_ANNOTATED = {
    "u1": "int1",
    "bf16": "bfloat16",
    "fp16": "float16",
    "fp32": "float32",
    "fp64": "float64",
    "i1": "int1",
    **{f"{sign}{bits}": f"{name}{bits}" for sign, name in (("i", "int"), ("u", "uint")) for bits in (8, 16, 32, 64)},
}


class CompiledKernel:
    """What a launch returns to host code: nothing was compiled, so it knows nothing."""

    def __getattr__(self, name: str) -> Any:
        raise MissingOnStandIn(f"compiled-kernel:{name}", "an interpreted kernel has no compiled form")


@dataclass(frozen=True)
class Kernel:
    """What is known of a JIT function, worked out once."""

    function: Callable[..., Any]
    names: tuple[str, ...]
    defaults: dict[str, Any]
    constant: frozenset[str]
    free: frozenset[str]
    annotated: dict[str, str]

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any], title: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arguments by name, and the keywords that are none of them."""
        if len(args) > len(self.names):
            raise LaunchRefused(f"{title}() takes {len(self.names)} arguments but {len(args)} were given")
        bound = dict(zip(self.names, args, strict=False))
        options: dict[str, Any] = {}
        for name, value in kwargs.items():
            if name in bound:
                raise LaunchRefused(f"{title}() got multiple values for argument {name!r}")
            (bound if name in self.names else options)[name] = value
        for name in self.names:
            if name not in bound:
                if name not in self.defaults:
                    raise LaunchRefused(f"{title}() missing a required argument: {name!r}")
                bound[name] = self.defaults[name]
        return {name: bound[name] for name in self.names}, options


class Launcher:
    """Runs kernels and device functions of this process."""

    def __init__(self, language: Any, semantic: Any, builder: Builder, options: Iterable[str]) -> None:
        from triton.language import core

        self.core = core
        self.native = (core.base_value, tuple)
        self.language = language
        self.semantic = semantic
        self.builder = builder
        self.options = frozenset(options)
        self.kernels: dict[Any, Kernel] = {}
        self.substitutes: dict[tuple[str, int], str] = {}
        self.records: list[list[Launch]] = []
        self.pointers: dict[str, Any] = {}
        self.depth = 0
        self.tensor_returns = False  # numbers that device functions return become tensors

    def install(self) -> None:
        """Hook the JIT function for good."""
        from triton.runtime.jit import JITFunction

        launcher = self

        def run(function: Any, *args: Any, grid: Any, warmup: bool = False, **kwargs: Any) -> Any:
            return launcher.launch(function, args, grid, kwargs, warmup=warmup)

        def call(function: Any, *args: Any, **kwargs: Any) -> Any:
            return launcher.call(function, args, kwargs)

        def bind(function: Any, instance: Any, _owner: Any = None) -> Any:
            """As a method of a tensor; on any other object a kernel stays unbound, as in Triton."""
            if isinstance(instance, launcher.core.base_value):
                return lambda *args, **kwargs: launcher.call(function, (instance, *args), kwargs)
            return function

        JITFunction.run = run
        JITFunction.__call__ = call
        JITFunction.__get__ = bind

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A device function, called from a kernel."""
        if not self.depth:
            raise RuntimeError("Cannot call @triton.jit'd outside of the scope of a kernel")
        kernel = self.kernels.get(function.fn) or self.kernel(function)
        if kwargs or len(args) != len(kernel.names):
            bound, unknown = kernel.bind(args, kwargs, function.__name__)
            if unknown:
                raise LaunchRefused(f"{function.__name__}() got an unexpected argument {next(iter(unknown))!r}")
            args = tuple(bound.values())
        native, constexpr = self.native, self.core.constexpr
        result = kernel.function(*[value if isinstance(value, native) else constexpr(value) for value in args])
        return self._as_tensors(result) if self.tensor_returns else result

    def _as_tensors(self, result: Any) -> Any:
        if isinstance(result, tuple | self.core.tuple):
            return type(result)([self._as_tensors(item) for item in result])
        value = result.value if isinstance(result, self.core.constexpr) else result
        return self.semantic.to_tensor(value) if isinstance(value, bool | int | float) else result

    def launch(
        self, function: Any, args: tuple[Any, ...], grid: Any, kwargs: dict[str, Any], *, warmup: bool
    ) -> CompiledKernel:
        """A kernel, launched from the host."""
        for hook in function.pre_run_hooks:
            hook(*args, **kwargs)
        kernel = self.kernel(function)
        bound, options = kernel.bind(args, kwargs, function.__name__)
        for name in options:
            if name not in self.options:
                raise LaunchRefused(f"Keyword argument {name} was specified but unrecognised")
        if not warmup:
            size = checked_grid(grid(bound) if callable(grid) else grid, function.__name__)
            self._record(function)
            with np.errstate(all="ignore"):
                values = [self._argument(kernel, name, value) for name, value in bound.items()]
                self._run(kernel, values, size, function.__name__)
        return CompiledKernel()

    def substitute(self, file: str, line: int, source: str) -> None:
        """Have `source` interpreted in place of the JIT function that begins (with its decorators) at that line."""
        place = (os.path.realpath(file), line)
        self.substitutes[place] = source
        self.kernels = {function: kernel for function, kernel in self.kernels.items() if _place(function) != place}

    def kernel(self, function: Any) -> Kernel:
        """The interpretable form of a JIT function, made at its first use."""
        kernel = self.kernels.get(function.fn)
        if kernel is None:
            kernel = self.kernels[function.fn] = Kernel(
                function=rewrite(function.fn, self.language, self.substitutes.get(_place(function.fn))),
                names=tuple(parameter.name for parameter in function.params),
                defaults={p.name: p.default for p in function.params if p.has_default},
                constant=frozenset(p.name for p in function.params if p.is_constexpr),
                free=frozenset(p.name for p in function.params if p.do_not_specialize),
                annotated={p.name: p.annotation_type for p in function.params if p.annotation_type},
            )
        return kernel

    def _run(self, kernel: Kernel, values: list[Any], size: tuple[int, int, int], name: str) -> None:
        guard, before = self.builder.guard, self.builder.place
        outer = guard.kernel
        place = self.builder.place = Place((0, 0, 0), size)
        guard.kernel = name
        self.depth += 1
        run, (width, height, depth) = kernel.function, size
        try:
            for x in range(width):
                for y in range(height):
                    for z in range(depth):
                        place.index = (x, y, z)
                        run(*values)
        finally:
            self.depth -= 1
            self.builder.place = before
            guard.kernel = outer

    # arguments
    def _argument(self, kernel: Kernel, name: str, value: Any) -> Any:
        core = self.core
        if name in kernel.constant:
            return core.constexpr(value)
        if hasattr(value, "data_ptr"):
            annotation = kernel.annotated.get(name, "")
            if annotation in _ANNOTATED:  # what is declared a number is read as one, from a tensor too
                return self._number(int(value) if annotation[0] in "iu" else float(value), annotation)
            return self._pointer(name, value)
        if isinstance(value, bool):
            return core.tensor(Block(np.array([value]), core.int1), core.int1)
        if isinstance(value, int | float) and not (value == 1 and isinstance(value, int) and name not in kernel.free):
            return self._number(value, kernel.annotated.get(name, ""))
        if isinstance(value, tuple):
            items = [self._argument(kernel, f"{name}.{index}", item) for index, item in enumerate(value)]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        if type(value).__name__ == "TensorDescriptor":
            return self._descriptor(name, value)
        if hasattr(value, "__index__") and not isinstance(value, int):
            return self._argument(kernel, name, int(value))
        return core.constexpr(value)

    def _number(self, value: float, annotation: str) -> Any:
        core = self.core
        if annotation in _ANNOTATED:
            dtype = getattr(core, _ANNOTATED[annotation])
        elif isinstance(value, float):
            dtype = core.float32
        elif -(2**31) <= value < 2**31:
            dtype = core.int32
        elif -(2**63) <= value < 2**63:
            dtype = core.int64
        elif value < 2**64:
            dtype = core.uint64
        else:
            raise LaunchRefused(f"the integer {value} fits into no 64 bits")
        return core.tensor(Block(np.array([value]).astype(carrier(dtype)), dtype), dtype)

    def _pointer(self, name: str, value: Any) -> Any:
        key = str(value.dtype)
        dtype = self.pointers.get(key)
        if dtype is None:
            element = getattr(self.core, ELEMENTS.get(key, ""), None) or self._named(key)
            dtype = self.pointers[key] = self.core.pointer_type(element)
        address = value.data_ptr()
        data = np.array([address], dtype=np.uint64)
        return self.core.tensor(Block(data, dtype, _region(name, value, address)), dtype)

    def _named(self, key: str) -> Any:
        if key in self.builder.types:
            return self.builder.types[key]
        raise LaunchRefused(f"Triton has no pointer to {key}")

    def _descriptor(self, name: str, value: Any) -> Any:
        """A `TensorDescriptor` made by the host."""
        strides = [self._number(stride, "i64") for stride in value.strides[:-1]] + [
            self.core.constexpr(value.strides[-1])
        ]
        return self.semantic.make_tensor_descriptor(
            base=self._pointer(name, value.base),
            shape=[self._number(size, "") for size in value.shape],
            strides=strides,
            block_shape=[self.core.constexpr(size) for size in value.block_shape],
            padding_option=value.padding,
        )

    # records
    def _record(self, function: Any) -> None:
        if self.records:
            launch = Launch(*kernel_origin(function.fn))
            record = self.records[-1]
            for index, known in enumerate(record):
                if (known.kernel, known.file) == (launch.kernel, launch.file):
                    record[index] = Launch(known.kernel, known.file, known.count + 1)
                    return
            record.append(launch)


def _place(function: Any) -> tuple[str, int]:
    return os.path.realpath(function.__code__.co_filename), function.__code__.co_firstlineno


def _region(name: str, value: Any, address: int) -> Region | None:
    """The storage that a tensor, or what looks like one, lies in."""
    storage = getattr(value, "untyped_storage", None)
    if storage is None:
        base = getattr(value, "base", None)
        return None if base is None else _region(name, base, address)
    held = storage()
    if held is value or not hasattr(held, "nbytes"):
        return None
    start = held.data_ptr()
    return Region(name, start, start + held.nbytes(), address)
