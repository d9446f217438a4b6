"""A submission's zip as anybody's program may write one: its members in memory, and everything that is wrong with it at once.

Nothing is unpacked to a disk and no name of a member is ever used as a path. Sizes are held to limits before and while a
member is unpacked, so that an archive that grows without end, or whose members overlap, costs nothing.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from matrix.bundle.container import CHUNK, DAMAGE
from matrix.bundle.limits import MIB, RATIO, RATIO_FROM
from workloads.annotation.problem import Problem, shown
from workloads.annotation.tasks import TASKS

ZIP_BYTES = 64 * MIB
MEMBER_BYTES = 64 * MIB
TOTAL_BYTES = 128 * MIB
MEMBERS = 64
NAME = re.compile(r"openseek-([1-8])(?![0-9])[A-Za-z0-9_.+-]{0,100}\.jsonl")
_ALLOWED = "openseek-<k>*.jsonl for k from 1 to 8, each once, at the top of the archive"


@dataclass
class Archive:
    """What a zip holds: the text of each task's file, by its number, and what is wrong with the archive."""

    place: str
    members: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def complain(self, member: str, found: str, remedy: str) -> None:
        self.problems.append(Problem(f"{self.place}: {member}" if member else self.place, found, remedy))


def read_archive(data: bytes, place: str) -> Archive:
    """Everything that can be read of a submission."""
    found = Archive(place)
    if len(data) > ZIP_BYTES:
        found.complain("", f"has {len(data)} bytes", f"at most {ZIP_BYTES} are allowed")
        return found
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except DAMAGE as error:
        found.complain("", f"is no zip archive ({error})", "write a zip of eight files, as `annotate pack` does")
        return found
    if len(entries) > MEMBERS:
        found.complain("", f"lists {len(entries)} members", f"at most {MEMBERS} are looked at; eight are asked for")
        return found
    overlapping = set(_overlapping(entries))
    total = 0
    for entry in entries:
        number = _check_entry(found, entry, overlapping)
        total += entry.file_size
        if total > TOTAL_BYTES:
            found.complain("", f"unpacks to more than {TOTAL_BYTES} bytes", "leave out what is no prediction")
            return found
        text = _unpack(found, archive, entry) if number is not None else None
        if number is not None and text is not None:
            found.members[number] = (entry.filename, text)
    return found


def _check_entry(found: Archive, entry: zipfile.ZipInfo, overlapping: set[str]) -> int | None:
    """The number of the task whose file a member is; None, and a problem, for what is none or must not be unpacked."""
    name, member = entry.filename, shown(entry.filename)
    kind = entry.external_attr >> 16
    matched = NAME.fullmatch(name)
    if name != entry.orig_filename or "\0" in entry.orig_filename or not name.isprintable():
        found.complain(member, "has a name with characters that no file name has", f"allowed are {_ALLOWED}")
    elif entry.is_dir():
        found.complain(member, "is a folder", "put the eight files at the top of the archive")
    elif name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or re.match(r"[A-Za-z]:", name):
        found.complain(member, "has a name that leads out of the archive", f"allowed are {_ALLOWED}")
    elif "/" in name or "\\" in name:
        found.complain(member, "lies in a folder", "put the eight files at the top of the archive")
    elif name.endswith(".json"):
        found.complain(member, "is named .json", "write JSON lines, one object a line, and name the file .jsonl")
    elif matched is None:
        found.complain(member, "is no file of a submission", f"allowed are {_ALLOWED}")
    elif kind and stat.S_IFMT(kind) not in (0, stat.S_IFREG):
        found.complain(member, "is a link or a device", "put the file itself there")
    elif entry.flag_bits & 1:
        found.complain(member, "is encrypted", "pack it without a password")
    elif name in overlapping:
        found.complain(member, "lies on top of another member", "write the archive anew")
    elif entry.file_size > MEMBER_BYTES or entry.file_size > max(RATIO_FROM, RATIO * entry.compress_size):
        allowed = f"at most {MEMBER_BYTES}, and {RATIO} times its packed size, are allowed"
        found.complain(member, f"unpacks to {entry.file_size} bytes from {entry.compress_size}", allowed)
    elif (number := int(matched[1])) in found.members:
        found.complain(member, f"is a second file of task {number}, beside {found.members[number][0]}", "leave one")
    else:
        return number
    return None


def _overlapping(entries: list[zipfile.ZipInfo]) -> Iterator[str]:
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            yield entry.filename
        end = max(end, entry.header_offset + 30 + entry.compress_size)


def _unpack(found: Archive, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    chunks, left = [], entry.file_size
    try:
        with archive.open(entry) as stream:
            while left > 0 and (chunk := stream.read(min(CHUNK, left))):
                left -= len(chunk)
                chunks.append(chunk)
            rest = left or len(stream.read(1))
    except DAMAGE as error:
        found.complain(shown(entry.filename), f"is damaged ({error})", "write the archive anew")
        return None
    if rest:
        found.complain(shown(entry.filename), "does not unpack to the size that it declares", "write the archive anew")
        return None
    return b"".join(chunks)


def missing_files(found: Archive) -> Iterator[Problem]:
    """A problem for each task without a file."""
    for number in TASKS:
        if number not in found.members:
            yield Problem(found.place, f"holds no readable file of task {number}", f"add openseek-{number}.jsonl")
