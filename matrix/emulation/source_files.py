"""Which file a kernel was written in, as records name it."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PACKAGES = Path(sysconfig.get_paths()["purelib"])


def source_file(function: Any, origins: Mapping[str, str]) -> str:
    """A JIT function's file, from its package on; a generated file stands for what it was generated from."""
    name = function.fn.__code__.co_filename
    return origins.get(name) or relative_to_package(name)


def relative_to_package(file: str) -> str:
    """`flag_gems/ops/add.py` of a file in a package; the bare name of any other."""
    path = Path(file)
    if path.is_relative_to(_PACKAGES):
        return str(path.relative_to(_PACKAGES))
    top = path
    while (top.parent / "__init__.py").exists():
        top = top.parent
    return str(path.relative_to(top.parent)) if top is not path else path.name
