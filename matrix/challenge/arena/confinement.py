"""Holds this process: no network, no files but those that it needs, no other processes, limits of what it may use.

Each hold is the kernel's and cannot be taken back. What a kernel does not have is left out, and `confine` says what held. It
imports no torch, and is called once, by a process that has one thread.
"""

from __future__ import annotations

import ctypes
import os
import resource
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from matrix.challenge.arena import landlock, system_calls
from matrix.emulation.package_folders import package_folders
from matrix.runner.limits import limit_memory
from matrix.runner.processes import die_with_parent
from matrix.runner.spawn import ROOT

_NEW_USER, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000
_NO_NEW_PRIVILEGES, _DUMPABLE = 38, 4  # PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE
_CAPABILITIES = b"\x22\x05\x08\x20" + bytes(4)  # _LINUX_CAPABILITY_VERSION_3, of this process
# What the floors of the project are that a child imports. Journals, caches and findings may lie beside them.
FLOORS = ("matrix", "backends", "operators")
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt", "/etc", "/proc", "/sys")
# A device's software names its threads in a file of the process itself; without that CUDA does not start.
OWN = (Path("/proc/self/task"),)
FILE_SIZE = 64 * 1024**2
OPEN_FILES = 512
PROCESSES = 64
CPU_SECONDS = 6 * 3600  # of the whole child; a call's time is watched by the judge


@dataclass(frozen=True)
class Hold:
    """What a child is given.

    processes  whether it may start others, as compilers are
    signals    whether it may send those signals: only where the kernel keeps them from all others
    """

    entry: Path
    scratch: Path
    memory_gib: float
    processes: bool
    signals: bool = False


def readable(entry: Path) -> tuple[Path, ...]:
    """Files and folders that code under judgement may read, each resolved."""
    return tuple(dict.fromkeys(path.resolve() for path in _readable(entry) if path.exists()))


def _readable(entry: Path) -> Iterator[Path]:
    yield entry
    yield from (ROOT / floor for floor in FLOORS)
    yield from map(
        Path, (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *site.getsitepackages(), *SYSTEM)
    )
    yield from package_folders("torch", "triton", "numpy", "scipy", "flag_gems")
    yield from (Path(part) for part in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if part)


def confine(hold: Hold, parent: int) -> str:
    """Hold this process, whose parent is `parent`, and say what held."""
    libc = ctypes.CDLL(None, use_errno=True)
    held: list[str] = []
    missing: list[str] = []
    (held if _leave_network(libc) else missing).append("own network and user")
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    files = landlock.restrict(libc, readable(hold.entry), (hold.scratch, *OWN), (Path("/dev"),))
    (held if files else missing).append(f"Landlock {landlock.version(libc)}" if files else "Landlock")
    libc.capset(ctypes.create_string_buffer(_CAPABILITIES, 8), ctypes.create_string_buffer(bytes(24), 24))
    libc.prctl(_DUMPABLE, 1, 0, 0, 0)
    die_with_parent(parent)
    signals = hold.signals and files and landlock.version(libc) >= landlock.SIGNALS
    calls = system_calls.install(libc, os.getpid(), processes=hold.processes, signals=signals)
    (held if calls else missing).append("system calls filtered")
    return "; ".join([*held, "audit hook", *(f"without: {name}" for name in missing)])


def _leave_network(libc: ctypes.CDLL) -> bool:
    """Go to a network of this process alone, as a user of its own, who may do nothing to others' processes."""
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_IPC) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
        except OSError:
            continue  # the process stays nobody, who reads what everybody may
    return True


def limit(hold: Hold) -> None:
    """Limit what this process may use, from what it has now: a device's software has been set up by then."""
    limit_memory(hold.memory_gib)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, FILE_SIZE)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CPU, CPU_SECONDS)
    if os.geteuid() != 0:  # the kernel counts root's processes and holds them to no number
        _lower(resource.RLIMIT_NPROC, _processes() + PROCESSES)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _processes() -> int:
    """Threads of this user now: the limit counts those too."""
    return sum(len(_tasks(path)) for path in _own(Path("/proc").iterdir()))


def _own(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            if path.name.isdigit() and path.stat().st_uid == os.getuid():
                yield path
        except OSError:
            continue  # it has ended


def _tasks(path: Path) -> list[str]:
    try:
        return [task.name for task in (path / "task").iterdir()]
    except OSError:
        return []
