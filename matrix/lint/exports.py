"""Names that are promised and not there: in `__all__`, in the table of registered operators, in lists of texts."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from matrix.lint.finding import Finding, Severity
from matrix.lint.inventory import registry_entries
from matrix.lint.namespace import declared_exports, names_of
from matrix.lint.package import Module, Package

# Two words in quotes with nothing but space and comments between them.
_FUSED = re.compile(r"""["']([\w.]+)["'](?:\s|#[^\n]*\n)*["']([\w.]+)["']""")


def check_exports(package: Package) -> Iterator[Finding]:
    """`__all__` names what the module does not bind, or names it twice."""
    for module in package.modules():
        declared = declared_exports(module)
        if declared is None:
            continue
        names = names_of(package, module)
        seen: dict[str, int] = {}
        for name, line in declared:
            if name in seen and not _in_branches(module):
                what = f"{name!r} is in __all__ twice, first in line {seen[name]}"
                yield Finding(
                    module.path,
                    line,
                    Severity.WARNING,
                    "exports",
                    what,
                    "one of the two may have been meant to be another",
                )
            seen[name] = line
            if name in names.bound or names.open or _submodule(module, name):
                continue
            if name == "*":
                what = "__all__ names '*', which is no name"
                why = (
                    "`from ... import *` of this module raises AttributeError; with no __all__ it would take everything"
                )
                yield Finding(module.path, line, Severity.WARNING, "exports", what, why)
                continue
            why = "`from ... import *` of this module raises AttributeError"
            yield Finding(
                module.path, line, Severity.ERROR, "exports", f"__all__ names {name!r}, which is not there", why
            )


def check_registry(package: Package) -> Iterator[Finding]:
    """The table of operators registers names twice, functions that are absent, or operators that torch does not have."""
    module = package.module(package.root / "__init__.py")
    names = names_of(package, module)
    known = torch_operators()
    first: dict[str, int] = {}
    for entry in registry_entries(package):
        if not isinstance(entry, ast.Tuple | ast.List) or len(entry.elts) < 2:
            continue
        key, function = entry.elts[0], entry.elts[1]
        if isinstance(function, ast.Name) and function.id not in names.bound | {"*"} and not names.open:
            why = "importing the package raises NameError"
            what = f"{function.id} is registered, and bound nowhere"
            yield Finding(module.path, function.lineno, Severity.ERROR, "registry", what, why)
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        if key.value in first:
            what = f"aten::{key.value} is registered twice, first in line {first[key.value]}"
            why = "the second registration replaces the first or is refused, by the version of torch"
            yield Finding(module.path, key.lineno, Severity.ERROR, "registry", what, why)
        first.setdefault(key.value, key.lineno)
        if known and key.value not in known:
            what = f"aten::{key.value} is registered, and the torch installed here has no such operator"
            why = "torch takes the registration and never calls it: the function answers to nobody"
            yield Finding(module.path, key.lineno, Severity.WARNING, "registry", what, why)


def check_fused_texts(package: Package) -> Iterator[Finding]:
    """Two texts in a list with no comma between them are one: neither is in the list."""
    for module in package.modules():
        for match in _FUSED.finditer(module.text):
            line = module.text.count("\n", 0, match.start()) + 1
            fused = match[1] + match[2]
            if (line, fused) in _elements(module):
                what = f"a comma is missing between {match[1]!r} and {match[2]!r}: they are one text, {fused!r}"
                why = "neither name is in the list; whatever goes by the list passes over both"
                yield Finding(module.path, line, Severity.ERROR, "fused-texts", what, why)


def _elements(module: Module) -> set[tuple[int, str]]:
    """Line and value of every text in a list, tuple or set."""
    lists = (node.elts for node in module.nodes if isinstance(node, ast.List | ast.Tuple | ast.Set))
    texts = (item for elements in lists for item in elements if isinstance(item, ast.Constant))
    return {(item.lineno, item.value) for item in texts if isinstance(item.value, str)}


def _in_branches(module: Module) -> bool:
    """Whether `__all__` is assigned in more than one place: then the same name twice is none too many."""
    nodes = [node for node in module.nodes if isinstance(node, ast.Assign | ast.AugAssign)]
    return (
        sum("__all__" in ast.dump(node.targets[0] if isinstance(node, ast.Assign) else node.target) for node in nodes)
        > 1
    )


def _submodule(module: Module, name: str) -> bool:
    """`from package import *` imports submodules that `__all__` names."""
    folder = module.file.parent
    return module.file.name == "__init__.py" and ((folder / f"{name}.py").is_file() or (folder / name).is_dir())


@cache
def torch_operators() -> frozenset[str]:
    """The operators of the torch that is installed, with their overloads, from the table that it ships; or none."""
    spec = importlib.util.find_spec("torchgen")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "packaged" / "ATen" / "native" / "native_functions.yaml"
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            named = re.findall(r"^- func: ([\w.]+)\(", text, re.MULTILINE)
            generated = re.findall(r"^  autogen: (.+)$", text, re.MULTILINE)
            return frozenset(named) | frozenset(name for line in generated for name in re.split(r"[, ]+", line.strip()))
    return frozenset()
