"""FlagGems' silent fall-back: where a vendor's module does not import, it prints a note and uses its generic operators.

The cells of an operator that the vendor specialises say nothing about the vendor's kernel then. Which operators those are is
worked out from the source of the installed package, because the module that would tell is the one that does not import.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from matrix.cell import Cell
from matrix.providers import REGISTRIES

# The folders of a vendor whose functions replace the generic ones of the same name, and where their module is kept.
PARTS = {"ops": "ops_module", "fused": "fused_module"}


@dataclass(frozen=True)
class FailedImport:
    """A vendor's module that FlagGems does without: the functions it would have given, and why it does not import."""

    module: str
    names: frozenset[str]
    reason: str


def fallen_back(cell: Cell, function: Callable[..., Any]) -> str:
    """Why the provider's function is not the one that the vendor specialised; empty when it is, or the vendor has none."""
    if cell.case.provider not in REGISTRIES:
        return ""
    package = REGISTRIES[cell.case.provider][0]
    failures = failed_imports(package)
    if not failures or _is_vendors_own(function, package):
        return ""
    names = _names(cell, function, package)
    for failed in failures:
        if specialised := sorted(names & failed.names):
            generic = f"a generic operator answers for {specialised[0]}, which the vendor specialises"
            return f"{generic}: `import {failed.module}` failed with {failed.reason}"
    return ""


def _is_vendors_own(function: Callable[..., Any], package: str) -> bool:
    """Whether the function is written in the chosen vendor's folder: another of its modules may give what one fails to."""
    vendor = getattr(sys.modules.get(f"{package}.runtime.backend"), "vendor_module", None)
    code = getattr(inspect.unwrap(function), "__code__", None)
    return (
        vendor is not None and code is not None and Path(code.co_filename).is_relative_to(Path(vendor.__file__).parent)
    )


def _names(cell: Cell, function: Callable[..., Any], package: str) -> set[str]:
    """The names under which the provider knows a function."""
    address = cell.case.operator.providers[cell.case.provider]
    if address != "aten":
        home, _, name = address.rpartition(":")
        return {name} if home.partition(".")[0] == package else set()
    return {name for name, value in vars(sys.modules[package]).items() if value is function}


@cache
def failed_imports(package: str) -> tuple[FailedImport, ...]:
    """The modules of the chosen vendor that the provider went on without. It must have been imported."""
    backend: Any = sys.modules.get(f"{package}.runtime.backend")
    vendor = getattr(backend, "vendor_module", None)
    if vendor is None:
        return ()
    folder = Path(vendor.__file__).parent
    found = []
    for part, attribute in PARTS.items():
        names = given_names(folder / part / "__init__.py")
        if names and getattr(backend, attribute) is None:
            module = f"{vendor.__name__}.{part}"
            found.append(FailedImport(module, names, _reason(module)))
    return tuple(found)


def _reason(module: str) -> str:
    """The import is tried once more, to hear what FlagGems kept to itself."""
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - a vendor's module raises anything
        return f"{type(error).__name__}: {error}"
    return "an error that did not repeat"


def given_names(source: Path) -> frozenset[str]:
    """The functions that a package gives: what its `__init__.py` defines, or imports from modules that it has."""
    if not source.exists():
        return frozenset()
    return frozenset(_bound(ast.parse(source.read_text(encoding="utf-8")), source.parent))


def _bound(tree: ast.Module, folder: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom) and node.level and _exists(node, folder):
            yield from (alias.asname or alias.name for alias in node.names if alias.name != "*")


def _exists(node: ast.ImportFrom, folder: Path) -> bool:
    for _ in range(node.level - 1):
        folder = folder.parent
    home = folder.joinpath(*(node.module or "").split("."))
    return home.is_dir() or home.with_name(f"{home.name}.py").exists()
