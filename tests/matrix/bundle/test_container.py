"""The archive itself, forged: whatever is called a bundle and is none is refused in one sentence that says why."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable

import pytest

from matrix.bundle import container, limits
from matrix.bundle.container import Container, write_container
from matrix.bundle.limits import MIB, BundleError
from tests.matrix.bundle.forging import PLACE, good, members, read

Entries = list[tuple[zipfile.ZipInfo, bytes]]


def archive_of(entries: Entries, comment: bytes = b"") -> bytes:
    """A zip as any program may write one."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in entries:
            archive.writestr(entry, data)
        archive.comment = comment
    return stream.getvalue()


def entry_of(name: str, kind: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = kind << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def entries_of(names: dict[str, bytes]) -> Entries:
    return [(entry_of(name), data) for name, data in names.items()]


def refusal(data: bytes) -> str:
    with pytest.raises(BundleError) as caught:
        read(data)
    text = str(caught.value)
    assert text.startswith(PLACE)
    assert "\n" not in text
    assert text.isprintable()
    return text


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return archive_of([*entries_of(members()), *entries_of({"journal.jsonl": b"{}"})])


def encrypted() -> bytes:
    data = bytearray(good())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark)
        data[start + place] |= 1
    return bytes(data)


def declared(size: int) -> bytes:
    """The example's bundle whose journal claims to unpack to another size."""
    data, name = bytearray(good()), b"journal.jsonl"
    for mark, place, length in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        start = data.find(mark)
        while data[start + length : start + length + len(name)] != name:
            start = data.find(mark, start + 1)
        data[start + place : start + place + 4] = struct.pack("<L", size)
    return bytes(data)


def overlapping() -> bytes:
    """Two names for the same packed bytes, as in the bombs that need few of them."""
    data = bytearray(archive_of(entries_of({"aa": b"x" * 5000, "ab": b"x" * 5000})))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = struct.pack("<L", 0)
    return bytes(data)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "is no bundle, or its end is missing"),
    "no zip": (lambda: b"#!/bin/sh\n" * 50, "is no bundle, or its end is missing"),
    "truncated": (lambda: good()[:-40], "is no bundle, or its end is missing"),
    "beginning cut off": (lambda: good()[40:], "its end contradicts its length"),
    "middle cut out": (lambda: good()[:500] + good()[600:], "its end contradicts its length"),
    "data before it": (lambda: b"#!/bin/sh\n" + good(), "its end contradicts its length"),
    "comment": (lambda: archive_of(entries_of(members()), b"<script>"), "end is missing"),
    "no members": (lambda: archive_of([]), "lists 0 members"),
    "too many members": (lambda: archive_of(entries_of({str(n): b"" for n in range(300)})), "lists 300 members"),
    "path traversal": (lambda: archive_of(entries_of({**members(), "../../evil": b"x"})), "'../../evil'"),
    "absolute name": (lambda: archive_of(entries_of({**members(), "/etc/cron.d/x": b"x"})), "'/etc/cron.d/x'"),
    "drive": (lambda: archive_of(entries_of({**members(), "C:\\x": b"x"})), "'C:"),
    "folder": (lambda: archive_of(entries_of({**members(), "profiles/": b""})), "is a link, a folder"),
    "escape in a name": (lambda: archive_of(entries_of({**members(), "\x1b[31mred": b""})), r"'\\x1b\[31mred'"),
    "right to left": (lambda: archive_of(entries_of({**members(), "\u202egpj.exe": b""})), r"'\\u202egpj.exe'"),
    "zero byte": (lambda: good().replace(b"manifest.json", b"manifest\x00json"), "name or fields"),
    "symbolic link": (
        lambda: archive_of([(entry_of("manifest.json", stat.S_IFLNK | 0o777), b"/etc/passwd")]),
        "is a link, a folder",
    ),
    "twice": (twice, "'journal.jsonl': is there twice"),
    "encrypted": (encrypted, "is encrypted"),
    "other method": (lambda: archive_of(bzipped()), "packed in a way that no bundle is"),
    "extra field": (lambda: archive_of(extra()), "name or fields that no bundle has"),
    "overlapping": (overlapping, "does not begin where|overlap"),
    "bomb by ratio": (lambda: write_container({**members(), "journal.jsonl": b"\n" * (40 * MIB)}), "at most 250 times"),
    "too large by what it declares": (lambda: declared(0xFFFFFFF0), "at most 250 times"),
    "larger than it declares": (lambda: declared(100), "journal.jsonl: "),
    "smaller than it declares": (lambda: declared(900_000), "journal.jsonl: "),
}


def bzipped() -> Entries:
    entry = entry_of("manifest.json")
    entry.compress_type = zipfile.ZIP_BZIP2
    return [(entry, b"x" * 100)]


def extra() -> Entries:
    entry = entry_of("manifest.json")
    entry.extra = struct.pack("<HH4s", 0x7777, 4, b"evil")
    return [(entry, b"{}")]


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_in_one_sentence(kind: str) -> None:
    make, words = HOSTILE[kind]
    text = refusal(make())
    assert any(part.replace("\\\\", "\\").replace("\\[", "[") in text for part in words.split("|")), text


def test_a_good_one_is_read() -> None:
    assert read(good()).manifest.results == 15


def test_no_byte_can_be_changed() -> None:
    """A flipped bit is noticed, but for the few after the last code of a packed member, which nobody reads."""
    directory = good().index(b"PK\x01\x02")
    unread = []
    for place in [*range(0, directory, 5), *range(directory, len(good()))]:
        data = bytearray(good())
        data[place] ^= 1 << place % 8
        try:
            assert read(bytes(data)).run.results == read(good()).run.results
        except BundleError:
            continue
        unread.append(place)
    assert len(unread) <= 2 * len(members())
    assert max(unread, default=0) < directory


def test_a_member_over_its_own_limit_is_refused() -> None:
    opened = Container.of(write_container({"a": bytes(range(256)) * 40}), PLACE)
    with pytest.raises(BundleError, match="unpacks to 10240 bytes; at most 10000 are allowed"):
        opened.read("a", 10_000)
    assert opened.read("a", 10_240) == bytes(range(256)) * 40


def test_members_are_refused_when_they_are_too_large_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "TOTAL_BYTES", 1000)
    assert "at most 1000 are allowed" in refusal(good())


def test_a_file_that_is_too_large_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "FILE_BYTES", 100)
    assert "at most 100 are allowed" in refusal(good())


def test_a_sentence_is_short_whatever_is_in_the_bundle() -> None:
    name = "x" * 5000
    assert len(refusal(write_container({**members(), name: b""}))) <= limits.SENTENCE
