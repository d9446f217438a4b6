"""What code of others may do in a process of ours, held by an audit hook: no other processes, no network, few files.

It holds back what is written in Python: a path guessed, a label fetched, an answer forged in a file. It is no prison for
machine code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from matrix.runner.spawn import ROOT

PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn")
NETWORK = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo")
OURS = tuple(str(ROOT / name) for name in ("matrix", "workloads", "backends", "operators"))
SYSTEM = ("/usr", "/lib", "/lib64", "/etc", "/dev/null", "/dev/urandom", "/dev/random", "/sys/devices/system")
READABLE = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/filesystems")

Hook = Callable[[str, tuple[Any, ...]], None]


def forbid(who: str, folders: Sequence[str]) -> None:
    """From here on `who` opens only files of these folders, of Python's, of the system's and ours. It cannot be taken back."""
    prefixes = sorted({sys.prefix, sys.base_prefix, sys.exec_prefix})
    sys.addaudithook(guard(who, [*folders, *OURS, *prefixes, *SYSTEM]))


def guard(who: str, roots: Sequence[str]) -> Hook:
    """A hook that raises PermissionError for what is not allowed."""
    allowed = tuple(os.path.realpath(root) for root in roots)
    own = f"/proc/{os.getpid()}/"

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in PROCESSES or event in NETWORK:
            raise PermissionError(f"{who} may not use {event}")
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if path.startswith((own, *READABLE)):
                return
            if not any(path == root or path.startswith(root + os.sep) for root in allowed):
                raise PermissionError(f"{who} may not open {path}")

    return hook
