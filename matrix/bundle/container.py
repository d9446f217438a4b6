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

from matrix.bundle.limits import FILE_BYTES, MEMBERS, RATIO, RATIO_FROM, TOTAL_BYTES, BundleError, shown

OLDEST = (1980, 1, 1, 0, 0, 0)
UNIX, REGULAR = 3, 0o100644
CHUNK = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END_MARK, _ZIP64_MARK = b"PK\x05\x06", b"PK\x06\x07"
_LOCAL, _CENTRAL, _NAME = 30, 46, 128
_UTF8 = 0x800
# All that reading a damaged archive may raise.
_DAMAGE = (
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
    def of(cls, data: bytes, place: str) -> Container:
        """Open an archive.

        Raises BundleError for what is not one, or has not the form that `write_container` gives it.
        """
        _check_end(data, place)
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE as error:
            raise BundleError(place, "", f"is no whole zip archive ({error}); copy it again") from None
        entries: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            if entry.filename in entries:
                raise BundleError(place, shown(entry.filename), "is there twice; each member is there once")
            entries[entry.filename] = entry
        container = cls(place, archive, entries)
        container._check()
        return container

    def _check(self) -> None:
        for name, entry in self.entries.items():
            self._check_entry(name, entry)
        total = sum(entry.file_size for entry in self.entries.values())
        if total > TOTAL_BYTES:
            raise BundleError(self.place, "", f"unpacks to {total} bytes; at most {TOTAL_BYTES} are allowed")
        end = 0
        for entry in sorted(self.entries.values(), key=lambda entry: entry.header_offset):
            if entry.header_offset != end:
                raise BundleError(self.place, shown(entry.filename), "does not begin where the member before it ends")
            end += _LOCAL + len(entry.orig_filename.encode()) + entry.compress_size
        if end != self.archive.start_dir:
            raise BundleError(self.place, "", "holds data beside its members; a bundle holds nothing but them")

    def _check_entry(self, name: str, entry: zipfile.ZipInfo) -> None:
        kind = entry.external_attr >> 28
        if not name.isascii() or name != entry.orig_filename or entry.extra or entry.comment:
            reason = "has a name or fields that no bundle has"
        elif kind not in (0, REGULAR >> 12) or entry.is_dir():
            reason = "is a link or a folder; only files are allowed"
        elif entry.flag_bits & ~_UTF8 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
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
        except _DAMAGE as error:
            raise BundleError(self.place, name, f"is damaged ({error}); copy the bundle again") from None
        if rest:
            raise BundleError(self.place, name, f"does not unpack to the {size} bytes that it declares")


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
    if not 1 <= count <= MEMBERS or size > count * (_CENTRAL + _NAME):
        raise BundleError(place, "", f"lists {count} members in {size} bytes; at most {MEMBERS} members are allowed")
    if data[-_END.size - 20 :].startswith(_ZIP64_MARK):
        raise BundleError(place, "", "is a zip64 archive; no bundle is as large as that")
