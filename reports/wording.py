"""How facts are spelled, once for every renderer: symbols, words, durations, bounded text. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from matrix.outcome import Evidence, Verdict
from matrix.plain_text import clean, one_line, shorten
from matrix.verdict import SEVERITY

__all__ = [
    "EVIDENCE",
    "PLAIN",
    "SYMBOLS",
    "VERDICTS",
    "clean",
    "count",
    "duration",
    "moment",
    "one_line",
    "share",
    "shorten",
    "tail",
    "verdict_counts",
]

SYMBOLS: dict[Verdict, str] = {
    Verdict.OK: "✓",
    Verdict.KNOWN: "≈",
    Verdict.FIXED: "↑",
    Verdict.BROKEN: "✗",
    Verdict.SUITE: "!",
    Verdict.NOT_APPLICABLE: "-",
    Verdict.UNKNOWN: "?",
}

# For a terminal that cannot show the ones above.
PLAIN: dict[str, str] = {"✓": "+", "≈": "~", "↑": "^", "✗": "X", "·": "|", "…": "...", "→": "->"}

VERDICTS: dict[Verdict, str] = {
    Verdict.OK: "passed",
    Verdict.KNOWN: "failed, as its expectation says",
    Verdict.FIXED: "passed, though its expectation says it fails",
    Verdict.BROKEN: "failed, and no expectation says so",
    Verdict.SUITE: "fault of the suite, the emulation or the machine",
    Verdict.NOT_APPLICABLE: "the profile lacks what the case needs",
    Verdict.UNKNOWN: "not run",
}

# What was done to a cell: whether it went well is the outcome's to say.
EVIDENCE: dict[Evidence, str] = {
    Evidence.COMPILE: "every kernel is compiled for the target and held against its limits; nothing is executed",
    Evidence.INTERPRET: "the profile's own kernel code runs in Triton's CPU interpreter and is compared with the "
    "reference; no chip is involved",
    Evidence.RUN: "the case runs on the device and is compared with the reference",
    Evidence.TIME: "the case runs alone on the device, is compared, and is timed against the native operator",
}


def tail(text: str, limit: int) -> str:
    """The end of the text: of an output, the part that tells."""
    return text if len(text) <= limit else "… " + text[-limit:]


def duration(seconds: float | None) -> str:
    """For a person: 0.3 s, 42 s, 3 min 20 s, 1 h 05 min."""
    if seconds is None:
        return "unknown time"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(seconds))
    minutes, rest = divmod(whole.days * 86400 + whole.seconds, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(started: str) -> str:
    """An ISO time for a person, in UTC; a text that is none stays as it is."""
    try:
        time = datetime.fromisoformat(started)
    except ValueError:
        return one_line(started, 40)
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """1 cell, 2 cells."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def share(part: int, whole: int) -> str:
    """A percentage that never rounds something to nothing, nor almost everything to all."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "<0.1 %"
    if 99.9 < percent < 100:
        return ">99.9 %"
    return f"{percent:.1f} %"


def verdict_counts(verdicts: Mapping[Verdict, int]) -> str:
    """✗ 3 broken, ✓ 20 ok: worst first, those that occur."""
    present = [verdict for verdict in SEVERITY if verdicts.get(verdict)]
    return ", ".join(f"{SYMBOLS[verdict]} {verdicts[verdict]} {verdict}" for verdict in present)
