"""From a specialised kernel to its final binary, and whether that fits the target.

Triton decides everything: this stands in the place of `triton.compile`, calls it, and reads what came of it. What the compiler
raises, and what exceeds a limit of the target, is `Refused`. A compilation can be ended early, where the shared memory is
known (matrix/compilation/early_end.py): that is enough to know whether a configuration fits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from backends.profile import Target
from matrix.compilation import early_end
from matrix.compilation.binary import read_resources
from matrix.emulation.gaps import EmulationGap, Refused

# A block has at most this many threads (CUDA C++ Programming Guide, technical specifications; HIP's maxThreadsPerBlock).
THREADS = 1024
# Columns of tensor memory, where a target has any (triton 3.7.1, compiler/compiler.py).
TENSOR_MEMORY = 512
_SENTENCE = 300


@dataclass(frozen=True)
class Binary:
    """A kernel that was compiled, and what is known of it.

    written  positions, among the arguments that are no compile-time constants, of those it may write through; None: any
    """

    size: int
    shared: int
    registers: int
    spilled: int
    seconds: float
    configuration: dict[str, str]
    written: frozenset[str] | None


class Fits(BaseException):
    """A configuration fits the target, as far as it was compiled."""


class KernelCompiler:
    """Compiles for one target."""

    def __init__(self, name: str, target: Target) -> None:
        self.name = name
        self.target = target
        self.trying = False
        self.current = ""
        # What a compilation came to, by its key: a launch in a loop must not be refused anew each time.
        self.known: dict[Any, Refused | Fits] = {}

    def install(self) -> None:
        """Take the place of Triton's compiler, for good."""
        import triton.compiler as package
        from triton.compiler.compiler import make_backend
        from triton.runtime.driver import driver
        from triton.runtime.jit import JITFunction

        compile_, pack = package.compile, JITFunction._pack_args  # noqa: SLF001 - it parses the options

        def compile_for_target(src: Any, target: Any = None, options: Any = None, **named: Any) -> Any:
            return self.compile(lambda: compile_(src, target=target, options=options, **named), src, options)

        def pack_args(function: Any, *args: Any) -> Any:
            try:
                return pack(function, *args)
            except ValueError as error:  # what a back end says of options that its target cannot take
                raise Refused(f"{function.__name__}: {_sentence(error)}") from error

        package.compile = compile_for_target
        JITFunction._pack_args = pack_args  # noqa: SLF001
        early_end.install(type(make_backend(driver.active.get_current_target())), self.look)

    @contextmanager
    def only_trying(self) -> Iterator[None]:
        """Inside of the block a compilation ends as soon as it is known to fit, by raising Fits."""
        self.trying = True
        try:
            with early_end.wanted():
                yield
        finally:
            self.trying = False

    def compile(self, build: Any, src: Any, options: Any) -> Any:
        """What Triton's compiler gives, with a `Binary` as its attribute `binary_facts`. Raises Refused, or Fits."""
        key = (src.hash(), str(options))
        known = self.known.get(key)
        if isinstance(known, Refused) or (known is not None and self.trying):
            raise known.with_traceback(None)
        self.current = src.name
        began = time.perf_counter()
        try:
            kernel = build()
            self.check(src.name, kernel.metadata.shared, getattr(kernel.metadata, "tmem_size", None))
            self.check_threads(src.name, kernel.metadata.num_warps)
        except (EmulationGap, MemoryError):
            raise
        except OSError as error:
            raise EmulationGap(f"compiler:{type(error).__name__}", _sentence(error)) from error
        except Fits as fits:
            self.known[key] = fits
            raise
        except Exception as error:  # noqa: BLE001 - a compiler raises anything, and all of it is a refusal
            self.known[key] = _refusal(src.name, error)
            kernel = None
        if kernel is None:
            raise self.known[key]
        kernel.binary_facts = self.facts(src, kernel, time.perf_counter() - began)
        return kernel

    def look(self, module: Any) -> None:
        """A module whose memory is known, before it becomes LLVM's. Raises Fits or Refused while configurations are tried."""
        tensor_memory = module.get_int_attr("ttg.tensor_memory_size")
        self.check(self.current, module.get_int_attr("ttg.shared"), tensor_memory)
        warps = module.get_int_attr("ttg.total-num-warps") or module.get_int_attr("ttg.num-warps")
        self.check_threads(self.current, warps or 1)
        raise Fits

    def check(self, kernel: str, shared: int | None, tensor_memory: int | None) -> None:
        """Raises Refused when a block of the kernel wants more memory than the target has."""
        limit = self.target.shared_memory
        if shared is not None and shared > limit:
            raise Refused(f"{kernel} wants {shared} B of shared memory, {self.name} has {limit} a block", shared)
        if tensor_memory is not None and tensor_memory > TENSOR_MEMORY:
            wanted = f"{kernel} wants {tensor_memory} columns of tensor memory"
            raise Refused(f"{wanted}, {self.name} has {TENSOR_MEMORY}", tensor_memory)

    def check_threads(self, kernel: str, warps: int) -> None:
        """Raises Refused when a block of the kernel has too many threads."""
        threads = warps * self.target.warp_size
        if threads > THREADS:
            of = f"{warps} warps of {self.target.warp_size}"
            raise Refused(f"{kernel} wants {threads} threads ({of}), {self.name} has {THREADS} a block", threads)

    def facts(self, src: Any, kernel: Any, seconds: float) -> Binary:
        from matrix.compilation.written import written_arguments

        resources = read_resources(kernel.kernel)
        text = kernel.asm.get("ttir")
        return Binary(
            size=len(kernel.kernel),
            shared=kernel.metadata.shared or 0,
            registers=resources.registers,
            spilled=resources.spilled,
            seconds=seconds,
            configuration=configured(src, kernel.metadata),
            written=None if text is None else written_arguments(text, _variables(src)),
        )


def _refusal(kernel: str, error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    refused = Refused(f"{kernel}: {_sentence(error)}")
    refused.__cause__ = error
    return refused


def _variables(src: Any) -> list[str]:
    """Names of the kernel's arguments that are none at compile time, a tuple's once for each of its items."""
    found: list[str] = []
    for name, kind in src.signature.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        found += [name for item in kinds if item != "constexpr"]
    return found


def configured(src: Any, metadata: Any) -> dict[str, str]:
    """Constants that the kernel declares, and the options that a configuration sets."""
    constant = {parameter.name for parameter in src.fn.params if parameter.is_constexpr}
    names = {path: src.fn.arg_names[path[0]] for path in src.constants}
    found = {names[path]: _short(value) for path, value in src.constants.items() if names[path] in constant}
    options = {name: getattr(metadata, name, None) for name in ("num_warps", "num_stages", "num_ctas", "maxnreg")}
    return found | {
        name: str(value) for name, value in options.items() if value is not None and (name, value) != ("num_ctas", 1)
    }


def _short(value: Any) -> str:
    text = getattr(value, "__name__", None) or str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _sentence(error: BaseException) -> str:
    """What a compiler said, in one line: the innermost reason, where Triton quotes the kernel's source before it."""
    link = error
    while link.__cause__ is not None:
        link = link.__cause__
    said = " ".join(str(link).split()) or " ".join(str(error).split())
    said = re.sub(r"Repro command: .*", "", said)
    text = f"{type(link).__name__}: {said}"
    return text if len(text) <= _SENTENCE else f"{text[: _SENTENCE - 3]}..."
