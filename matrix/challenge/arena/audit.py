"""The audit hook of a child: notes what an entry's code asks Python for, and refuses what it must not have.

Python calls the hook before it opens a file, a socket, a process, a frame; a hook cannot be taken back. It gives a finding
its name. What does not go through Python (code in C) the kernel's holds stop, namelessly (`confinement.py`). No torch here.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from matrix.tampering import Tampering

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events whose arguments are paths that are changed: event -> places of the paths.
_CHANGING = {
    "os.chflags": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.link": (0, 1),
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.setxattr": (0,),
    "os.symlink": (0, 1),
    "os.truncate": (0,),
    "os.utime": (0,),
    "shutil.move": (0, 1),
    "shutil.rmtree": (0,),
}
_LISTING = ("os.listdir", "os.scandir")
_STARTING = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
)
_SIGNALS = ("os.kill", "os.killpg", "signal.pthread_kill")
_INSPECTING = (
    "sys._getframe",
    "sys._current_frames",
    "sys._current_exceptions",
    "gc.get_objects",
    "gc.get_referrers",
    "gc.get_referents",
    "sys.settrace",
    "sys.setprofile",
    "sys.addaudithook",
    "code.__new__",
)
_MEMORY = (
    "ctypes.dlopen",
    "ctypes.dlsym",
    "ctypes.string_at",
    "ctypes.wstring_at",
    "ctypes.cdata",
    "ctypes.call_function",
)
_SETTINGS = ("os.putenv", "os.unsetenv", "resource.setrlimit", "resource.prlimit")
_NETWORK = ("__new__", "bind", "connect", "getaddrinfo", "gethostbyname", "sendto", "sendmsg")
_FRAMES = ("tb_frame", "gi_frame", "cr_frame", "ag_frame")
_NULL = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_SHOWN = 300

Found = tuple[str, str] | None


class RefusedError(PermissionError):
    """What the hook raises into the code that asked."""


@dataclass(frozen=True)
class Asked:
    """An event. `entrys`: the nearest code outside of Python's own library is the entry's; `directly`: it asked itself."""

    event: str
    arguments: tuple[Any, ...]
    entrys: bool
    directly: bool


class Watch:
    """What the hook knows. `note` is told of each finding once, at once: the code may end the process next."""

    def __init__(
        self, entry: Path, scratch: Path, readable: tuple[Path, ...], note: Callable[[Tampering], None]
    ) -> None:
        self.entry = f"{entry}{os.sep}"
        self.scratch = str(scratch)
        self.readable = tuple(str(path) for path in readable)
        self.note = note
        self.armed = False
        self.pid = os.getpid()
        self.real = os.path.realpath

    def install(self) -> None:
        """From now on, and for good, watch this process whenever `armed` is set."""
        sys.addaudithook(_hook_of(self))

    def is_entrys(self, code_file: str) -> bool:
        """Whether code is the entry's: from its folder, or from no file at all (made of text)."""
        return code_file.startswith(self.entry) or (code_file.startswith("<") and not code_file.startswith("<frozen "))

    def checks(self) -> dict[str, Callable[[Asked], Found]]:
        """By event: what is found about it, as kind and words; None: nothing."""
        found: dict[str, Callable[[Asked], Found]] = {"open": self._opened}
        found |= dict.fromkeys(("object.__getattr__", "object.__setattr__"), self._attribute)
        found |= dict.fromkeys(_LISTING, self._listed) | dict.fromkeys(_CHANGING, self._changes)
        found |= dict.fromkeys(_SIGNALS, self._signals) | dict.fromkeys(_INSPECTING, self._inspects)
        found |= dict.fromkeys(_STARTING, _of_entry("processes"))
        found |= dict.fromkeys(_MEMORY, _of_entry("inspection"))
        found |= dict.fromkeys(_SETTINGS, _of_entry("environment"))
        return found | dict.fromkeys((f"socket.{name}" for name in _NETWORK), _of_entry("network"))

    def _changed(self, path: Any) -> Found:
        if isinstance(path, int):
            return None
        place = self.real(os.fsdecode(path))
        if place in _NULL or _inside(place, (self.scratch,)):
            return None
        return "files", f"wanted to write {place}"

    def _opened(self, asked: Asked) -> Found:
        path, mode, flags = (*asked.arguments, None, None)[:3]
        if path is None or isinstance(path, int):
            return None
        writes = isinstance(mode, str) and bool(set(mode) & set("wax+"))
        if writes or (isinstance(flags, int) and flags & _WRITING):
            return self._changed(path)
        place = self.real(os.fsdecode(path))
        if not _inside(place, (*self.readable, self.scratch, "/dev")):
            return "files", f"wanted to read {place}"
        return self._others_memory(place)

    def _others_memory(self, place: str) -> Found:
        """Files of processes in /proc other than this one, and this one's own memory."""
        parts = Path(place).parts
        if parts[:2] != ("/", "proc") or len(parts) < 3 or not parts[2].isdigit():
            return None
        if parts[2] == str(self.pid) and parts[-1] != "mem":
            return None
        return "inspection", f"wanted to read {place}"

    def _listed(self, asked: Asked) -> Found:
        path = (asked.arguments[0] if asked.arguments else None) or "."
        return self._opened(Asked(asked.event, (path,), asked.entrys, asked.directly))

    def _changes(self, asked: Asked) -> Found:
        places = _CHANGING[asked.event]
        return next((found for place in places if (found := self._changed(asked.arguments[place]))), None)

    def _signals(self, asked: Asked) -> Found:
        if asked.event == "os.kill" and asked.arguments[0] == self.pid:
            return None
        return "processes", f"{asked.event} of another process"

    def _inspects(self, asked: Asked) -> Found:
        return ("inspection", f"{asked.event} was called") if asked.entrys and asked.directly else None

    def _attribute(self, asked: Asked) -> Found:
        owner, name = (*asked.arguments, "", "")[:2]
        if name not in ("__code__", *_FRAMES) or not (asked.entrys and asked.directly):
            return None
        if asked.event == "object.__getattr__":
            return ("inspection", f"{name} was read") if name in _FRAMES else None
        return ("patched", f"{name} of {getattr(owner, '__qualname__', '?')} was set") if name == "__code__" else None


