"""Attributes of stand-in modules, made from what a profile declares. `backends/stand_in.py` says how they are written."""

from __future__ import annotations

import importlib
import itertools
import linecache
import textwrap
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from backends.stand_in import form_of
from matrix.emulation.gaps import EmulationGap

_numbers = itertools.count()


def make_value(name: str, declared: object) -> Any:
    """The object that an attribute named `name` (with its module) is to be."""
    form = form_of(declared)
    if form is None or not isinstance(declared, Mapping):
        return _literal(name, declared)
    content: Any = declared[form]
    if form == "returns":
        answer = make_value(name, content)
        return lambda *_arguments, **_named: answer
    if form == "attributes":
        return SimpleNamespace(**{key: make_value(f"{name}.{key}", item) for key, item in content.items()})
    if form == "same_as":
        return find(content)
    if form == "widened":
        return Widened(find(content))
    if form == "argument":
        return _builtin(lambda *arguments, **_named: arguments[content])
    return _device_function(name, content) if form == "triton" else _missing(name, content)


def find(address: str) -> Any:
    """What lies at an address: a module, or an attribute of one.

    Raises AttributeError or ImportError where nothing does.
    """
    try:
        return importlib.import_module(address)
    except ModuleNotFoundError:
        holder, _, attribute = address.rpartition(".")
        if not holder:
            raise
        return getattr(find(holder), attribute)


def _literal(name: str, declared: object) -> Any:
    if isinstance(declared, Mapping):
        return {key: make_value(f"{name}.{key}", item) for key, item in declared.items()}
    return declared


def _missing(name: str, reason: str) -> Any:
    def call(*_arguments: Any, **_named: Any) -> Any:
        raise EmulationGap(f"symbol:{name}", reason)

    return _builtin(call)


def _builtin(function: Any) -> Any:
    """With the mark by which Triton tells functions that a kernel may refer to."""
    function.__triton_builtin__ = True
    return function


class Widened:
    """The functions of a device library, for types too that it has no overload for: computed in float32, given in the first's.

    Which overloads a vendor's own library has is not known; that its kernels call one says that it has it.
    """

    def __init__(self, library: Any) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._library, name)
        return _builtin(_widened(function)) if callable(function) else function


def _widened(function: Any) -> Any:
    from triton.language import core

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except KeyError:  # how Triton says that there is no such overload
            tensors = [each for each in arguments if isinstance(each, core.tensor)]
            wide = [each.to(core.float32) if isinstance(each, core.tensor) else _number(each) for each in arguments]
            result = function(*wide)
            floats = result.dtype.is_floating() and tensors[0].dtype.is_floating()
            return result.to(tensors[0].dtype) if floats else result

    return call


def _number(constant: Any) -> float:
    return float(getattr(constant, "value", constant))


def _device_function(name: str, source: str) -> Any:
    """A function of Triton's language, compiled from a text: the last one that the text defines."""
    import triton
    import triton.language as tl

    text = textwrap.dedent(source).strip() + "\n"
    file = f"<stand-in {name} {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"tl": tl, "triton": triton, "__name__": name.rpartition(".")[0]}
    before = set(scope)
    exec(compile(text, file, "exec"), scope)  # noqa: S102 - the profile's own text, as trusted as its environment
    defined = [value for key, value in scope.items() if key not in before and hasattr(value, "__code__")]
    if len(defined) != 1:
        raise ValueError(f"{name}: a stand-in in Triton's language defines one function, not {len(defined)}")
    return triton.jit(defined[0])
