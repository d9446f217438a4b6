"""Whether an engine is the one that was installed: its files are those of its distribution, and nothing in it was replaced.

Asked in the process that measures, after it measured: whatever a plug-in changes at import has been changed by then. Who is
ready to rewrite this process's own memory can lie to it too; a patched file, a wrapped constructor and a benchmark of one's own
cannot.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.metadata
import importlib.util
import inspect
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from matrix.record import Json

UNTOUCHED = "as installed"
TOLD = ("engine files", "engine functions", "measuring functions")
SHOWN = 8
ROOT = Path(__file__).resolve().parents[2]
# What of this project measures and counts.
MEASURING = ("matrix/inference", "workloads")


def integrity(package: str, guarded: tuple[str, ...]) -> dict[str, Json]:
    """What can be told of an engine: its files, its functions, and by which code it was measured."""
    return {
        "engine files": files_of(package),
        "engine functions": functions_of(package, guarded),
        "measuring functions": functions_of("matrix", ("matrix.inference", "workloads")),
        "measured by": own_digest(),
    }


def files_of(package: str) -> str:
    """UNTOUCHED and how many, or which of the package's Python files differ from what its distribution recorded."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return f"{package} is not there"
    folder = Path(found.origin).resolve().parent
    names = importlib.metadata.packages_distributions().get(package, [])
    recorded = {path: told for name in names for path, told in _recorded(name)}
    here = {path for path in folder.rglob("*.py") if "__pycache__" not in path.parts}
    mine = {path: told for path, told in recorded.items() if folder in path.parents and path.suffix == ".py"}
    if not mine:
        return f"{package} is imported from {folder}, which no installed distribution recorded"
    changed = [path for path, told in mine.items() if path not in here or _digest(path) != told]
    strange = [path for path in here if path not in mine]
    if changed or strange:
        return _listed("changed", folder, changed) + _listed("added", folder, strange)
    return f"{UNTOUCHED}: {len(mine)} files of {', '.join(sorted(set(names)))}"


def _recorded(name: str) -> Iterator[tuple[Path, str]]:
    """Files of a distribution with their digests. A file without one cannot be held against anything."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or ():
        if file.hash is not None and file.hash.mode == "sha256":
            yield Path(str(distribution.locate_file(file))).resolve(), file.hash.value


def _digest(path: Path) -> str:
    """As RECORD files write it (PEP 376)."""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def _listed(what: str, folder: Path, paths: list[Path]) -> str:
    if not paths:
        return ""
    shown = ", ".join(str(path.relative_to(folder.parent)) for path in sorted(paths)[:SHOWN])
    return f"{len(paths)} {what}: {shown}{' ...' if len(paths) > SHOWN else ''}; "


def functions_of(package: str, guarded: tuple[str, ...]) -> str:
    """UNTOUCHED, or which functions of the guarded modules have code from elsewhere."""
    modules = {
        name: module
        for name, module in list(sys.modules.items())
        if module is not None and any(name == part or name.startswith(f"{part}.") for part in guarded)
    }
    replaced = sorted(name for module in modules.values() for name in replaced_in(module, package))
    if replaced:
        more = " ..." if len(replaced) > SHOWN else ""
        return f"{len(replaced)} replaced: {', '.join(replaced[:SHOWN])}{more}"
    return f"{UNTOUCHED}: {len(modules)} modules looked through"


def replaced_in(module: ModuleType, package: str) -> Iterator[str]:
    """Names that a module's source defines as functions, and that are other functions by now."""
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py") or not Path(file).is_file():
        return
    ours = (*_roots(package), str(Path(file).resolve()))
    for name, holder, attribute in _defined(module, ast.parse(Path(file).read_bytes())):
        found = vars(holder).get(attribute)
        if found is None or not (code := _code_of(found)):
            yield f"{module.__name__}.{name} (no function by now)" if found is None else f"{module.__name__}.{name}"
        elif not _is_ours(code, ours):
            yield f"{module.__name__}.{name} (from {Path(code).name})"


def _defined(module: ModuleType, tree: ast.Module) -> Iterator[tuple[str, Any, str]]:
    """Qualified name, holder and attribute of each undecorated function at the top of a module, and of its classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            yield node.name, module, node.name
        holder = vars(module).get(node.name) if isinstance(node, ast.ClassDef) else None
        if isinstance(node, ast.ClassDef) and isinstance(holder, type):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and not inner.decorator_list:
                    yield f"{node.name}.{inner.name}", holder, inner.name


def _code_of(found: Any) -> str:
    """The file of a function's code, past what was wrapped around it by a decorator of a class; empty: it is no function."""
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    if not isinstance(found, FunctionType):
        return ""
    return str(Path(found.__code__.co_filename).resolve())


def _is_ours(code: str, roots: tuple[str, ...]) -> bool:
    """Whether a file lies below one of the roots, and not in a folder of packages that is below it."""
    return any(code.startswith(root) and "site-packages" not in code.removeprefix(root) for root in roots)


@cache
def _roots(package: str) -> tuple[str, ...]:
    """Where functions of an engine may come from: itself, Python, and torch, whose decorators wrap some."""
    found = [inspect.getfile(sys.modules[name]) for name in (package, "torch") if name in sys.modules]
    folders = [str(Path(file).resolve().parent) for file in found]
    return (*(f"{folder}/" for folder in folders), f"{sysconfig.get_paths()['stdlib']}/")


def own_digest(root: Path = ROOT) -> str:
    """A digest of the source that measures: the same on both sides, and that of the checkout that judges."""
    total = hashlib.sha256()
    for path in sorted(
        path for part in MEASURING for path in (root / part).rglob("*") if path.suffix in (".py", ".toml", ".json")
    ):
        total.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return total.hexdigest()[:16]
