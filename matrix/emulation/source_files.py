"""Where a kernel is from: the name and the file that its author knows it by, whatever was generated from them."""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path
from types import FrameType, FunctionType

from matrix.emulation.package_folders import package_folders

# Folders that packages are installed in.
_ROOTS = (
    Path(sysconfig.get_paths()["purelib"]),
    *(folder.parent for folder in package_folders("triton", "flag_gems")),
)
# `pointwise_dynamic` writes `<function>_kernel_rank_<n>` into a file of its own and puts the function beside it.
_POINTWISE = re.compile(r"(?P<function>\w+)_kernel_rank_\d+")
_known: dict[FunctionType, tuple[str, str]] = {}


def kernel_origin(function: FunctionType) -> tuple[str, str]:
    """Name and file of the Python function behind a jit function that is being launched.

    A kernel that was generated from a pointwise function is that function. Any other generated file stands for the file
    whose code called what is in it, so this must be asked where the launch is.
    """
    known = _known.get(function)
    if known is None:
        known = _known[function] = _find(function)
    return known


def _find(function: FunctionType) -> tuple[str, str]:
    file = function.__code__.co_filename
    if _root(file) is not None or _is_of_a_module(function, file):
        return function.__name__, relative_to_package(file)
    match = _POINTWISE.fullmatch(function.__name__)
    scalar = function.__globals__.get(match["function"]) if match else None
    if scalar is not None and hasattr(scalar, "fn"):
        return scalar.fn.__name__, relative_to_package(scalar.fn.__code__.co_filename)
    return function.__name__, relative_to_package(_caller(file) or file)


def _is_of_a_module(function: FunctionType, file: str) -> bool:
    """Whether the function's module was imported as others are: what is generated is executed and known to nobody."""
    module = sys.modules.get(function.__module__)
    return module is not None and getattr(module, "__file__", None) == file


def _caller(file: str) -> str | None:
    """The file of a package that called into a file that lies outside of them all, as the stack shows."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the way to the stack
    inside = False
    while frame is not None:
        name = frame.f_code.co_filename
        if inside and name != file:
            return name if _root(name) is not None else None
        inside = inside or name == file
        frame = frame.f_back
    return None


def _root(file: str) -> Path | None:
    return next((root for root in _ROOTS if Path(file).is_relative_to(root)), None)


def relative_to_package(file: str) -> str:
    """`flag_gems/ops/add.py` of a file in a package; the bare name of any other."""
    path, root = Path(file), _root(file)
    if root is not None:
        return str(path.relative_to(root))
    top = path
    while (top.parent / "__init__.py").exists():
        top = top.parent
    return str(path.relative_to(top.parent)) if top is not path else path.name
