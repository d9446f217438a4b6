"""Which kernels a provider launches on a real device: every way into a launch leads through a compiled kernel.

`JITFunction.run` and a compiled kernel called by hand (`kernel[grid](...)`, as providers with a launch cache do) both
end in the kernel's launcher; both are watched, and nothing else of Triton is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from matrix.emulation.source_files import kernel_origin
from matrix.result import Launch

Key = tuple[str, str]
_open: list[Counter[Key]] = []


@contextmanager
def device_launches() -> Iterator[list[Launch]]:
    """A list that holds, once the block has ended, the kernels that were launched inside of it."""
    _watch()
    counts: Counter[Key] = Counter()
    launches: list[Launch] = []
    _open.append(counts)
    try:
        yield launches
    finally:
        _open.remove(counts)
        launches += [Launch(kernel, file, count) for (kernel, file), count in counts.items()]


@cache
def _watch() -> None:
    from triton.compiler.compiler import CompiledKernel
    from triton.runtime.jit import JITFunction

    run, by_hand = JITFunction.run, CompiledKernel.__getitem__

    def watched_run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.get("warmup"):
            _note(self.fn)
        return run(self, *args, **kwargs)

    def watched_by_hand(self: Any, grid: Any) -> Callable[..., Any]:
        runner: Callable[..., Any] = by_hand(self, grid)

        def launched(*args: Any, **kwargs: Any) -> Any:
            _note(self.src.fn.fn)
            return runner(*args, **kwargs)

        return launched

    JITFunction.run = watched_run
    CompiledKernel.__getitem__ = watched_by_hand


def _note(function: Any) -> None:
    for counts in _open:
        counts[kernel_origin(function)] += 1
