"""Lists of operators that are to be left out, or alone put in: names in them that match nothing do nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from matrix.lint.finding import Finding, Severity
from matrix.lint.inventory import registered_names
from matrix.lint.namespace import find_definition, names_of
from matrix.lint.package import Package
from matrix.lint.yaml_lines import load_with_lines

# What FlagGems reads of a vendor's module: names of functions that it does not register for the vendor.
UNUSED = "CUSTOMIZED_UNUSED_OPS"
# Files in a vendor's folder: name -> keys whose lists hold names of functions.
LISTS = {"enable_configs.yaml": ("include", "exclude"), "op_black_list.yaml": ("unsupported_operators",)}


def check_exclusions(package: Package, vendor: str) -> Iterator[Finding]:
    """Names in a vendor's lists that no registered function has."""
    folder = package.vendors[vendor]
    registered = registered_names(package)
    functions = _function_names(package)
    keys = {key for names in registered.values() for key in names}
    module = package.module(folder / "__init__.py")
    value = getattr(module.definitions.get(UNUSED), "value", None)
    for element in value.elts if isinstance(value, ast.Tuple | ast.List | ast.Set) else ():
        if isinstance(element, ast.Constant) and element.value not in functions:
            what = f"{UNUSED} names {element.value!r}, and no registered function is called that"
            why = f"it excludes nothing{_meant(str(element.value), registered, keys)}"
            yield Finding(module.path, element.lineno, Severity.ERROR, "exclusions", what, why)
    for file in sorted(path for path in folder.rglob("*.yaml") if path.name in LISTS):
        yield from _check_list(package, file, functions, keys)


def _check_list(package: Package, file: Path, functions: set[str], keys: set[str]) -> Iterator[Finding]:
    data, lines = load_with_lines(file)
    path = file.relative_to(package.root.parent).as_posix()
    callable_here = functions | names_of(package, package.module(package.root / "__init__.py")).bound
    is_read = any(file.name in module.text for module in package.modules())
    if not is_read:
        why = "what it says of operators has no effect"
        yield Finding(path, 1, Severity.WARNING, "exclusions", "nothing in the package reads this file", why)
    for key in LISTS[file.name]:
        for place, item in enumerate(data.get(key) or () if isinstance(data, dict) else ()):
            name = item.get("name") if isinstance(item, dict) else item
            if not isinstance(name, str) or name in (functions if is_read else callable_here | keys):
                continue
            what = f"{key} names {name!r}, and no function of the package is called that"
            line = lines.get((key, place), 1)
            yield Finding(path, line, Severity.WARNING, "exclusions", what, "the entry is about nothing")


@cache
def _function_names(package: Package) -> set[str]:
    """The `__name__` of each registered function, which an import may have given another name."""
    registered = registered_names(package)
    module = package.module(package.root / "__init__.py")
    found = {name: find_definition(package, module, name) for name in registered}
    return {definition.name if definition else name for name, definition in found.items()} | set(registered)


def _meant(name: str, registered: dict[str, frozenset[str]], keys: set[str]) -> str:
    """The function that is registered under the name, where there is one."""
    if name not in keys:
        return ""
    function = next(function for function, names in registered.items() if name in names)
    return f": aten::{name} is registered by {function!r}, and it is functions that are excluded"
