"""Imports of a vendor's modules that cannot work as shipped: a file or a name that is nowhere in the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from matrix.lint.finding import Finding, Severity
from matrix.lint.namespace import names_of, replacing_modules
from matrix.lint.package import Import, Module, Package, imported

NO_MODULE = "which is not in the package"
# FlagGems catches ModuleNotFoundError, and lets any other error of a vendor's import end its own.
FALLS_BACK = "FlagGems prints a note and uses its generic operators instead"


class When(StrEnum):
    """What it takes for an import to be made, and what a failure of it leads to."""

    ALWAYS = "it is made whenever the vendor's modules are imported"
    CONDITION = "the import fails where the condition that it stands under holds"
    CALLED = "the function raises ImportError when it is called"
    CAUGHT = "the failure is caught"


def check_imports(package: Package, vendor: str) -> Iterator[Finding]:
    """Every import of the package itself that a vendor's modules make.

    An error where it is made whenever the vendor's `ops`, `fused` or the vendor itself are imported; a warning where that
    takes a condition or a call, or where nothing imports the file. What is caught by `try` is meant to fail.
    """
    folder = package.vendors[vendor]
    loaded = _loaded(package, folder)
    for module in package.modules(folder):
        for what, when in dict.fromkeys(_imports(module.tree.body)):
            problem = None if when is When.CAUGHT else _problem(package, module, what)
            if problem is None:
                continue
            error = module.path in loaded and when is When.ALWAYS
            why = _consequence(module, problem) if error else when.value
            why = why if module.path in loaded else "nothing of the package imports this file"
            severity = Severity.ERROR if error else Severity.WARNING
            yield Finding(module.path, what.line, severity, "imports", problem, why)


def _problem(package: Package, module: Module, what: Import) -> str | None:
    written = "." * what.level + what.module
    if what.level and not _within(package, module, what.level):
        top = package.top(module.file)
        root = module.file.relative_to(top).parts[0]
        return f"imports from {written!r}, which leads out of {root!r}, the name that FlagGems imports the file by"
    file = package.find(module, what)
    folder = package.folder(module, what) if file is None else None
    if folder is not None and what.name is not None:
        return f"imports {what.name!r} from {written!r}, a folder that does not have it"
    if file is None:
        return f"imports from {written!r}, {NO_MODULE}" if _own(package, what) else None
    outer = package.find(module, Import(what.module, what.level, None, what.line))
    if what.name in {None, "*"} or file != outer:
        return None
    names = names_of(package, package.module(file))
    if what.name in names.bound or names.open or (file.parent / what.name).is_dir():
        return None
    return f"imports {what.name!r} from {written!r}, which does not have it"


def _own(package: Package, what: Import) -> bool:
    return what.level > 0 or what.module.partition(".")[0] == package.name


def _within(package: Package, module: Module, level: int) -> bool:
    """Whether that many dots stay below the folder by whose name the file is imported."""
    return level < len(module.file.relative_to(package.top(module.file)).parts)


def _consequence(module: Module, problem: str) -> str:
    place = "fused" if "/fused/" in module.path else "ops"
    end = FALLS_BACK if problem.endswith(NO_MODULE) else "importing FlagGems raises RuntimeError"
    return f"the vendor's {place!r} cannot be imported: {end}"


def _loaded(package: Package, folder: Path) -> set[str]:
    """The modules of the vendor that are imported with its `ops`, `fused` or itself."""
    waiting = [*replacing_modules(package, folder), package.module(folder / "__init__.py")]
    found = {module.path for module in waiting}
    while waiting:
        module = waiting.pop()
        for what, when in _imports(module.tree.body):
            file = None if when is When.CALLED else package.find(module, what)
            if file is not None and file.is_relative_to(folder):
                target = package.module(file)
                if target.path not in found:
                    found.add(target.path)
                    waiting.append(target)
    return found


def _imports(body: list[ast.stmt], when: When = When.ALWAYS) -> Iterator[tuple[Import, When]]:
    """Each import, and when it is made."""
    for node in body:
        yield from ((what, when) for _, what in imported(node))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        for part in ("body", "orelse", "finalbody"):
            inner = getattr(node, part, None)
            if isinstance(inner, list):
                yield from _imports(inner, _inside(node, part, when))
        for handler in getattr(node, "handlers", []):
            yield from _imports(handler.body, _inside(node, "handlers", when))


def _inside(node: ast.stmt, part: str, when: When) -> When:
    if when is not When.ALWAYS:
        return when
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return When.CALLED
    if isinstance(node, ast.Try):
        return When.CAUGHT if part == "body" else When.CONDITION
    return When.CONDITION if isinstance(node, ast.If | ast.For | ast.While) else when
