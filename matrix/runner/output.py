"""What a worker prints, kept per case: file descriptors 1 and 2 go to one file that is emptied before each case."""

from __future__ import annotations

import faulthandler
import os
import sys
from pathlib import Path
from typing import TextIO

TAIL = 16 * 1024


class Inherited:
    """Leaves standard output and error as they are: a person watches."""

    def begin(self) -> None:
        """Nothing is prepared."""

    def tail(self) -> str | None:
        """What the person has seen already is not kept."""
        return None


class Output(Inherited):
    """Takes over standard output and error of this process, again before every case: code under test may close them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = self._open()
        self._streams = (sys.stdout, sys.stderr)
        self.begin()
        faulthandler.enable(file=os.dup(self._file), all_threads=True)  # its own: the case may close any other

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def begin(self) -> None:
        """Empty the file and point everything at it."""
        self._reclaim()
        os.ftruncate(self._file, 0)
        os.dup2(self._file, 1)
        os.dup2(self._file, 2)
        if any(stream.closed for stream in self._streams):
            self._streams = (_stream(1), _stream(2))
        sys.stdout, sys.stderr = self._streams

    def _reclaim(self) -> None:
        try:
            mine = os.path.samestat(os.fstat(self._file), self.path.stat())
        except OSError:
            mine = False
        if not mine:
            self._file = self._open()

    def tail(self) -> str | None:
        """The end of what the case printed; None when that is nothing."""
        for stream in self._streams:
            try:
                stream.flush()
            except (OSError, ValueError):
                continue  # closed by the code under test
        return read_tail(self.path)


def _stream(file: int) -> TextIO:
    return open(file, "w", buffering=1, closefd=False, encoding="utf-8", errors="replace")


def read_tail(path: Path, limit: int = TAIL) -> str | None:
    """The end of a text file, at most `limit` bytes of it; None when there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - limit))
            text = file.read(limit).decode(errors="replace").replace("\0", "\ufffd")
    except OSError:
        return None
    if not text.strip():
        return None
    return text if size <= limit else f"[... {size - limit} bytes left out ...]\n{text}"
