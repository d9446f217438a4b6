"""Untrusted text loses its teeth; numbers do not lie by rounding."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.outcome import Evidence, Verdict
from reports.wording import EVIDENCE, SYMBOLS, VERDICTS, clean, count, duration, moment, one_line, share, shorten, tail

ANY_TEXT = st.text(st.characters())


@given(ANY_TEXT)
def test_clean_text_holds_no_control_characters(text: str) -> None:
    left = {character for character in clean(text) if unicodedata.category(character) in ("Cc", "Cs")}
    assert left <= {"\t", "\n"}


def test_terminal_escapes_vanish_whole() -> None:
    assert clean("\x1b[31mred\x1b[0m \x1b]0;title\x07rest\r\nnext\rline") == "red rest\nnext\nline"


@given(ANY_TEXT, st.integers(1, 50))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not set(line) & set("\n\r\x0b\x0c\x85\u2028\u2029")


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
