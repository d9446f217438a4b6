"""The file itself: a zip archive as `write_container` makes it, and nothing else that is called one.

Same members, same bytes: dates, rights and the order are fixed. Reading holds an archive to that form, so that there is
no room for what archives are abused for: names that lead elsewhere, links, two members of one name, members that
overlap, data beside the members, a directory larger than the members need. Nothing is ever unpacked to a disk.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from matrix.bundle.limits import FILE_BYTES, MEMBERS, RATIO, RATIO_FROM, TOTAL_BYTES, BundleError, shown

OLDEST = (1980, 1, 1, 0, 0, 0)
UNIX, REGULAR = 3, 0o100644
PLAIN = 20  # the version of the format that has folders and deflate
CHUNK = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END_MARK, _ZIP64_MARK = b"PK\x05\x06", b"PK\x06\x07"
_LOCAL, _LOCAL_MARK = struct.Struct("<4s5H3L2H"), b"PK\x03\x04"
_CENTRAL, _CENTRAL_MARK, _NAME = struct.Struct("<4s6H3L5H2L"), b"PK\x01\x02", 128
_OLDEST_PACKED = (0, 1 << 5 | 1)  # midnight, and the first of January of the format's first year
# All that reading a damaged archive may raise.
DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member; NotImplementedError: an unknown method
    ValueError,
    OverflowError,
)


def write_container(members: Mapping[str, bytes]) -> bytes:
    """An archive of members in their order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, allowZip64=False) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.create_system = UNIX
            entry.external_attr = REGULAR << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, compresslevel=9)
    return stream.getvalue()


@dataclass(frozen=True)
class Container:
    """An archive that has the form of a bundle; `place` names it in errors."""

    place: str
    archive: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]

    @classmethod
    def of(cls, data: bytes, place: str) -> Self:
        """Open an archive.

        Raises BundleError for what is not one, or has not the form that `write_container` gives it.
        """
        _check_end(data, place)
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGE as error:
            raise BundleError(place, "", f"is no whole zip archive ({error}); copy it again") from None
        entries: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            if entry.filename in entries:
                raise BundleError(place, shown(entry.filename), "is there twice; each member is there once")
            entries[entry.filename] = entry
        container = cls(place, archive, entries)
        container._check(data)
        return container

    def _check(self, data: bytes) -> None:
        for name, entry in self.entries.items():
            self._check_entry(name, entry)
        total = sum(entry.file_size for entry in self.entries.values())
        if total > TOTAL_BYTES:
            raise BundleError(self.place, "", f"unpacks to {total} bytes; at most {TOTAL_BYTES} are allowed")
        end = 0
        for entry in sorted(self.entries.values(), key=lambda entry: entry.header_offset):
            if entry.header_offset != end:
                raise BundleError(self.place, shown(entry.filename), "does not begin where the member before it ends")
            begins = _local_header(entry)
            if data[end : end + len(begins)] != begins:
                raise BundleError(
                    self.place, shown(entry.filename), "begins otherwise than the archive's directory says"
                )
            end += len(begins) + entry.compress_size
        directory = b"".join(map(_directory, self.entries.values()))
        if data[end : -_END.size] != directory:
            raise BundleError(self.place, "", "holds something beside its members, or says of them what no bundle does")

    def _check_entry(self, name: str, entry: zipfile.ZipInfo) -> None:
        if not name.isascii() or name != entry.orig_filename or entry.extra or entry.comment:
            reason = "has a name or fields that no bundle has"
        elif entry.external_attr != REGULAR << 16 or entry.is_dir():
            reason = "is a link, a folder or a file with other rights than a bundle's members have"
        elif entry.flag_bits or entry.compress_type != zipfile.ZIP_DEFLATED:
            reason = "is encrypted or packed in a way that no bundle is"
        elif entry.file_size > max(RATIO_FROM, RATIO * entry.compress_size):
            reason = (
                f"unpacks to {entry.file_size} bytes from {entry.compress_size}; at most {RATIO} times are allowed "
                f"beyond {RATIO_FROM} bytes"
            )
        else:
            return
        raise BundleError(self.place, shown(name), reason)

    def read(self, name: str, limit: int) -> bytes:
        """A member as a whole. Raises BundleError as `chunks` does."""
        return b"".join(self.chunks(name, limit))

    def chunks(self, name: str, limit: int) -> Iterator[bytes]:
        """A member piece by piece.

        Raises BundleError where it is larger than the limit, declared or not, or damaged.
        """
        size = self.entries[name].file_size
        if size > limit:
            raise BundleError(self.place, name, f"unpacks to {size} bytes; at most {limit} are allowed")
        left = size
        try:
            with self.archive.open(self.entries[name]) as stream:
                while left > 0 and (chunk := stream.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
                rest = left or len(stream.read(1))
        except DAMAGE as error:
            raise BundleError(self.place, name, f"is damaged ({error}); copy the bundle again") from None
        if rest:
            raise BundleError(self.place, name, f"does not unpack to the {size} bytes that it declares")


def _local_header(entry: zipfile.ZipInfo) -> bytes:
    """What stands before the data of a member in a bundle."""
    name = entry.filename.encode()
    return _LOCAL.pack(_LOCAL_MARK, *_plain_fields(entry), len(name), 0) + name


def _directory(entry: zipfile.ZipInfo) -> bytes:
    """What the directory of a bundle says of a member."""
    name = entry.filename.encode()
    rest = len(name), 0, 0, 0, 0, REGULAR << 16, entry.header_offset
    return _CENTRAL.pack(_CENTRAL_MARK, UNIX << 8 | PLAIN, *_plain_fields(entry), *rest) + name


def _plain_fields(entry: zipfile.ZipInfo) -> tuple[int, ...]:
    return PLAIN, 0, zipfile.ZIP_DEFLATED, *_OLDEST_PACKED, entry.CRC, entry.compress_size, entry.file_size


def _check_end(data: bytes, place: str) -> None:
    """Hold the archive's end to what a bundle has before anything is believed of its directory."""
    if len(data) > FILE_BYTES:
        raise BundleError(place, "", f"has {len(data)} bytes; at most {FILE_BYTES} are allowed")
    tail = data[-_END.size :]
    if len(tail) < _END.size or not tail.startswith(_END_MARK):
        raise BundleError(
            place, "", "is no bundle, or its end is missing; a bundle is a file that `matrix bundle` wrote"
        )
    _, disk, first, here, count, size, offset, comment = _END.unpack(tail)
    if disk or first or comment or here != count or offset + size + _END.size != len(data):
        raise BundleError(place, "", "is no zip archive as `matrix bundle` writes it: its end contradicts its length")
    if not 1 <= count <= MEMBERS or size > count * (_CENTRAL.size + _NAME):
        raise BundleError(place, "", f"lists {count} members in {size} bytes; at most {MEMBERS} members are allowed")
    if data[-_END.size - 20 :].startswith(_ZIP64_MARK):
        raise BundleError(place, "", "is a zip64 archive; no bundle is as large as that")
