"""How an entry's files read, by their text alone: complexity, names, words, and what ruff finds where it is installed.

Nothing of the entry is executed or imported. An entry's own configuration and its `noqa` marks change nothing.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# Layouts that are taken for formatted: lengths of a line that people format to. Long lines are those of more than the last.
LENGTHS = (79, 88, 100, 120)
CORE = ("E", "F", "W")
WIDE = ("B", "C4", "N", "PIE", "RET", "SIM", "UP")
# Constants of a kernel are capitals by Triton's custom, and the names of arguments are the schema's.
CUSTOM = ("N803", "N806", "SIM108", "RET505")
SHORT = frozenset("ijkmnxyz_")
VAGUE = frozenset({"bar", "baz", "data1", "data2", "foo", "stuff", "temp", "thing", "tmp"})
NO_COMMENT = re.compile(r"#\s*(SPDX|noqa|type:|fmt:|ruff:|pylint:|!|-\*-|TODO|FIXME|$)")
SECONDS = 60
LONG = 5  # lines from which a private function is documented too


@dataclass(frozen=True)
class Function:
    """A function or class of an entry: how complex it is, and whether it says what it is for."""

    file: str
    line: int
    name: str
    complexity: int
    documented: bool
    needs_words: bool


@dataclass(frozen=True)
class Remark:
    """Something about one line."""

    file: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text} ({self.rule})"


@dataclass(frozen=True)
class Style:
    """What was counted. `names`: how many there are;  word_lines: of comments and docstrings;  core, wide: what ruff finds.

    core, wide and unformatted are None where ruff is not installed.
    """

    functions: tuple[Function, ...]
    names: int
    poor_names: tuple[Remark, ...]
    code_lines: int
    word_lines: int
    files: int
    core: tuple[Remark, ...] | None
    wide: tuple[Remark, ...] | None
    unformatted: tuple[str, ...] | None


def read_style(files: Sequence[Path], tests: Sequence[Path], given: Collection[str] = ()) -> Style:
    """Look at the operator's files, and with ruff at the tests too. `given`: names that the schema prescribes."""
    trees = [(path, tree) for path in files if (tree := _tree(path)) is not None]
    functions = [each for path, tree in trees for each in _functions(path.name, tree)]
    named = [each for path, tree in trees for each in _names(path.name, tree)]
    counted = [_lines(path) for path, _ in trees]
    words = sum(_docstring_lines(tree) for _, tree in trees)
    everything = [path.resolve() for path in (*files, *tests) if path.is_file()]
    ruff = importlib.util.find_spec("ruff") is not None
    findings = _ruff(everything) if ruff else None
    return Style(
        functions=tuple(functions),
        names=len(named),
        poor_names=tuple(remark for each in named if (remark := _poor(each, given)) is not None),
        code_lines=sum(code for code, _ in counted),
        word_lines=words + sum(comments for _, comments in counted),
        files=len(everything),
        core=None if findings is None else tuple(each for each in findings if each.rule.startswith(CORE)),
        wide=None if findings is None else tuple(each for each in findings if not each.rule.startswith(CORE)),
        unformatted=tuple(path.name for path in everything if not _is_formatted(path)) if ruff else None,
    )


def _tree(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None  # `check` says so


def _functions(file: str, tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            text = ast.get_docstring(node) or ""
            length = (node.end_lineno or node.lineno) - node.lineno
            needs = not node.name.startswith("_") or length > LONG
            complexity = 1 if isinstance(node, ast.ClassDef) else complexity_of(node)
            yield Function(file, node.lineno, node.name, complexity, bool(text) and "TODO" not in text, needs)


def complexity_of(function: ast.AST) -> int:
    """McCabe's cyclomatic number: one, and one for each place at which the way forks."""
    number = 1
    for node in ast.walk(function):
        if isinstance(
            node, ast.If | ast.IfExp | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.match_case
        ):
            number += 1
        elif isinstance(node, ast.BoolOp):
            number += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            number += 1 + len(node.ifs)
    return number


@dataclass(frozen=True)
class _Name:
    file: str
    line: int
    text: str
    kind: str


def _names(file: str, tree: ast.Module) -> Iterator[_Name]:
    """Every name that the file gives, once for each function that gives it."""
    scopes = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))]
    for scope in scopes:
        seen: set[str] = set()
        for name in _given_in(file, scope):
            if name.text not in seen:
                seen.add(name.text)
                yield name


def _given_in(file: str, scope: ast.AST) -> Iterator[_Name]:
    if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = scope.args
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            yield _Name(file, each.lineno, each.arg, "argument")
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield _Name(file, node.lineno, node.name, "class" if isinstance(node, ast.ClassDef) else "function")
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield _Name(file, node.lineno, node.id, "variable")
        waiting += ast.iter_child_nodes(node)


def _poor(name: _Name, given: Collection[str]) -> Remark | None:
    """What is wrong with a name, if something is."""
    text = name.text.strip("_") or "_"
    if name.text in given or text in given:
        return None
    if name.kind == "class":
        wrong = "" if re.fullmatch(r"[A-Z][A-Za-z0-9]*", text) else "is not written as names of classes are"
    elif len(text) == 1 and text not in SHORT and not text.isupper():
        wrong = "is one letter that says nothing"
    elif text in VAGUE:
        wrong = "says nothing"
    else:
        wrong = (
            "" if re.fullmatch(r"[a-z][a-z0-9_]*|[A-Z][A-Z0-9_]*|_", text) else "is neither small letters nor capitals"
        )
    return Remark(name.file, name.line, "name", f"{name.kind} {name.text!r} {wrong}") if wrong else None


def _docstring_lines(tree: ast.Module) -> int:
    texts = (
        ast.get_docstring(node) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return sum(bool(line.strip()) for text in texts if "TODO" not in text for line in text.splitlines())


def _lines(path: Path) -> tuple[int, int]:
    """Lines of code, without docstrings, and lines with a comment that says something."""
    code: set[int] = set()
    comments = 0
    text = path.read_text(encoding="utf-8")
    skipped = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                comments += not NO_COMMENT.match(token.string)
            elif token.type not in skipped and not (
                token.type == tokenize.STRING and token.line.lstrip()[:1] in "\"'rR"
            ):
                code.update(range(token.start[0], token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        return 0, 0
    return len(code), comments


def _ruff(files: Sequence[Path]) -> list[Remark]:
    """What ruff finds by rules that are the same for every entry."""
    arguments = ["check", "--isolated", "--no-cache", "--ignore-noqa", "--output-format", "json", "--exit-zero"]
    arguments += ["--line-length", str(LENGTHS[-1]), "--target-version", "py311"]
    arguments += ["--select", ",".join((*CORE, *WIDE)), "--ignore", ",".join(CUSTOM), *map(str, files)]
    said = _run_ruff(arguments)
    try:
        found = json.loads(said.stdout)
    except ValueError:
        return [Remark(files[0].name, 1, "E902", f"ruff could not read the files: {said.stderr.strip()[:200]}")]
    return [
        Remark(Path(each["filename"]).name, each["location"]["row"], each["code"] or "E999", each["message"])
        for each in found
    ]


def _is_formatted(path: Path) -> bool:
    arguments = ["format", "--isolated", "--no-cache", "--check", "--target-version", "py311"]
    return any(_run_ruff([*arguments, "--line-length", str(length), str(path)]).returncode == 0 for length in LENGTHS)


def _run_ruff(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "ruff", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS, cwd=Path(__file__).parent
    )
