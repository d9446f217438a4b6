"""Untrusted text loses its teeth; numbers do not lie by rounding."""

from __future__ import annotations

import pytest

from matrix.outcome import Evidence, Verdict
from reports.wording import EVIDENCE, SYMBOLS, VERDICTS, count, duration, moment, share, shorten, tail


def test_what_is_cut_is_marked() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert tail("abcdef", 3) == "… def"
    assert shorten("abc", 3) == tail("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "unknown time"),
        (0.31, "0.3 s"),
        (42, "42 s"),
        (200, "3 min 20 s"),
        (3900, "1 h 05 min"),
        (90000, "25 h 00 min"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert share(1, 10_000) == "<0.1 %"
    assert share(9_999, 10_000) == ">99.9 %"
    assert (share(0, 7), share(7, 7), share(0, 0)) == ("0.0 %", "100.0 %", "-")


def test_counts_and_moments() -> None:
    assert (count(1, "cell"), count(2, "cell"), count(2, "entry", "entries")) == ("1 cell", "2 cells", "2 entries")
    assert moment("2026-11-22T12:00:00+01:00") == "2026-11-22 11:00 UTC"
    assert moment("yesterday") == "yesterday"


def test_every_verdict_and_evidence_has_words_and_a_symbol_of_its_own() -> None:
    assert set(SYMBOLS) == set(VERDICTS) == set(Verdict)
    assert len(set(SYMBOLS.values())) == len(Verdict)
    assert set(EVIDENCE) == set(Evidence)
