"""Readability of the code: what lint finds, how complex functions are, names, docstrings and comments, each by a plain count.

A count sees what is missing and not what is good: text that is there may still say nothing (docs/scorecard.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, divide, unmeasured
from matrix.challenge.scoring.weights import Readability
from matrix.challenge.style import Style

NAME, TITLE = "readability", "Code readability"
SHOWN = 5
NO_RUFF = "ruff is not installed here"


def score_readability(style: Style | None, weights: Readability, out_of: float) -> Score:
    """`style` is None where the files could not be looked at."""
    if style is None or not style.code_lines:
        return unmeasured(NAME, TITLE, out_of, "there is no file of the operator that Python can read")
    points = divide(out_of, dict(weights.weights))
    made: dict[str, Callable[[Style, Readability, float], Part]] = {
        "lint": _lint,
        "complexity": _complexity,
        "names": _names,
        "docstrings": _docstrings,
        "comments": _comments,
    }
    parts = tuple(make(style, weights, points[name]) for name, make in made.items())
    return Score(NAME, TITLE, out_of, parts, tuple(_exhibits(style)))


def _lint(style: Style, weights: Readability, out_of: float) -> Part:
    title = "lint"
    if style.wide is None:
        return Part(title, out_of, unmeasured=NO_RUFF)
    per_hundred = 100 * len(style.wide) / style.code_lines
    rules = Counter(each.rule for each in style.wide).most_common(SHOWN)
    text = f"{len(style.wide)} findings in {style.code_lines} lines ({', '.join(f'{n} {rule}' for rule, n in rules)})"
    losses = (Loss(text, min(1.0, per_hundred / weights.most_findings)),) if style.wide else ()
    return Part(title, out_of, losses, note=f"{len(style.wide)} findings in {style.code_lines} lines")


def _complexity(style: Style, weights: Readability, out_of: float) -> Part:
    total = max(1, len(style.functions))
    losses = tuple(
        Loss(
            f"{each.file}:{each.line}: {each.name} has a cyclomatic complexity of {each.complexity}; "
            f"up to {weights.most_complexity} is whole",
            1 / total,
        )
        for each in style.functions
        if each.complexity > weights.most_complexity
    )
    most = max((each.complexity for each in style.functions), default=0)
    return Part("complexity", out_of, losses, note=f"{len(style.functions)} functions, at most {most}")


def _names(style: Style, _weights: Readability, out_of: float) -> Part:
    poor, total = style.poor_names, max(1, style.names)
    note = f"{total - len(poor)} of {total} names"
    if not poor:
        return Part("names", out_of, note=note)
    listed = "; ".join(map(str, poor[:SHOWN])) + (f"; and {len(poor) - SHOWN} more" if len(poor) > SHOWN else "")
    return Part("names", out_of, (Loss(listed, len(poor) / total),), note=note)


def _docstrings(style: Style, _weights: Readability, out_of: float) -> Part:
    due = [each for each in style.functions if each.needs_words]
    losses = tuple(
        Loss(f"{each.file}:{each.line}: {each.name} has no docstring that says what it is for", 1 / len(due))
        for each in due
        if not each.documented
    )
    return Part("docstrings", out_of, losses, note=f"{len(due) - len(losses)} of {len(due)} functions")


def _comments(style: Style, weights: Readability, out_of: float) -> Part:
    due = style.code_lines / weights.lines_to_a_comment
    note = f"{style.word_lines} lines of comments and docstrings to {style.code_lines} of code"
    if style.word_lines >= due:
        return Part("comments", out_of, note=note)
    text = f"{note}; one to {weights.lines_to_a_comment} is whole"
    return Part("comments", out_of, (Loss(text, 1 - style.word_lines / due),), note=note)


def _exhibits(style: Style) -> list[Exhibit]:
    if not style.wide:
        return []
    rows = tuple((each.file, str(each.line), each.rule, each.text) for each in style.wide[:50])
    return [Exhibit("Findings of lint", ("file", "line", "rule", "what"), rows)]
