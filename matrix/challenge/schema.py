"""Schemas of tasks: read from their text, and held against the signature of an entry's function. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# What torch's Python functions call an argument that the schema calls otherwise.
ALSO = {"self": ("input",), "interpolation_mode": ("mode",), "compute_uv": ("compute_uv",)}
# How a schema writes a default, and what Python functions write for it.
SAME_DEFAULT = {"[]": ("None", "()", "[]"), "Mean": ("1", "'mean'"), "None": ("None",)}
FUNCTIONAL = "torch.nn.functional"
_TYPED = re.compile(r"(?:(?P<type>[\w\[\]?!()]+)\s+)?(?P<name>\w+)(?:=(?P<default>.+))?")


@dataclass(frozen=True)
class Parameter:
    """One parameter: of a schema or of a function. `default` is its text; None: it has to be given."""

    name: str
    default: str | None = None
    keyword: bool = False
    type: str = ""


@dataclass(frozen=True)
class Schema:
    """`name(parameters) -> results; remark`. `functional` says that torch.nn.functional's form of it is right too."""

    name: str
    parameters: tuple[Parameter, ...]
    remark: str

    @property
    def functional(self) -> bool:
        return FUNCTIONAL in self.remark or self.name.startswith(FUNCTIONAL)


def parse_schema(text: str) -> Schema:
    """Read the text of a schema. One that only names another has no parameters."""
    name, bracket, rest = text.partition("(")
    if not bracket:
        name, _, remark = text.partition(";")
        return Schema(name.strip(), (), remark.strip())
    inside, after = _closed(rest)
    parameters: list[Parameter] = []
    keyword = False
    for part in _parts(inside):
        if part == "*":
            keyword = True
        elif found := _TYPED.fullmatch(part):
            parameters.append(Parameter(found["name"], found["default"], keyword, found["type"] or ""))
    return Schema(name.strip(), tuple(parameters), after.partition(";")[2].strip())


def _closed(text: str) -> tuple[str, str]:
    """What stands before the bracket that closes, and what follows it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            return text[:place], text[place + 1 :]
    return text, ""


def _parts(text: str) -> Iterator[str]:
    """The parts between commas that are in no brackets."""
    depth, start = 0, 0
    for place, sign in enumerate(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and not depth:
            yield text[start:place].strip()
            start = place + 1
    if text[start:].strip():
        yield text[start:].strip()


def differences(schemas: Sequence[Schema], found: Sequence[Parameter]) -> list[str]:
    """What keeps a function from being called by all of these schemas, the main one first; each in a few words."""
    main, problems = schemas[0], []
    functional = any(schema.functional for schema in schemas)
    if not main.parameters:
        return []
    others = {parameter.name for schema in schemas for parameter in schema.parameters}
    others |= {name for schema in schemas for name in re.findall(r"(\w+)=", schema.remark)}
    due = [parameter for parameter in main.parameters if not parameter.keyword]
    positional = [parameter for parameter in found if not parameter.keyword]
    for place, wanted in enumerate(due):
        if place >= len(positional) or positional[place].name not in (wanted.name, *ALSO.get(wanted.name, ())):
            got = f"{positional[place].name!r}" if place < len(positional) else "nothing"
            problems.append(f"parameter {place + 1} is {got}; the schema has {wanted.name!r}")
        elif not functional:
            problems += _defaults(wanted, positional[place])
    problems += [
        f"{extra.name!r} is no parameter of the schema"
        for extra in positional[len(due) :]
        if extra.name not in others or extra.default is None
    ]
    problems += _keywords(schemas, [parameter for parameter in found if parameter.keyword], others)
    return problems


def _keywords(schemas: Sequence[Schema], found: Sequence[Parameter], others: set[str]) -> Iterator[str]:
    by_name = {parameter.name: parameter for parameter in found}
    wanted = {parameter.name: parameter for parameter in schemas[0].parameters if parameter.keyword}
    every = {parameter.name for schema in schemas for parameter in schema.parameters if parameter.keyword}
    for name in sorted(every - set(by_name)):
        yield f"the keyword {name!r} of the schema is missing"
    for name, parameter in by_name.items():
        if name in wanted:
            yield from _defaults(wanted[name], parameter)
        elif name not in others or parameter.default is None:
            yield f"{name!r} is no parameter of the schema that it is called by"


def _defaults(wanted: Parameter, got: Parameter) -> Iterator[str]:
    if (wanted.default is None) is not (got.default is None):
        has = "no default" if got.default is None else f"the default {got.default}"
        yield f"{got.name!r} has {has}; the schema has {wanted.default or 'none'}"
    elif wanted.default is not None and got.default is not None and not _same(wanted.default, got.default):
        yield f"{got.name!r} has the default {got.default}; the schema has {wanted.default}"


def _same(schema: str, python: str) -> bool:
    if python in SAME_DEFAULT.get(schema, ()):
        return True
    try:
        return bool(ast.literal_eval(schema) == ast.literal_eval(python))
    except (ValueError, SyntaxError):
        return schema == python
