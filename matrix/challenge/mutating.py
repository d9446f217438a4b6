"""All mutants of the kernels in a file. Source in, source out: nothing is imported or run, and no file is written."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matrix.challenge.changes import called, changes_of
from matrix.challenge.mutant import Kind, Mutant

# Calls that only tell the compiler something; a change inside of them changes nothing.
HINTS = frozenset(
    {"static_assert", "static_print", "device_print", "device_assert", "multiple_of", "max_contiguous", "assume"}
)
# Extents of a block must be powers of two: one more is refused by every compiler and says nothing of the tests.
WHOLE = HINTS | {"arange"}


@dataclass(frozen=True)
class Candidate:
    """A mutant that can be run.

    path    the file;  first: the line that the kernel begins at, decorators included;  source: the whole mutated kernel
    lines   first and last line of the statement that was changed: a run that comes to none of them cannot tell
    """

    mutant: Mutant
    path: Path
    first: int
    source: str
    lines: tuple[int, int]


@dataclass(frozen=True)
class Candidates:
    """The mutants of some files; `identical` counts changes that read as the kernel or as another mutant of it."""

    found: tuple[Candidate, ...]
    identical: int


def candidates_of(paths: Sequence[Path], root: Path) -> Candidates:
    """The mutants of all kernels in these files, in the order of their lines. Raises SyntaxError for what is no Python."""
    found: list[Candidate] = []
    identical = 0
    for path in paths:
        name = path.relative_to(root).as_posix()
        module = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for kernel in kernels_of(module):
            seen = {ast.unparse(kernel)}
            for candidate in _mutants_of(kernel, path, name, _language(module)):
                identical += candidate.source in seen
                found += [] if candidate.source in seen else [candidate]
                seen.add(candidate.source)
    return Candidates(tuple(found), identical)


def kernels_of(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions of a module that Triton compiles: kernels, and what they call."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and any(_is_jit(decorator) for decorator in node.decorator_list):
            yield node


def _is_jit(decorator: ast.expr) -> bool:
    inner = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (isinstance(inner, ast.Attribute) and inner.attr == "jit") or (
        isinstance(inner, ast.Name) and inner.id == "jit"
    )


def _mutants_of(kernel: ast.FunctionDef, path: Path, name: str, language: str) -> Iterator[Candidate]:
    parameters = [argument.arg for argument in (*kernel.args.posonlyargs, *kernel.args.args, *kernel.args.kwonlyargs)]
    first = min(decorator.lineno for decorator in kernel.decorator_list)
    for statement in _statements(kernel.body):
        lines = _lines(statement)
        for node in _own_nodes(statement):
            for kind, before, after in changes_of(node, parameters, language):
                shown = node if kind in (Kind.INITIAL, Kind.REDUCTION) or isinstance(before, ast.Constant) else before
                mutant = Mutant(
                    file=name,
                    line=getattr(before, "lineno", statement.lineno),
                    column=getattr(before, "col_offset", 0),
                    kind=kind,
                    before=ast.unparse(shown),
                    after=ast.unparse(_replaced(shown, before, after)),
                    function=kernel.name,
                )
                yield Candidate(mutant, path, first, ast.unparse(_replaced(kernel, before, after)), lines)


def _language(module: ast.Module) -> str:
    """What a module calls `triton.language`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
                if whole == "triton.language" and (alias.asname or isinstance(node, ast.ImportFrom)):
                    return alias.asname or alias.name
    return "tl"


def _replaced(whole: ast.AST, before: ast.AST, after: ast.AST) -> ast.AST:
    """A copy with one node exchanged: to `deepcopy`, what is in its memo has been copied already."""
    return ast.fix_missing_locations(copy.deepcopy(whole, {id(before): after}))


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement, without documentation, and without assertions, which a kernel is compiled without."""
    for statement in body:
        if isinstance(statement, ast.Assert) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            continue
        yield statement
        for inner in ("body", "orelse"):
            yield from _statements(getattr(statement, inner, ()))


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement without those of the statements in it."""
    yield statement
    for _, value in ast.iter_fields(statement):
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.expr) and node is not getattr(statement, "annotation", None):
                yield from _expressions(node)


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    if called(node) in WHOLE:
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _expressions(child)


def _lines(statement: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement, or of the head of one with a body."""
    body = getattr(statement, "body", None)
    last = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
    return statement.lineno, max(statement.lineno, last)
