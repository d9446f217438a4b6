"""What an answer may look like, and when two are the same: the form of each task's answers, and its normalisation.

An answer that is misformed is not guessed at: it is wrong, and whoever sends it is told before they do.
"""

from __future__ import annotations

import ast
import json
import re

from workloads.annotation.tasks import AnnotationTask, Kind

# What chat models and prompts leave in an answer: markup of turns, of thoughts, of the answer's own frame, and fences of code.
RESIDUE = re.compile(
    r"</?\s*(?:label|labels|answer|output|think|thinking|input|example|response|result)\s*>"
    r"|<\|[A-Za-z_]+\|>|</s>|\[/?INST\]|^\s*```|```\s*$",
    re.IGNORECASE | re.MULTILINE,
)
# A frame of words around the answer, which exact match does not forgive.
PREAMBLE = re.compile(r"^\s*(?:the\s+)?(?:final\s+)?(?:answer|output|label|result)\s*(?:is\b|:|=)", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d{1,40}")
_INTEGERS = re.compile(r"\[\s*(?:[+-]?\d{1,40}\s*(?:,\s*[+-]?\d{1,40}\s*)*)?\]")
# Controls that no answer needs; tab and the ends of lines are those of source code and texts.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")


def residue(text: str) -> str:
    """The first piece of markup that was left in an answer; empty where there is none."""
    found = RESIDUE.search(text)
    return found[0].strip() if found else ""


def fault(task: AnnotationTask, text: str) -> str:
    """What is wrong with the form of an answer; empty where nothing is. Residue comes first: most others come of it."""
    if not text.strip():
        return "is empty"
    if left := residue(text):
        return f"holds a residue of markup, {left!r}"
    if found := _CONTROL.search(text):
        return f"holds the control character {found[0]!a}"
    if len(text) > task.longest:
        return f"has {len(text)} characters; at most {task.longest} are allowed"
    if task.kind is not Kind.SOURCE and task.kind is not Kind.TEXT and PREAMBLE.match(text):
        return f"begins with a preamble, {text.strip()[:20]!a}"
    return _fault_of_kind(task, text)


def _fault_of_kind(task: AnnotationTask, text: str) -> str:
    plain = text.strip()
    match task.kind:
        case Kind.INTEGER if not _INTEGER.fullmatch(plain):
            return "is not one integer"
        case Kind.INTEGERS if not _INTEGERS.fullmatch(plain):
            return "is no list of integers, such as [1, 2, 3]"
        case Kind.LABEL if plain not in task.labels:
            return f"is not one of {', '.join(task.labels)}"
        case Kind.SHORT if "\n" in plain:
            return "has more than one line"
        case Kind.SOURCE:
            return _fault_of_source(plain)
    return ""


def _fault_of_source(text: str) -> str:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"is no Python ({type(error).__name__}: {' '.join(str(error).split())[:80]})"
    return ""


def normal(task: AnnotationTask, text: str) -> str:
    """An answer in the form in which two are compared. What has not the task's form stays as it is, and equals nothing right.

    integers        by value: ` 007` is `7`;  lists: by value, whatever the blanks
    labels, texts   without blanks around them, else letter by letter
    short texts     in lower case, blanks within as one
    """
    plain = text.strip()
    match task.kind:
        case Kind.INTEGER if _INTEGER.fullmatch(plain):
            return str(int(plain))
        case Kind.INTEGERS if _INTEGERS.fullmatch(plain):
            return json.dumps([int(number) for number in re.findall(r"[+-]?\d+", plain)])
        case Kind.SHORT:
            return " ".join(plain.lower().split())
    return plain


def same(task: AnnotationTask, prediction: str, label: str) -> bool:
    """Whether a prediction is right by exact match."""
    return normal(task, prediction) == normal(task, label)
