"""Configurations and heuristics: entries that no kernel asks for, and kernels that ask for what is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from matrix.lint.finding import Finding, Severity
from matrix.lint.namespace import default_vendor
from matrix.lint.package import BACKEND, Module, Package
from matrix.lint.yaml_lines import load_with_lines

CONFIGURATIONS = "tune_configs.yaml"
HEURISTICS = "heuristics_config_utils.py"
TABLE = "HEURISTICS_CONFIGS"
ASKS = {"get_tuned_config": CONFIGURATIONS, "get_heuristic_config": HEURISTICS}


def check_tuning(package: Package, vendor: str) -> Iterator[Finding]:
    """The vendor's tables against what its own and the generic kernels ask for."""
    folder = package.vendors[vendor]
    default = package.vendors.get(default_vendor(package), folder)
    literals, patterns = (_texts(package, package.root)[i] | _texts(package, folder)[i] for i in (0, 1))
    idle: dict[str, list[tuple[str, int]]] = {}
    for path, name, line in _entries(package, folder):
        if name not in literals and not any(re.fullmatch(pattern, name) for pattern in patterns):
            idle.setdefault(path, []).append((name, line))
    for path, entries in idle.items():
        kind = "configurations" if path.endswith(CONFIGURATIONS) else "heuristics"
        what = f"{kind} that no kernel asks for: {', '.join(f'{name} ({line})' for name, line in entries)}"
        why = "the entry does nothing; the kernel it was written for uses something else, or is gone"
        yield Finding(path, entries[0][1], Severity.WARNING, "tuning", what, why)
    there = {(Path(path).name, name) for each in {folder, default} for path, name, _ in _entries(package, each)}
    for module in package.modules(folder):
        for table, name, line in _asked(module):
            if (table, name) not in there:
                what = f"asks for {name!r} of {table}, which neither the vendor nor the default has"
                why = (
                    "importing the module raises KeyError"
                    if table == CONFIGURATIONS
                    else "the kernel has no heuristics and fails when it is launched"
                )
                yield Finding(module.path, line, Severity.ERROR, "tuning", what, why)


def check_shipped_files(package: Package) -> Iterator[Finding]:
    """Data files that the code names and the package does not hold."""
    shipped = {file.name for file in package.root.rglob("*") if file.suffix in {".yaml", ".yml"}}
    for module in package.modules():
        if ".yaml" not in module.text and ".yml" not in module.text:
            continue
        for node in module.nodes:
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            value = node.value
            if re.fullmatch(r"[\w/.-]*\w\.ya?ml", value) and Path(value).name not in shipped:
                what = f"names the file {value!r}, which the package does not hold"
                why = "whatever is read from it is not there; FlagGems goes on without"
                yield Finding(module.path, node.lineno, Severity.ERROR, "shipped-files", what, why)


@cache
def _entries(package: Package, folder: Path) -> tuple[tuple[str, str, int], ...]:
    """Path, name and line of each entry in the vendor's tables, its architectures' too."""
    found: list[tuple[str, str, int]] = []
    for file in sorted(folder.rglob(CONFIGURATIONS)):
        _, lines = load_with_lines(file)
        path = file.relative_to(package.root.parent).as_posix()
        found += [(path, name, line) for (name, place), line in lines.items() if place is None]
    for file in sorted(folder.rglob(HEURISTICS)):
        module = package.module(file)
        value = getattr(module.definitions.get(TABLE), "value", None)
        for key in value.keys if isinstance(value, ast.Dict) else ():
            if isinstance(key, ast.Constant):
                found.append((module.path, str(key.value), key.lineno))
    return tuple(found)


@cache
def _texts(package: Package, folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The texts in the modules of a folder: plain ones, and patterns for formatted ones, whose holes match anything.

    Of the whole package only what lies outside of the vendors' folders. Lists (`__all__`, tables) ask for nothing.
    """
    literals: set[str] = set()
    patterns: set[str] = set()
    for module in package.modules(folder):
        vendors = folder == package.root and module.file.is_relative_to(package.root / BACKEND)
        if vendors or module.file.name == HEURISTICS:
            continue
        listed = {id(item) for node in module.nodes if isinstance(node, ast.List | ast.Tuple) for item in node.elts}
        for node in module.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in listed:
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.Constant) for part in node.values):
                parts = (re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in node.values)
                patterns.add("".join(parts))
    return frozenset(literals), frozenset(patterns)


def _asked(module: Module) -> Iterator[tuple[str, str, int]]:
    for node in module.nodes:
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ASKS:
                yield ASKS[name], str(node.args[0].value), node.lineno
