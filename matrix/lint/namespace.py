"""What a module's names are bound to, followed through the imports of the package, with no import made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from matrix.lint.inventory import REPLACING
from matrix.lint.package import Import, Module, Package


@dataclass(frozen=True)
class Definition:
    """Where a name is defined, and as what."""

    module: Module
    name: str
    statement: ast.stmt

    @property
    def line(self) -> int:
        return self.statement.lineno


@dataclass(frozen=True)
class Names:
    """The names that a module binds. `open` says that there may be more: it takes everything of a module elsewhere."""

    bound: frozenset[str]
    open: bool


@cache
def names_of(package: Package, module: Module, seen: frozenset[str] = frozenset()) -> Names:
    """Every name at the top of a module."""
    bound = {*module.definitions, *module.imports} - {"*"}
    if "global " in module.text:
        bound.update(name for node in module.nodes if isinstance(node, ast.Global) for name in node.names)
    more = _binds_by_hand(module)
    for what in module.imports.get("*", ()):
        file = package.find(module, what)
        if file is None or module.path in seen:
            more = True
            continue
        inner = exported_names(package, package.module(file), seen | {module.path})
        bound |= inner.bound
        more = more or inner.open
    return Names(frozenset(bound), more)


def exported_names(package: Package, module: Module, seen: frozenset[str] = frozenset()) -> Names:
    """What `from module import *` takes."""
    declared = declared_exports(module)
    if declared is not None:
        return Names(frozenset(name for name, _ in declared), open=False)
    inner = names_of(package, module, seen)
    return Names(frozenset(name for name in inner.bound if not name.startswith("_")), inner.open)


def declared_exports(module: Module) -> list[tuple[str, int]] | None:
    """The names in the module's `__all__` with their lines, all of its assignments together; None without one."""
    found: list[tuple[str, int]] | None = None
    for node in module.nodes if "__all__" in module.text else ():
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AugAssign) else targets
        value = node.value if isinstance(node, ast.Assign | ast.AugAssign) else None
        if isinstance(value, ast.List | ast.Tuple) and any(_is_all(target) for target in targets):
            found = found or []
            found += [(str(i.value), i.lineno) for i in value.elts if isinstance(i, ast.Constant)]
    return found


@cache
def find_definition(package: Package, module: Module, name: str, depth: int = 0) -> Definition | None:
    """Where a name of a module is defined; None when that is outside of the package, or nowhere."""
    if name in module.definitions:
        return Definition(module, name, module.definitions[name])
    for what in (*module.imports.get(name, ()), *module.imports.get("*", ())):
        wanted = name if what.name == "*" else what.name
        file = package.find(module, what)
        if file is None or wanted is None or depth > 20:
            continue
        target = package.module(file)
        if what.name == "*" and name not in exported_names(package, target).bound:
            continue
        found = find_definition(package, target, wanted, depth + 1)
        if found is not None:
            return found
    return None


def default_vendor(package: Package) -> str:
    """The vendor whose tables stand in for all others, and whose own `ops` and `fused` replace nothing."""
    file = package.root / "runtime" / "configloader.py"
    match = re.search(r'get_tune_config\("(\w+)"\)', file.read_text(encoding="utf-8")) if file.is_file() else None
    return match[1] if match else ""


def replacing_modules(package: Package, folder: Path) -> Iterator[Module]:
    """The `ops` and `fused` packages of a vendor's folder whose functions replace the provider's, architectures' too."""
    own = folder.name[1:] != default_vendor(package)
    for inner in [folder, *sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in REPLACING)]:
        for name in REPLACING if inner == folder else REPLACING[:1]:
            file = inner / name / "__init__.py"
            if file.is_file() and (own or inner != folder):
                yield package.module(file)


def replacements(package: Package, module: Module) -> Iterator[tuple[str, Definition, int]]:
    """Name, definition and line of what a vendor's `ops` or `fused` package binds out of the package itself."""
    for name in sorted({*module.definitions, *module.imports} - {"*"}):
        found = find_definition(package, module, name)
        if found is not None:
            imports: tuple[Import, ...] = module.imports.get(name, ())
            yield name, found, imports[-1].line if imports else found.line


def _is_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"


def _binds_by_hand(module: Module) -> bool:
    """Whether the module writes into its own names: `globals()[name] = ...` or a `__getattr__`."""
    if "__getattr__" in module.definitions:
        return True
    return "globals()" in module.text or "vars(" in module.text
