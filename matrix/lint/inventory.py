"""The kernels that a vendor specialises, found by reading its folder of the provider.

A kernel is a function that is jit-compiled and launched from host code (`name[grid](...)`, in whatever file), one made by
`pointwise_dynamic`, or a file that writes kernels as text. A jit function that only kernels call is a device function
and not counted, and neither is a kernel that nothing launches.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from matrix.lint.package import Import, Module, Package, imported

JIT, POINTWISE, GENERATED = "jit", "pointwise", "generated"
REGISTRY = "_FULL_CONFIG"
# Folders whose functions replace the provider's own of the same name.
REPLACING = ("ops", "fused")

Node = tuple[str, str]  # a name at the top of a module: the module's path, the name


@dataclass(frozen=True)
class VendorKernel:
    """A kernel of a vendor's folder.

    file, name    as launches are recorded; a kind `generated` is named for its file: whatever it writes is launched from it
    kind          jit, pointwise or generated
    architecture  the architecture's folder that it lies in, if any: no other architecture loads it
    entries       the functions that replace the provider's own and come to launch it; none: nothing imports it
    """

    file: str
    name: str
    kind: str
    architecture: str = ""
    entries: frozenset[str] = frozenset()


def vendor_kernels(package: Package, vendor: str) -> tuple[VendorKernel, ...]:
    """Every kernel of a vendor, by file and name. A vendor without a folder has none."""
    folder = package.vendors.get(vendor)
    if folder is None:
        return ()
    reader = _Reader(package, list(package.modules(folder)))
    return tuple(sorted(reader.kernels(folder.name), key=lambda kernel: (kernel.file, kernel.name)))


@cache
def registry_entries(package: Package) -> tuple[ast.expr, ...]:
    """The provider's table of ATen names: one that has a name or, until FlagGems 5, what it hands to its registrar."""
    module = package.module(package.root / "__init__.py")
    values = [getattr(module.definitions.get(REGISTRY), "value", None)]
    values += [node.args[0] for node in module.nodes if isinstance(node, ast.Call) and _is_registrar(node)]
    return next((tuple(value.elts) for value in values if isinstance(value, ast.Tuple | ast.List)), ())


