"""Which operators of the catalogue call a function of the provider: by its table of ATen names, by address, by adapter."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from matrix.lint.inventory import registered_names
from matrix.lint.package import Package
from operators.operator import Operator


def operators_by_function(package: Package, operators: Mapping[str, Operator]) -> dict[str, frozenset[str]]:
    """Function -> operators. A function that no operator calls is not in it."""
    registered: dict[str, set[str]] = {}
    for function, names in registered_names(package).items():
        for name in names:
            registered.setdefault(name, set()).add(function)
    found: dict[str, set[str]] = {}
    for operator in operators.values():
        address = operator.providers.get(package.name)
        for function in _functions(address, operator.name, registered) if address else ():
            found.setdefault(function, set()).add(operator.name)
    return {function: frozenset(names) for function, names in found.items()}


def _functions(address: str, operator: str, registered: Mapping[str, set[str]]) -> Iterator[str]:
    module, _, name = address.rpartition(":")
    if address == "aten":
        yield from registered.get(operator, ())
        return
    yield name.rpartition(".")[2]
    yield from _named_in(module, name)


@cache
def _named_in(module: str, function: str) -> frozenset[str]:
    """Every name that an adapter of ours speaks of: it calls the provider by one of them."""
    top = module.partition(".")[0]
    if not module.replace(".", "").isidentifier() or not (Path(__file__).parents[2] / top).is_dir():
        return frozenset()
    spec = importlib.util.find_spec(module)
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8")) if spec and spec.origin else ast.Module([], [])
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == function:
            names = {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute)}
            return frozenset(names | {item.id for item in ast.walk(node) if isinstance(item, ast.Name)})
    return frozenset()
