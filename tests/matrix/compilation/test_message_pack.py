"""MessagePack is read as its specification says, and nothing is read from data cut short."""

from __future__ import annotations

from typing import Any

import pytest

from matrix.compilation.message_pack import unpack


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x07", 7),
        (b"\xff", -1),
        (b"\xcc\xff", 255),
        (b"\xcd\x01\x00", 256),
        (b"\xd1\xff\x00", -256),
        (b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5),
        (b"\xa3abc", "abc"),
        (b"\xd9\x03abc", "abc"),
        (b"\xc4\x02ab", b"ab"),
        (b"\x92\x01\xc0", [1, None]),
        (b"\xdc\x00\x01\xc3", [True]),
        (b"\x81\xa1a\x90", {"a": []}),
        (b"\xde\x00\x01\xa1a\xc2", {"a": False}),
    ],
)
def test_values_are_read(data: bytes, value: Any) -> None:
    assert unpack(data) == value


@pytest.mark.parametrize("data", [b"", b"\xa3ab", b"\x92\x01", b"\xcd\x01", b"\xc1", b"\xd4\x00\x00"])
def test_what_is_cut_short_or_unknown_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"ends at|is not read here"):
        unpack(data)
