"""Functions of a vendor that replace the provider's own of the same name: can they be called as those are?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from matrix.lint.finding import Finding, Severity
from matrix.lint.namespace import Definition, find_definition, replacements, replacing_modules
from matrix.lint.package import Package


@dataclass(frozen=True)
class Parameter:
    """`kind` is positional or keyword."""

    name: str
    kind: str
    required: bool


def check_signatures(package: Package, vendor: str) -> Iterator[Finding]:
    """Parameters that the generic function takes and the vendor's does not, or the other way, or in another order."""
    top = package.module(package.root / "__init__.py")
    for module in replacing_modules(package, package.vendors[vendor]):
        for name, own, line in replacements(package, module):
            generic = find_definition(package, top, name)
            if generic is None or generic.module == own.module:
                continue
            if not isinstance(own.statement, ast.FunctionDef):
                continue
            if _made_by_decorator(own.statement):
                what = f"{name!r} is no function once its decorators are done with it"
                why = "FlagGems lets a vendor's functions replace its own, and this is passed over: the generic one answers"
                yield Finding(module.path, line, Severity.ERROR, "signatures", what, why)
            elif isinstance(generic.statement, ast.FunctionDef) and not _made_by_decorator(generic.statement):
                yield from _compare(name, own, generic)


def _compare(name: str, own: Definition, generic: Definition) -> Iterator[Finding]:
    assert isinstance(own.statement, ast.FunctionDef)
    assert isinstance(generic.statement, ast.FunctionDef)
    differences = list(differing(own.statement, generic.statement))
    if differences:
        place = f"{generic.module.path}:{generic.line}"
        what = f"{name}() replaces {place} and {'; '.join(differences)}"
        why = "a call that the generic function takes may raise TypeError here, or give a value to another parameter"
        yield Finding(own.module.path, own.line, Severity.WARNING, "signatures", what, why)


def differing(own: ast.FunctionDef, generic: ast.FunctionDef) -> Iterator[str]:
    """What a caller of the generic function would notice, in words."""
    mine, theirs = _parameters(own), _parameters(generic)
    renamed = dict(_renamed(mine, theirs))
    optional = [f"{old} ({new})" for old, new in renamed.items() if not theirs[old].required]
    if optional:
        yield f"takes {', '.join(optional)} by another name"
    lost = [p.name for p in theirs.values() if p.name not in {*mine, *renamed} and not _takes(own, p)]
    if lost:
        yield f"does not take {', '.join(lost)}"
    new = {*theirs, *renamed.values()}
    more = [p.name for p in mine.values() if p.required and p.name not in new and not _takes(generic, p)]
    if more:
        yield f"cannot do without {', '.join(more)}"
    shared = [p.name for p in theirs.values() if p.name in mine]
    stricter = [name for name in shared if mine[name].required and not theirs[name].required]
    if stricter:
        yield f"has no default for {', '.join(stricter)}"
    keyword = [name for name in shared if mine[name].kind == "keyword" and theirs[name].kind == "positional"]
    if keyword:
        yield f"takes {', '.join(keyword)} by keyword only"
    order = [[p.name for p in side.values() if p.name in shared and p.kind == "positional"] for side in (mine, theirs)]
    if order[0] != order[1] and not keyword and sorted(order[0]) == sorted(order[1]):
        yield f"takes {', '.join(order[0])} in another order"


def _renamed(mine: dict[str, Parameter], theirs: dict[str, Parameter]) -> Iterator[tuple[str, str]]:
    """Parameters in the same place with another name; who passes by place, as torch does, does not notice."""
    sides = [[p for p in side.values() if p.kind == "positional"] for side in (theirs, mine)]
    for their, my in zip(*sides, strict=False):
        if their.name != my.name and their.name not in mine and my.name not in theirs:
            yield their.name, my.name


def _parameters(function: ast.FunctionDef) -> dict[str, Parameter]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    bare = len(positional) - len(arguments.defaults)
    found = [Parameter(item.arg, "positional", place < bare) for place, item in enumerate(positional)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found += [Parameter(item.arg, "keyword", default is None) for item, default in pairs]
    return {parameter.name: parameter for parameter in found}


def _takes(function: ast.FunctionDef, parameter: Parameter) -> bool:
    """Whether `*args` or `**kwargs` take a parameter that is not named."""
    return bool(function.args.vararg if parameter.kind == "positional" else function.args.kwarg)


def _made_by_decorator(function: ast.FunctionDef) -> bool:
    names = {ast.unparse(node.func if isinstance(node, ast.Call) else node) for node in function.decorator_list}
    return any(name.rpartition(".")[2] in {"jit", "pointwise_dynamic"} for name in names)
