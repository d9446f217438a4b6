"""Kernel source to plain Python: what Triton's compiler reads differently than Python does is rewritten.

Python                              the compiler                                     rewritten to
`x = value`, `x += value`           a value becomes a tensor                         `x = LANGUAGE.assign(value)`
`a, b = three`                      the values left over are dropped                 `a, b = LANGUAGE.leading(..., 2)`
`x: tl.constexpr = value`           stays a compile-time constant                    `x = LANGUAGE.constant(value)`
`a and b`, `a or b`, `not a`        element by element on tensors                    `LANGUAGE.both(...)` and so on
`if`, `while`, `... if ... else`    one scalar decides                               `if LANGUAGE.truth(condition)`
`for i in range(...)`               `i` is a tensor                                  `LANGUAGE.range(...)`
`a is b`                            looks inside of constants                        `LANGUAGE.same(a, b)`
`min`, `max`, `len`, `float`, ...   their tensor or compile-time meaning             `LANGUAGE.min(...)`
`assert`                            a device assertion, off in a release build       nothing
`x[i] = value`                      refused, but by some vendors' compilers          `x = LANGUAGE.replaced(x, i, value)`

Line numbers and file names are kept, so that tracebacks point into the kernel. The result lives in the function's own
module globals, where the one name LANGUAGE is added.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from matrix.emulation.start_up import source_lines

LANGUAGE = "__interpreted_language__"
BUILTINS = frozenset(
    {"min", "max", "len", "float", "int", "isinstance", "getattr", "hasattr", "list", "print", "range"}
)


class KernelRewriter(ast.NodeTransformer):
    """Rewrites one function body. `known` are names that the function or its module define themselves."""

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.temporaries = 0

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        node.value = _call("assign", node.value)
        if isinstance(node.targets[0], ast.Tuple | ast.List):
            node.value = _call("leading", node.value, ast.Constant(len(node.targets[0].elts)))
        parts: list[ast.AST] = []
        node.targets = [self._whole(target, parts) for target in node.targets]
        return [node, *parts] if parts else node

    def _whole(self, target: ast.expr, parts: list[ast.AST]) -> ast.expr:
        """A target with its subscripts replaced by temporaries; `parts` gets the statements that bring them home."""
        if isinstance(target, ast.Tuple | ast.List):
            target.elts = [self._whole(item, parts) for item in target.elts]
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            return target
        self.temporaries += 1
        held = f"__part_{self.temporaries}"
        parts.append(_replacement(target, ast.Name(held, ast.Load())))
        return ast.copy_location(ast.Name(held, ast.Store()), target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        maker = "constant" if ast.unparse(node.annotation).rpartition(".")[2] == "constexpr" else "assign"
        value = _call(maker, self.visit(node.value))
        return ast.copy_location(ast.Assign(targets=[node.target], value=value), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if isinstance(node.target, ast.Subscript) and isinstance(node.target.value, ast.Name):
            self.generic_visit(node)
            part = ast.Subscript(ast.Name(node.target.value.id, ast.Load()), node.target.slice, ast.Load())
            return _replacement(node.target, ast.copy_location(ast.BinOp(part, node.op, node.value), node))
        if not isinstance(node.target, ast.Name):
            return self.generic_visit(node)
        left = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
        value = ast.copy_location(ast.BinOp(left, node.op, self.visit(node.value)), node)
        return ast.copy_location(ast.Assign(targets=[node.target], value=_call("assign", value)), node)

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        node.test = _call("truth", node.test)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.test = _call("truth", node.test)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        node.test = _call("truth", node.test)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """`a and b`: `LANGUAGE.both(t, b) if LANGUAGE.undecided_and(t := a) else t`, left to right."""
        self.generic_visit(node)
        name = "and" if isinstance(node.op, ast.And) else "or"
        result = node.values[0]
        for value in node.values[1:]:
            self.temporaries += 1
            held = f"__operand_{self.temporaries}"
            result = ast.IfExp(
                test=_call(f"undecided_{name}", ast.NamedExpr(ast.Name(held, ast.Store()), result)),
                body=_call(f"logical_{name}", ast.Name(held, ast.Load()), value),
                orelse=ast.Name(held, ast.Load()),
            )
        return ast.copy_location(result, node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return _call("negation", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) > 1 or isinstance(node.ops[0], ast.In | ast.NotIn):
            return _call("refuse", ast.Constant(f"the comparison {ast.unparse(node)!r}"))
        if isinstance(node.ops[0], ast.Is | ast.IsNot):
            same = _call("same", node.left, node.comparators[0])
            return same if isinstance(node.ops[0], ast.Is) else ast.UnaryOp(ast.Not(), same)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in BUILTINS and node.id not in self.known:
            return _attribute(node.id)
        return node

    def visit_Assert(self, _node: ast.Assert) -> ast.AST:
        return ast.Pass()


def rewrite(function: Callable[..., Any], language: object, source: str | None = None) -> Callable[..., Any]:
    """The interpretable twin of a kernel or device function, of `source` where one is to stand for the function's own.

    Raises SyntaxError or OSError where the source cannot be read.
    """
    assert isinstance(function, FunctionType)
    lines, first = source_lines(function)
    definition = _definition(ast.parse(textwrap.dedent("".join(lines) if source is None else source)))
    known = frozenset(function.__globals__) | frozenset(function.__code__.co_varnames)
    rewriter = KernelRewriter(known | frozenset(function.__code__.co_freevars))
    definition.body = [statement for old in definition.body for statement in _statements(rewriter.visit(old))]
    definition.body = definition.body or [ast.Pass()]
    _strip(definition)
    module = _with_free_variables(definition, function.__code__.co_freevars)
    ast.fix_missing_locations(module)
    ast.increment_lineno(module, first - 1)
    code = _find_code(compile(module, function.__code__.co_filename, "exec"), function.__name__)
    function.__globals__[LANGUAGE] = language
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    closure = tuple(cells[name] for name in code.co_freevars)
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, closure)


def _statements(result: Any) -> list[ast.stmt]:
    if result is None:
        return []
    return result if isinstance(result, list) else [result]


def _definition(module: ast.Module) -> ast.FunctionDef:
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            return node
    raise SyntaxError("the source of the kernel holds no function")


def _strip(definition: ast.FunctionDef) -> None:
    """Decorators, annotations and defaults are evaluated once, by the original."""
    definition.decorator_list = []
    definition.returns = None
    arguments = definition.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        argument.annotation = None
    arguments.defaults = []
    arguments.kw_defaults = [None] * len(arguments.kwonlyargs)


def _with_free_variables(definition: ast.FunctionDef, names: tuple[str, ...]) -> ast.Module:
    """Inside of a function that binds the free variables, so that the compiler makes them free again."""
    if not names:
        return ast.Module([definition], [])
    parameters = ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    factory = ast.FunctionDef("__factory__", parameters, [definition], [], None, None)
    return ast.Module([factory], [])


def _find_code(code: CodeType, name: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            return constant if constant.co_name != "__factory__" else _find_code(constant, name)
    raise SyntaxError(f"no code for {name}")


def _replacement(target: ast.Subscript, value: ast.expr) -> ast.Assign:
    """`x[index] = value` as `x = LANGUAGE.replaced(x, index, value)`."""
    assert isinstance(target.value, ast.Name)
    items = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    index = ast.Tuple([_index(item) for item in items], ast.Load())
    whole = _call("replaced", ast.Name(target.value.id, ast.Load()), index, value)
    return ast.copy_location(ast.Assign([ast.Name(target.value.id, ast.Store())], whole), target)


def _index(item: ast.expr) -> ast.expr:
    if not isinstance(item, ast.Slice):
        return item
    bounds = (item.lower, item.upper, item.step)
    return ast.Call(_attribute("slice"), [bound or ast.Constant(None) for bound in bounds], [])


def _attribute(name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(LANGUAGE, ast.Load()), name, ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    call = ast.Call(_attribute(name), list(arguments), [])
    return ast.copy_location(call, arguments[0]) if arguments else call
