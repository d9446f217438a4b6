"""Launches: each is a compilation. `fn[grid](...)` ends in `JITFunction.run`, which is replaced for good.

Arguments are specialised by Triton itself, as in a real launch, and the grid is worked out and held against what a chip takes.
What the kernel would have written is unknown afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matrix.compilation.kernels import Binary, KernelCompiler
from matrix.emulation.gaps import LaunchRefused, MissingOnStandIn
from matrix.emulation.grid import checked_grid
from matrix.emulation.source_files import kernel_origin
from matrix.result import Compiled

if TYPE_CHECKING:
    from matrix.compilation.unknown_values import UnknownValues


class CompiledKernel:
    """What a launch returns to host code."""

    def __init__(self, metadata: Any) -> None:
        self.metadata = metadata

    def __getattr__(self, name: str) -> Any:
        raise MissingOnStandIn(f"compiled-kernel:{name}", "a kernel that was not loaded does not know it")


class Launcher:
    """Compiles what host code launches."""

    def __init__(self, kernels: KernelCompiler, dropped: Iterable[str]) -> None:
        self.kernels = kernels
        self.dropped = frozenset(dropped)
        self.record: list[Compiled] = []
        self.unknown: Any = None

    def begin(self, record: list[Compiled], unknown: UnknownValues) -> None:
        self.record = record
        self.unknown = unknown

    def end(self) -> None:
        self.record = []

    def install(self) -> None:
        """Hook the JIT function for good."""
        from triton.runtime.jit import JITFunction

        run_natively = JITFunction.run
        launcher = self

        def run(function: Any, *args: Any, grid: Any, warmup: bool = False, **kwargs: Any) -> Any:
            given = {name: value for name, value in kwargs.items() if name not in launcher.dropped}
            kernel = run_natively(function, *args, grid=grid, warmup=True, **given)
            if not warmup:
                launcher.launched(function, kernel, args, given, grid)
            return CompiledKernel(kernel.metadata)

        JITFunction.run = run

    def launched(self, function: Any, kernel: Any, args: tuple[Any, ...], kwargs: dict[str, Any], grid: Any) -> None:
        """A launch whose kernel is compiled: what is left of it but the running."""
        bound = {parameter.name: parameter.default for parameter in function.params if parameter.has_default}
        bound |= dict(zip(function.arg_names, args, strict=False))
        bound |= {name: value for name, value in kwargs.items() if name in function.arg_names}
        if grid is None:
            raise LaunchRefused(f"{function.__name__}: a launch without a grid")
        checked_grid(grid(bound) if callable(grid) else grid, function.__name__)
        facts: Binary = kernel.binary_facts
        for name, value in bound.items():
            if facts.written is None or name in facts.written:
                self.unknown.forget(value)
        self.note(function, facts)

    def note(self, function: Any, facts: Binary) -> None:
        """Count a launch of a binary."""
        name, file = kernel_origin(function.fn)
        compiled = Compiled(
            kernel=name,
            file=file,
            configuration=facts.configuration,
            size=facts.size,
            shared=facts.shared,
            registers=facts.registers,
            spilled=facts.spilled,
            seconds=facts.seconds,
        )
        for index, known in enumerate(self.record):
            if replace(known, count=1, tried=None, fitting=None) == compiled:
                self.record[index] = replace(known, count=known.count + 1)
                return
        self.record.append(compiled)

    def note_choice(self, before: int, tried: int, fitting: int) -> None:
        """Say of what was noted since `before` how many configurations it was chosen from."""
        for index in range(before, len(self.record)):
            self.record[index] = replace(self.record[index], tried=tried, fitting=fitting)
