"""The announcement: what a worker is doing right now, in a small file shared by mapping it into memory.

Naming the phase costs a memory write, and what was written outlives the worker: a death is charged to the announced
cell and phase. One process writes (the worker), any number read (the warden).
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from matrix.outcome import Phase

_LAYOUT = struct.Struct("<QdQQIHBB")
_PHASE = struct.Struct("<B")
_PHASE_AT = _LAYOUT.size - 2
_SIZE = 4096
_PHASES = list(Phase)
IDLE, STARTING, CARRYING = range(3)


@dataclass(frozen=True)
class Announced:
    """What a worker announced.

    serial     counts announcements;  since: monotonic seconds when this one began
    doing      IDLE, STARTING (imports, no cell yet) or CARRYING
    resident, data  bytes of memory when the imports were done: resident, and private data as the limit counts it
    """

    serial: int
    since: float
    resident: int
    data: int
    attempt: int
    phase: Phase
    doing: int
    cell: str

    @property
    def seconds(self) -> float:
        """How long it has been doing this."""
        return time.monotonic() - self.since


class Announcement:
    """The writing side."""

    def __init__(self, path: Path) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        os.ftruncate(file, _SIZE)
        self._map = mmap.mmap(file, _SIZE)
        os.close(file)
        self._pid = os.getpid()
        self._serial = 0
        self._memory = (0, 0)

    def starting(self) -> None:
        self._write(STARTING, "", 0, Phase.START)

    def begin(self, cell: str, attempt: int) -> None:
        self._write(CARRYING, cell, attempt, Phase.START)

    def phase(self, phase: Phase) -> None:
        """Name the phase of the cell at hand; a forked child says nothing."""
        if os.getpid() == self._pid:
            _PHASE.pack_into(self._map, _PHASE_AT, _PHASES.index(phase))

    def end(self) -> None:
        self._write(IDLE, "", 0, Phase.START)

    def memory(self, resident: int, data: int) -> None:
        """Note the memory a worker takes before its first cell."""
        self._memory = (resident, data)

    def current(self) -> Phase:
        return _PHASES[self._map[_PHASE_AT]]

    def _write(self, doing: int, cell: str, attempt: int, phase: Phase) -> None:
        name = cell.encode()[: _SIZE - _LAYOUT.size]
        self._serial += 1
        self._map[_LAYOUT.size : _LAYOUT.size + len(name)] = name
        fields = (self._serial, time.monotonic(), *self._memory, attempt, len(name), _PHASES.index(phase), doing)
        _LAYOUT.pack_into(self._map, 0, *fields)


def read_announcement(path: Path) -> Announced | None:
    """What a worker announced last; None when it has announced nothing, or the file makes no sense."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    if len(raw) < _LAYOUT.size:
        return None
    serial, since, resident, data, attempt, length, phase, doing = _LAYOUT.unpack_from(raw)
    if not serial or phase >= len(_PHASES) or doing > CARRYING:
        return None
    cell = raw[_LAYOUT.size : _LAYOUT.size + length].decode(errors="replace")
    return Announced(serial, since, resident, data, attempt, _PHASES[phase], doing, cell)
