"""A quick start: importing a provider means reading the source of hundreds of kernels, and its YAML.

Python finds where a function's source ends by reading tokens, which takes most of the import; its code object knows the last
line. PyYAML's loader in C reads the same documents.
"""

from __future__ import annotations

import importlib.util
import inspect
import linecache
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any

# Source as it was when a function was first asked for: a provider may write its next kernel into the same file.
_SOURCES: dict[int, tuple[CodeType, list[str]]] = {}


def install() -> None:
    """Make Triton and PyYAML use the quick ways, for good."""
    from triton.runtime import jit

    jit.inspect = SimpleNamespace(**{**vars(inspect), "getsourcelines": source_lines})
    if importlib.util.find_spec("yaml") is not None:
        yaml: Any = importlib.import_module("yaml")
        yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def source_lines(function: Any) -> tuple[list[str], int]:
    """`inspect.getsourcelines`, without the comments that follow a function."""
    if not isinstance(function, FunctionType):
        return inspect.getsourcelines(function)
    code = function.__code__
    known = _SOURCES.get(id(code))
    if known is None or known[0] is not code:
        linecache.checkcache(code.co_filename)
        lines = linecache.getlines(code.co_filename, function.__globals__)
        found = lines[code.co_firstlineno - 1 : _last_line(code)]
        if not found:
            return inspect.getsourcelines(function)
        known = _SOURCES[id(code)] = (code, found)
    return known[1], code.co_firstlineno


def _last_line(code: CodeType) -> int:
    """The last line of anything in a code object or in those that it holds."""
    last = max((position[1] or 0 for position in code.co_positions()), default=code.co_firstlineno)
    inner = [_last_line(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return max(last, code.co_firstlineno, *inner)
