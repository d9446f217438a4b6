"""A prediction of task 8 as source: what is code in it, and what keeps it from being run, found by reading alone."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator

from matrix.challenge.checking import ALLOWED_IN_TESTS, FORBIDDEN

LONGEST = 100_000
_PARSING = threading.Lock()
# What an operator may import: what computes. Tests' own frameworks are no part of an answer.
ALLOWED = ALLOWED_IN_TESTS - {"pytest"}
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_FENCED = re.compile(r"```[A-Za-z]*[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
# Sources of operator collections have their tests below such a line; they are no part of the operator.
_RULE = re.compile(r"^#{20,}\s*$", re.MULTILINE)
# What reads and writes files past Python, where the audit hook does not see it.
_FILES = re.compile(r"(torch|numpy|np)\.(save\w*|load\w*|fromfile|memmap|hub|genfromtxt|from_file)")
_DEEP = re.compile(r"__(?!init__|name__|doc__|file__|future__|version__|all__)\w+__")


def code_of(prediction: str) -> str:
    """The code of a prediction: without thoughts, out of its longest fence, up to the line that its tests stand below."""
    text = _THOUGHT.sub("", prediction)
    fenced = [found[1] for found in _FENCED.finditer(text)]
    return _RULE.split(max(fenced, key=len) if fenced else text, maxsplit=1)[0].strip() + "\n"


def objections(source: str, function: str) -> list[str]:
    """All that keeps a source from being run, each with its line; empty where nothing does."""
    if len(source) > LONGEST:
        return [f"has {len(source)} characters; at most {LONGEST} are run"]
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [f"is no Python: {' '.join(str(error).split())[:120]}"]
    return [*_of_tree(tree), *_of_function(tree, function)]


def parsed(source: str) -> ast.Module:
    """The syntax tree, made by one thread at a time: Python 3.11 counts the depth of trees once for all threads."""
    with _PARSING:
        return ast.parse(source)


def _of_tree(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            yield from (_import(line, alias.name) for alias in node.names if not _allowed(alias.name))
        elif isinstance(node, ast.ImportFrom):
            module = "" if node.level else node.module or ""
            if not _allowed(module):
                yield _import(line, module)
        elif isinstance(node, ast.Name) and (node.id in FORBIDDEN or _DEEP.fullmatch(node.id)):
            yield f"line {line}: uses {node.id}; an operator reads no files and runs no text"
        elif isinstance(node, ast.Attribute) and _DEEP.fullmatch(node.attr):
            yield f"line {line}: uses {node.attr}; an operator does not reach into Python"
        elif isinstance(node, ast.Attribute) and _FILES.fullmatch(named := ast.unparse(node)):
            yield f"line {line}: uses {named}; an operator reads and writes no files"


def _allowed(module: str) -> bool:
    return module.partition(".")[0] in ALLOWED


def _import(line: int, module: str) -> str:
    return f"line {line}: imports {module or 'a relative module'}; allowed are {', '.join(sorted(ALLOWED))}"


def _of_function(tree: ast.Module, function: str) -> Iterator[str]:
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    names |= {target.id for target in assigned if isinstance(target, ast.Name)}
    if function not in names:
        yield f"defines no {function}; it defines {', '.join(sorted(names)) or 'nothing'}"


def has_kernel(source: str) -> bool:
    """Whether a function is decorated with Triton's jit: a plain answer has none."""
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return any("jit" in ast.unparse(each) for function in functions for each in function.decorator_list)
