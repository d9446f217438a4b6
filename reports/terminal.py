"""What the place that shows a text can do: its width, colours, and whether it can show more than ASCII."""

from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import dataclass
from typing import TextIO

from matrix.outcome import Verdict
from reports.wording import PLAIN, clean

NARROWEST, WIDEST = 80, 200
NO_BREAK = "\u00a0"
COLORS: dict[Verdict, str] = {
    Verdict.OK: "32",
    Verdict.KNOWN: "33",
    Verdict.FIXED: "36",
    Verdict.BROKEN: "1;31",
    Verdict.SUITE: "35",
    Verdict.NOT_APPLICABLE: "2",
    Verdict.UNKNOWN: "2",
}


@dataclass(frozen=True)
class Terminal:
    """What the place that shows the text can do."""

    width: int = 100
    color: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO) -> Terminal:
        """As the stream and the environment say; no colour into files, or where NO_COLOR is set."""
        width = shutil.get_terminal_size((100, 40)).columns
        color = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        unicode = (getattr(stream, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16", "utf8sig")
        return cls(min(max(width, NARROWEST), WIDEST), color, unicode)

    def paint(self, text: str, verdict: Verdict) -> str:
        return f"\x1b[{COLORS[verdict]}m{text}\x1b[0m" if self.color else text

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.color else text

    def wrap(self, text: str, indent: str = "  ", hang: str | None = None) -> list[str]:
        """Lines of the width. What is meant to be copied is never wrapped."""
        further = indent if hang is None else hang
        lines = textwrap.wrap(
            clean(text), self.width, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False
        )
        return [unglue(line) for line in lines]


def glue(text: str) -> str:
    """A list, `1 cell, 2 rows`, that is wrapped at its commas only."""
    return ", ".join(part.replace(" ", NO_BREAK) for part in text.split(", "))


def unglue(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def plain(text: str) -> str:
    """The text in ASCII."""
    for symbol, plain in PLAIN.items():
        text = text.replace(symbol, plain)
    return text.encode("ascii", "replace").decode("ascii")