def _of_entry(kind: str) -> Callable[[Asked], Found]:
    """The check of what an entry does not ask for, though the libraries that it uses may."""

    def check(asked: Asked) -> Found:
        if not asked.entrys:
            return None
        first = f" ({asked.arguments[0]})" if kind == "environment" else ""
        return kind, f"{asked.event} was called{first}"

    return check


def _inside(place: str, roots: tuple[str, ...]) -> bool:
    return any(place == root or place.startswith(f"{root}{os.sep}") for root in roots)


def _hook_of(watch: Watch) -> Callable[[str, tuple[Any, ...]], None]:
    """The hook. All that it uses is bound here, before the entry's code is loaded."""
    frame_of = sys._getframe  # noqa: SLF001 - the way to who asks
    checks = watch.checks()
    asker = _asker(watch.is_entrys)
    seen: set[tuple[str, str]] = set()
    busy: list[bool] = []
    note, refused, tampering, ask = watch.note, RefusedError, Tampering, Asked
    reading, frames = "object.__getattr__", frozenset(_FRAMES)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        check = checks.get(event)
        if check is None or busy or not watch.armed:
            return
        if event == reading and arguments[1] not in frames:
            return  # every reading of a function's code, of which there are many
        busy.append(True)
        try:
            found = check(ask(event, arguments, *asker(frame_of(1))))
            if found is None:
                return
            kind, what = found
            if found not in seen:
                seen.add(found)
                note(tampering(kind, what[:_SHOWN]))
        finally:
            busy.clear()
        raise refused(f"refused while an entry is judged: {what[:_SHOWN]}")

    return hook


def _asker(is_entrys: Callable[[str], bool]) -> Callable[[FrameType | None], tuple[bool, bool]]:
    """What says of a stack whether the nearest code outside of Python's own library is the entry's, and is its top."""
    library = tuple(f"{sysconfig.get_paths()[name]}{os.sep}" for name in ("stdlib", "platstdlib"))
    installed = f"{os.sep}site-packages{os.sep}"

    def asker(frame: FrameType | None) -> tuple[bool, bool]:
        directly = True
        while frame is not None:
            file = frame.f_code.co_filename
            own = file.startswith("<frozen ") or (file.startswith(library) and installed not in file)
            if not own:
                return is_entrys(file), directly
            directly, frame = False, frame.f_back
        return False, False

    return asker
