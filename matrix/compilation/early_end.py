"""Ending a compilation where a kernel's shared memory is known and its conversion to LLVM's dialect would begin.

That leaves out the greater part of the work. Triton's back ends have one stage from their own representation to LLVM's: it
lines up its passes, runs them, and translates. The one pass that begins the conversion is the sign to run what stands
before it, and to look at the module. A back end without a pass of that name compiles on: nothing is lost but time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_BEGINNING = "add_to_llvmir"
_WANTED: list[None] = []


class _Reached(BaseException):
    """The pass is about to be added to a pass manager."""

    def __init__(self, passes: Any) -> None:
        super().__init__()
        self.passes = passes


@contextmanager
def wanted() -> Iterator[None]:
    """Inside of the block compilations end early."""
    _WANTED.append(None)
    try:
        yield
    finally:
        _WANTED.pop()


def install(backend: Any, look: Callable[[Any], None]) -> None:
    """Let a back end's class end early, for good. `look` is given the module, and raises what it makes of it."""
    stage = backend.make_llir
    plain = isinstance(vars(backend)["make_llir"], staticmethod)
    for holder in _holders(sys.modules[backend.__module__]):
        setattr(holder, _BEGINNING, _stopping(getattr(holder, _BEGINNING)))

    def make_llir(*args: Any) -> Any:
        try:
            return stage(*args)
        except _Reached as reached:
            module = args[0] if plain else args[1]
            reached.passes.run(module, "make_llir")
            look(module)
            raise

    backend.make_llir = staticmethod(make_llir) if plain else make_llir


def _holders(module: Any) -> Iterator[Any]:
    """Where the back end's module finds the pass: `<its own library>.passes.ttgpuir`."""
    for library in vars(module).values():
        passes = getattr(getattr(library, "passes", None), "ttgpuir", None)
        if hasattr(passes, _BEGINNING):
            yield passes


def _stopping(add: Callable[..., Any]) -> Callable[..., Any]:
    def add_or_stop(passes: Any, *args: Any) -> Any:
        if _WANTED:
            raise _Reached(passes)
        return add(passes, *args)

    return add_or_stop
