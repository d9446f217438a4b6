"""Texts of strangers: nothing in them acts, and they end."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from matrix.plain_text import clean, one_line

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


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
