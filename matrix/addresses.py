"""Addresses of functions, resolved late and in the worker only: `package.module:function` or `/path/to/file.py:function`.

`package.module:maker(ADDRESS)` is what a maker makes of the function at another address: an adapter of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

_COMPOSED = re.compile(r"([A-Za-z_][\w.]*:[A-Za-z_][\w.]*)\((.+)\)", re.DOTALL)


class AddressError(ValueError):
    """An address leads nowhere: says which part."""


@cache
def resolve(address: str) -> Callable[..., Any]:
    """The function at an address.

    Raises AddressError for a text that is no address or a name that is not there; what the module itself raises while it is
    imported passes through.
    """
    if parts := _COMPOSED.fullmatch(address):
        return resolve(parts[1])(resolve(parts[2]))  # type: ignore[no-any-return]
    module_name, colon, name = address.rpartition(":")
    if not colon or not name.replace(".", "").isidentifier():
        raise AddressError(f"{address!r} is not an address; write package.module:function or path/to/file.py:function")
    found: Any = _load_file(module_name) if module_name.endswith(".py") else importlib.import_module(module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            raise AddressError(f"{module_name} has no {name!r}")
        found = getattr(found, part)
    if not callable(found):
        raise AddressError(f"{address} is a {type(found).__name__}, not a function")
    return found  # type: ignore[no-any-return]


def composed(maker: str, address: str) -> str:
    """The address of what a maker makes of the function at another address."""
    return f"{maker}({address})"


def outer(address: str) -> tuple[str, str] | None:
    """The addresses of an adapter's maker and of what it is made of; None of any other address."""
    parts = _COMPOSED.fullmatch(address)
    return (parts[1], parts[2]) if parts else None


def inner(address: str) -> str:
    """The address of the function that an adapter is made of; of any other address, itself."""
    parts = _COMPOSED.fullmatch(address)
    return inner(parts[2]) if parts else address


def _load_file(path_text: str) -> ModuleType:
    path = Path(path_text)
    if not path.is_file():
        raise AddressError(f"{path} is not a file")
    name = f"matrix_address_{path.stem}_{abs(hash(str(path.resolve())))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AddressError(f"{path} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
