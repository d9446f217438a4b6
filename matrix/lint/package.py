"""An installed package as text: its modules parsed, its imports resolved to files. Nothing of it is imported.

So one machine can read what is shipped for every vendor, whose modules could be imported beside the vendor's chip only.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

BACKEND = "runtime/backend"  # where the folders of the vendors are, `_<vendor>`, below the package's root


class PackageError(ValueError):
    """No such package is installed: says what was looked for."""


@dataclass(frozen=True)
class Import:
    """A name that a module imports: from which module (as written, with its dots), which name of it (None: itself)."""

    module: str
    level: int
    name: str | None
    line: int


@dataclass(frozen=True, eq=False)
class Module:
    """One file. `path` is relative to the folder that the package is installed in: `flag_gems/ops/add.py`."""

    file: Path
    path: str
    text: str

    def __hash__(self) -> int:
        return hash(self.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Module) and self.file == other.file

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.file))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def bindings(self) -> tuple[tuple[str, ast.stmt], ...]:
        """What the module's own statements bind, also below `if` and `try`; a name may be bound more than once."""
        return tuple(_bindings(self.tree.body))

    @cached_property
    def definitions(self) -> dict[str, ast.stmt]:
        """Name -> the last statement that binds it."""
        return dict(self.bindings)

    @cached_property
    def imports(self) -> dict[str, tuple[Import, ...]]:
        """Local name -> what it may be, of the imports outside of functions; `*` for those that take everything."""
        found: dict[str, list[Import]] = {}
        for node in _statements(self.tree.body):
            for name, made in imported(node):
                found.setdefault(name, []).append(made)
        return {name: tuple(made) for name, made in found.items()}


def imported(node: ast.AST) -> Iterator[tuple[str, Import]]:
    """What a statement imports, by local name."""
    if isinstance(node, ast.Import):
        for item in node.names:
            whole = item.name if item.asname else item.name.partition(".")[0]
            yield item.asname or whole, Import(whole, 0, None, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        for item in node.names:
            yield item.asname or item.name, Import(node.module or "", node.level, item.name, node.lineno)


class Package:
    """An installed package below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules: dict[Path, Module] = {}
        self._found: dict[tuple[Module, Import], Path | None] = {}

    @classmethod
    def installed(cls, name: str) -> Package:
        """The package of that name on the import path, or in the folder of that path.

        Raises PackageError.
        """
        if (Path(name) / "__init__.py").is_file():
            return cls(Path(name).resolve())
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        if spec is None or not spec.submodule_search_locations:
            raise PackageError(f"no package {name!r} is installed here; name another, or the folder of one")
        return cls(Path(spec.submodule_search_locations[0]))

    @property
    def name(self) -> str:
        return self.root.name

    @cached_property
    def vendors(self) -> dict[str, Path]:
        """Vendor -> its folder."""
        folders = sorted((self.root / BACKEND).glob("_*"))
        return {path.name[1:]: path for path in folders if path.is_dir() and not path.name.startswith("__")}

    def module(self, file: Path) -> Module:
        """Raises SyntaxError, OSError or UnicodeDecodeError, as reading it does."""
        if file not in self._modules:
            path = file.relative_to(self.root.parent).as_posix()
            self._modules[file] = Module(file, path, file.read_text(encoding="utf-8"))
        return self._modules[file]

    def modules(self, folder: Path | None = None) -> Iterator[Module]:
        """Every module below a folder of the package."""
        for file in sorted((folder or self.root).rglob("*.py")):
            yield self.module(file)

    def find(self, module: Module, what: Import) -> Path | None:
        """The file that an import of a module leads to, where it lies in the package; `name` may be a module too."""
        if (module, what) not in self._found:
            self._found[module, what] = self._find(module, what)
        return self._found[module, what]

    def _find(self, module: Module, what: Import) -> Path | None:
        base = self._base(module, what)
        if base is None:
            return None
        found = _module_file(base)
        inner = _module_file(base / what.name) if what.name else None
        if inner is not None and (found is None or not self._defines(found, what.name)):
            return inner
        return found

    def folder(self, module: Module, what: Import) -> Path | None:
        """The folder without an `__init__.py` that an import leads to: it holds modules and nothing else."""
        base = self._base(module, what)
        return base if base is not None and base.is_dir() and _module_file(base) is None else None

    def top(self, file: Path) -> Path:
        """The folder that FlagGems puts on the import path to import this file from it, or the one of the package.

        A vendor's folder is imported as `_<vendor>`, and an architecture's folder inside of it as `<architecture>`.
        """
        backend = self.root / BACKEND
        if not file.is_relative_to(backend) or len(file.relative_to(backend).parts) < 2:
            return self.root.parent
        parts = file.relative_to(backend).parts
        if len(parts) > 2 and (backend / parts[0] / parts[1] / "ops").is_dir():
            return backend / parts[0]
        return backend

    def _base(self, module: Module, what: Import) -> Path | None:
        if what.level:
            folder = module.file.parent
            for _ in range(what.level - 1):
                folder = folder.parent
            return folder.joinpath(*what.module.split(".")) if what.module else folder
        parts = what.module.split(".")
        if parts[0] == self.name:
            return self.root.parent.joinpath(*parts)
        for folder in (self.root / BACKEND, self.top(module.file)):
            if _module_file(folder / parts[0]) is not None:
                return folder.joinpath(*parts)
        return None

    def _defines(self, file: Path, name: str | None) -> bool:
        module = self.module(file)
        return name in module.definitions or name in module.imports


def _module_file(path: Path) -> Path | None:
    """`a/b.py` or `a/b/__init__.py` for `a/b`."""
    for file in (path / "__init__.py", path.with_name(path.name + ".py")):
        if file.is_file():
            return file
    return None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def _bindings(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    for node in _statements(body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        yield name.id, node
