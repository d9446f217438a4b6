"""What an entry is, to the byte: the digest by which evidence from another machine is known to be of the same entry."""

from __future__ import annotations

import hashlib

from matrix.challenge.entry import FILE, Entry


def digest_of(entry: Entry) -> str:
    """SHA-256 over the names and bytes of the entry's Python files and its `entry.toml`, as hexadecimal digits."""
    found = hashlib.sha256()
    for path in sorted({entry.folder / FILE, *entry.files, *entry.tests}):
        content = path.read_bytes() if path.is_file() else b""
        found.update(f"{path.relative_to(entry.folder).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()
