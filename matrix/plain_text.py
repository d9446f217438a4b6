"""Texts that come from another process, or another company: bounded, and without what a terminal or browser acts upon."""

from __future__ import annotations

import re

# Everything a terminal, an XML reader or a browser might act upon: C0 and C1 controls but tab and newline, surrogates,
# marks that reorder text, and code points that are no characters.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


def clean(text: str) -> str:
    """The text without terminal escapes and control characters: it comes from another process, or another company."""
    if text.isprintable():  # most texts are: 20 times as fast
        return text
    return _CONTROL.sub("", _ESCAPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters."""
    # What is cut first need not be cleaned: a detail can be megabytes.
    return shorten(" ".join(clean(text[: 4 * limit + 200]).split()), limit)


def shorten(text: str, limit: int) -> str:
    """The beginning of the text, with a mark where something was left out."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"
