"""The audit hook of a child: notes what an entry's code asks Python for, and refuses what it must not have.

Python calls the hook before it opens a file, a socket, a process, a frame; a hook cannot be taken back. It gives a finding its
name. What does not go through Python (code in C) the kernel's holds stop, namelessly (`confinement.py`). It imports no torch.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable
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
_ATTRIBUTES = ("tb_frame", "gi_frame", "cr_frame", "ag_frame")
_NULL = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


class Refusal(PermissionError):
    """What the hook raises into the code that asked."""


class Watch:
    """What the hook knows. `note` is told of each finding once, at once: the code may end the process next."""

    def __init__(
        self, entry: Path, scratch: Path, readable: tuple[Path, ...], note: Callable[[Tampering], None]
    ) -> None:
        self.entry = f"{entry}{os.sep}"
        self.scratch = (str(scratch), f"{scratch}{os.sep}")
        self.readable = tuple(str(path) for path in readable)
        self.note = note
        self.armed = False

    def install(self) -> None:
        """From now on, and for good, watch this process whenever `armed` is set."""
        sys.addaudithook(hook_of(self))

    def is_entrys(self, code_file: str) -> bool:
        """Whether code is the entry's: from its folder, or from no file at all (made of text)."""
        return code_file.startswith(self.entry) or (code_file.startswith("<") and not code_file.startswith("<frozen "))


def hook_of(watch: Watch) -> Callable[[str, tuple[Any, ...]], None]:
    """The hook. All that it uses is bound here, before the entry's code is loaded."""
    frame_of = sys._getframe  # noqa: SLF001 - the way to who asks
    library = tuple(f"{sysconfig.get_paths()[name]}{os.sep}" for name in ("stdlib", "platstdlib"))
    installed = f"{os.sep}site-packages{os.sep}"
    checks = _checks(watch, os.path.realpath)
    seen: set[tuple[str, str]] = set()
    busy: list[bool] = []
    refusal, tampering, text_of = Refusal, Tampering, str

    def asker(frame: FrameType | None) -> tuple[bool, bool]:
        """Whether the nearest code that is not Python's own library is the entry's, and whether it asked itself."""
        direct = True
        while frame is not None:
            file = frame.f_code.co_filename
            own = file.startswith("<frozen ") or (file.startswith(library) and installed not in file)
            if not own:
                return watch.is_entrys(file), direct
            direct, frame = False, frame.f_back
        return False, False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        check = checks.get(event)
        if check is None or not watch.armed or busy:
            return
        busy.append(True)
        try:
            entrys, direct = asker(frame_of(1))
            found = check(event, arguments, entrys, direct)
            if found is None:
                return
            kind, what = found
            if (kind, what) not in seen:
                seen.add((kind, what))
                watch.note(tampering(kind, what[:300]))
        finally:
            busy.clear()
        raise refusal(f"refused while an entry is judged: {text_of(what)[:300]}")

    return hook


Check = Callable[[str, tuple[Any, ...], bool, bool], tuple[str, str] | None]


def _checks(watch: Watch, real: Callable[[Any], str]) -> dict[str, Check]:
    """By event: what is found about it, as kind and words, given who asks; None: nothing."""
    pid = os.getpid()

    def inside(path: str, roots: tuple[str, ...]) -> bool:
        return any(path == root or path.startswith(f"{root}{os.sep}") for root in roots)

    def changed(path: Any) -> tuple[str, str] | None:
        if isinstance(path, int):
            return None
        place = real(os.fsdecode(path))
        if place in _NULL or place.startswith(watch.scratch[1]) or place == watch.scratch[0]:
            return None
        return "files", f"wanted to write {place}"

    def opened(event: str, arguments: tuple[Any, ...], entrys: bool, direct: bool) -> tuple[str, str] | None:
        path, mode, flags = (*arguments, None, None)[:3]
        if path is None or isinstance(path, int):
            return None
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
            return changed(path)
        place = real(os.fsdecode(path))
        if not inside(place, (*watch.readable, *watch.scratch[:1])) and not place.startswith("/dev/"):
            return "files", f"wanted to read {place}"
        return _others_memory(place, pid)

    def listed(event: str, arguments: tuple[Any, ...], entrys: bool, direct: bool) -> tuple[str, str] | None:
        return opened(event, (arguments[0] or "." if arguments else ".",), entrys, direct)

    def changes(event: str, arguments: tuple[Any, ...], entrys: bool, direct: bool) -> tuple[str, str] | None:
        return next((found for place in _CHANGING[event] if (found := changed(arguments[place]))), None)

    def of_entry(kind: str, words: str) -> Check:
        def check(event: str, arguments: tuple[Any, ...], entrys: bool, direct: bool) -> tuple[str, str] | None:
            return (kind, words.format(event=event, first=arguments[0] if arguments else "")) if entrys else None

        return check

    def signals(event: str, arguments: tuple[Any, ...], entrys: bool, direct: bool) -> tuple[str, str] | None:
        if event != "os.killpg" and arguments[0] == pid:
            return None
        return "processes", f"{event} of another process"

    def inspects(event: str, arguments: tuple[Any, ...], entrys: bool, direct: bool) -> tuple[str, str] | None:
        return ("inspection", f"called {event}") if entrys and direct else None

    def attribute(event: str, arguments: tuple[Any, ...], entrys: bool, direct: bool) -> tuple[str, str] | None:
        if not (entrys and direct):
            return None
        name = arguments[1] if len(arguments) > 1 else ""
        if event == "object.__setattr__":
            return ("patched", f"set {name} of {_name(arguments[0])}") if name == "__code__" else None
        return ("inspection", f"read {name}") if name in _ATTRIBUTES else None

    found: dict[str, Check] = {"open": opened, "object.__getattr__": attribute, "object.__setattr__": attribute}
    found |= dict.fromkeys(_LISTING, listed) | dict.fromkeys(_CHANGING, changes)
    found |= dict.fromkeys(_STARTING, of_entry("processes", "{event} was called"))
    found |= dict.fromkeys(_SIGNALS, signals) | dict.fromkeys(_INSPECTING, inspects)
    found |= dict.fromkeys(_MEMORY, of_entry("inspection", "{event} was called"))
    found |= dict.fromkeys(_SETTINGS, of_entry("environment", "{event}({first}) was called"))
    network = ("__new__", "bind", "connect", "getaddrinfo", "gethostbyname", "sendto", "sendmsg")
    found |= dict.fromkeys((f"socket.{name}" for name in network), of_entry("network", "{event} was called"))
    return found


def _others_memory(place: str, pid: int) -> tuple[str, str] | None:
    """Files of processes in /proc, other than one's own, and one's own memory."""
    parts = place.split(os.sep)
    if place.startswith("/proc/") and parts[2].isdigit() and (parts[2] != str(pid) or parts[-1] == "mem"):
        return "inspection", f"wanted to read {place}"
    return None


def _name(value: Any) -> str:
    return str(getattr(value, "__qualname__", type(value).__name__))