def _is_registrar(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "registrar" and bool(call.args)


@cache
def registered_names(package: Package) -> dict[str, frozenset[str]]:
    """Function -> the ATen names that it is registered for, from the provider's own table."""
    found: dict[str, set[str]] = {}
    for entry in registry_entries(package):
        if isinstance(entry, ast.Tuple) and len(entry.elts) > 1 and isinstance(entry.elts[1], ast.Name):
            key = entry.elts[0]
            if isinstance(key, ast.Constant):
                found.setdefault(entry.elts[1].id, set()).add(str(key.value))
    return {name: frozenset(keys) for name, keys in found.items()}


class _Reader:
    """The modules of one vendor, and who refers to whom among them."""

    def __init__(self, package: Package, modules: list[Module]) -> None:
        self.package = package
        self.modules = modules
        self.paths = {module.path for module in modules}
        self.users: dict[Node, set[Node]] = {}
        self.launched: set[Node] = set()
        for module in modules:
            self._read(module)

    def kernels(self, folder: str) -> Iterator[VendorKernel]:
        exported = self._exported(folder)
        for module in self.modules:
            parts = module.path.partition(f"/{folder}/")[2].split("/")
            inner = "/".join(parts[:-1]).split("/")
            architecture = next((part for part in inner if self._is_architecture(folder, part)), "")
            for name, kind, owners in _kernels(module):
                if kind == JIT and (module.path, name) not in self.launched:
                    continue
                users = {user for owner in owners for user in self._closure((module.path, owner))}
                entries = frozenset(user[1] for user in users & exported)
                yield VendorKernel(module.path, name, kind, architecture, entries)

    def _is_architecture(self, folder: str, part: str) -> bool:
        place = self.package.vendors[folder[1:]] / part
        return part not in REPLACING and (place / "ops").is_dir()

    def _read(self, module: Module) -> None:
        for name, statement in module.bindings:
            for used in self._references(module, statement):
                self.users.setdefault(used, set()).add((module.path, name))
        self.launched.update(node for name in _launched(module.tree) for node in self._resolve(module, name))

    def _references(self, module: Module, statement: ast.AST) -> Iterator[Node]:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                yield from self._resolve(module, node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield from self._member(module, node.value.id, node.attr)
            elif isinstance(node, ast.ImportFrom):  # inside of a function
                for _, what in imported(node):
                    yield from self._follow(module, what)

    def _resolve(self, module: Module, name: str) -> Iterator[Node]:
        """Where a name of a module is defined, followed through the imports."""
        if name in module.definitions:
            yield module.path, name
        for what in module.imports.get(name, ()):
            yield from self._follow(module, what)

    def _follow(self, module: Module, what: Import) -> Iterator[Node]:
        file = self.package.find(module, what)
        if file is None or what.name is None:
            return
        target = self.package.module(file)
        if target.path in self.paths and target is not module:
            yield from self._resolve(target, what.name)

    def _member(self, module: Module, holder: str, name: str) -> Iterator[Node]:
        """`holder.name`, where holder is a module that was imported."""
        for what in module.imports.get(holder, ()):
            file = self.package.find(module, what)
            if file is not None and self.package.module(file).path in self.paths:
                yield from self._resolve(self.package.module(file), name)

    def _closure(self, node: Node) -> set[Node]:
        """The node and everything that comes to use it."""
        reached, waiting = {node}, [node]
        while waiting:
            for user in self.users.get(waiting.pop(), ()):
                if user not in reached:
                    reached.add(user)
                    waiting.append(user)
        return reached

    def _exported(self, folder: str) -> set[Node]:
        """The functions that the vendor's `ops` and `fused` packages hold, an architecture's too."""
        found: set[Node] = set()
        for module in self.modules:
            parts = module.path.partition(f"/{folder}/")[2].split("/")
            if parts[-1] == "__init__.py" and len(parts) in (2, 3) and parts[-2] in REPLACING:
                found |= set(self._names_of(module))
        return found

    def _names_of(self, module: Module) -> Iterator[Node]:
        for name in {*module.definitions, *module.imports} - {"*"}:
            yield from self._resolve(module, name)
        for what in module.imports.get("*", ()):
            file = self.package.find(module, what)
            if file is not None and self.package.module(file).path in self.paths:
                yield from self._names_of(self.package.module(file))


def _kernels(module: Module) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, kind and the names at the module's top that it belongs to, of everything that could be a kernel."""
    makes = False
    writers: set[str] = set()
    for owner, statement in module.bindings:
        makes = makes or owner.startswith("PointwiseDynamic")
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef):
                kind = _kind(node)
                if kind:
                    yield node.name, kind, (owner,)
            elif isinstance(node, ast.Call) and _last_name(node.func) == "pointwise_dynamic":
                if node.args and isinstance(node.args[0], ast.Name):
                    yield node.args[0].id, POINTWISE, (owner,)
            elif _writes_kernels(node):
                writers.add(owner)
    # What writes kernels from pointwise functions is not itself a kernel: they are counted where they are declared.
    if writers and not makes:
        yield module.file.stem, GENERATED, tuple(sorted(writers))


def _writes_kernels(node: ast.AST) -> bool:
    """Whether it is one line of text with the decorator of a kernel."""
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and "triton.jit" in text and "\n" not in text.strip()


def _kind(function: ast.FunctionDef) -> str:
    names = {_last_name(item) for item in function.decorator_list}
    if "pointwise_dynamic" in names:
        return POINTWISE
    return JIT if "jit" in names else ""


def _last_name(node: ast.expr) -> str:
    """`jit` of `triton.jit(...)`."""
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _launched(tree: ast.Module) -> set[str]:
    """Names that host code launches, through other names of the same function too (`kernel = a if small else b`)."""
    found: set[str] = set()
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef) and _kind(scope) == "":
            found |= _launched_in(scope)
    return found


def _launched_in(scope: ast.FunctionDef) -> set[str]:
    """`kernel[grid](...)` and `run = kernel[grid]`; what else is subscripted is no kernel and does no harm."""
    nodes = list(ast.walk(scope))
    called = {_root(node.func) for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Subscript)}
    found = {_root(node) for node in nodes if isinstance(node, ast.Subscript)}
    for node in nodes:
        if isinstance(node, ast.Assign) and called & {_root(target) for target in node.targets}:
            found |= set(_chosen(node.value))
    return found - {""}


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _chosen(value: ast.expr) -> Iterator[str]:
    """The names that an expression may give, without what is called for it."""
    if isinstance(value, ast.IfExp):
        yield from _chosen(value.body)
        yield from _chosen(value.orelse)
    elif isinstance(value, ast.Dict):
        for item in value.values:
            yield from _chosen(item)
    elif isinstance(value, ast.Tuple | ast.List):
        for item in value.elts:
            yield from _chosen(item)
    else:
        yield _root(value)
