"""Patterns over the ids of cells: one line of data that names one cell or many.

A pattern is an id without its profile, and has its four parts:

    operator/provider[parameter=value,...]@evidence

- A part that is left out, from the right, may be anything: `sort`, `sort/flag_gems`, `sort[dtype=int64]`,
  `sort/flag_gems@run`.
- In a part, `*` stands for any characters and `?` for one; neither crosses into another part.
- `|` separates alternatives: `all.dim|any.dim[sample=scalar-*]`, `sort[dtype=float16|bfloat16]`.
- Parameters may come in any order, and one that is not named may be anything.
- The brackets are the id's own and have no other meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHAPE = re.compile(
    r"(?P<operator>[^/\[\]@:]+)(/(?P<provider>[^/\[\]@:]+))?(\[(?P<parameters>[^\[\]]*)\])?(@(?P<evidence>[^/\[\]@:]+))?"
)
_WORD = re.compile(r"[A-Za-z0-9_.+*?|-]+")
_WITHIN = r"[^/\[\],@=]"  # the characters that a wildcard may stand for
EXAMPLE = "add.Tensor/flag_gems[dtype=float32,sample=empty-*]@interpret"


class PatternError(ValueError):
    """A text is no pattern: says what was found and how one looks."""


@dataclass(frozen=True)
class Pattern:
    """A pattern as written, the operators it names, and what it is matched with.

    operators  the names, where every alternative is a whole name; None where a wildcard stands in one
    """

    text: str
    operators: tuple[str, ...] | None
    expression: re.Pattern[str]

    def matches(self, row: str) -> bool:
        """Whether an id without its profile, `operator/provider[...]@evidence`, is one of those meant."""
        return self.expression.fullmatch(row) is not None


def parse_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises PatternError.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise PatternError(f"{text!r} is no pattern of cells; one looks like {EXAMPLE}, without the profile")
    operator, provider, evidence = shape["operator"], shape["provider"] or "*", shape["evidence"] or "*"
    alternatives = operator.split("|")
    whole = not any(wildcard in operator for wildcard in "*?")
    named = "*" if shape["parameters"] is None else shape["parameters"]
    parameters = "".join(_parameter(part, text) for part in named.split(","))
    head = f"{_part(operator, text)}/{_part(provider, text)}"
    expression = re.compile(rf"{head}\[{parameters}[^\[\]]*\]@{_part(evidence, text)}")
    return Pattern(text, tuple(alternatives) if whole else None, expression)


def _parameter(part: str, text: str) -> str:
    """A look-ahead for one parameter, wherever it stands between the brackets."""
    if part == "*":
        return ""
    key, equals, value = part.partition("=")
    if not equals or not re.fullmatch(r"[a-z_]+", key):
        raise PatternError(f"{part!r} in {text!r} is not name=value; a parameter that is not named may be anything")
    return rf"(?=(?:[^\]]*,)?{key}={_part(value, text)}[,\]])"


def _part(part: str, text: str) -> str:
    """The expression of one part: its alternatives, each with its wildcards."""
    if not _WORD.fullmatch(part) or "" in part.split("|"):
        raise PatternError(
            f"{part!r} in {text!r} is not made of names, '*', '?' and '|'; a pattern looks like {EXAMPLE}"
        )
    expressions = [_wildcards(alternative) for alternative in part.split("|")]
    return f"(?:{'|'.join(expressions)})"


def _wildcards(alternative: str) -> str:
    return re.escape(alternative).replace(r"\*", f"{_WITHIN}*").replace(r"\?", _WITHIN)
