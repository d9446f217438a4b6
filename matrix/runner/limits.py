"""What a worker may use: memory (by the kernel's limit on private data) and time (by a watchdog that needs no GIL)."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
from pathlib import Path
from typing import IO

from matrix.runner.processes import PROC

GIB = 1024**3
PAGE = os.sysconf("SC_PAGE_SIZE")
# How much the code under test may write to one file, its standard output among them, before the write fails.
FILE_SIZE = 4 * GIB
_OUT_OF_MEMORY = (
    "can't allocate memory",  # torch: [enforce fail at alloc_cpu.cpp] DefaultCPUAllocator
    "not enough memory",
    "out of memory",  # CUDA, HIP and the vendors' runtimes
    "cannot allocate memory",  # strerror(ENOMEM)
    "std::bad_alloc",
)


def is_out_of_memory(exception: BaseException) -> bool:
    """Whether an exception says that memory ran out, in Python, torch or a device's runtime."""
    if isinstance(exception, MemoryError):
        return True
    if type(exception).__name__ == "OutOfMemoryError":  # torch.OutOfMemoryError, without importing torch
        return True
    if isinstance(exception, RuntimeError | OSError):
        return any(sign in str(exception).lower() for sign in _OUT_OF_MEMORY)
    return False


def memory(pid: int | str = "self") -> tuple[int, int]:
    """Bytes of a process: resident, and private data (what RLIMIT_DATA counts). Raises OSError when it is gone."""
    fields = (PROC / str(pid) / "statm").read_bytes().split()
    return int(fields[1]) * PAGE, int(fields[5]) * PAGE


def limit_memory(gib: float) -> None:
    """Limit this process to what it has now and `gib` more.

    The limit is on private data, not on address space: a device's runtime reserves far more addresses than it uses.
    """
    _, data = memory()
    soft = int(data + gib * GIB)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def limit_files() -> None:
    """Limit the size of a file that this process writes: an endless print must not fill the disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    soft = FILE_SIZE if hard == resource.RLIM_INFINITY else min(FILE_SIZE, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


class Watchdog:
    """Ends this process when time is up, with a traceback in its file, whatever the main thread is stuck in.

    A timer of the kernel and a signal handler of faulthandler's, in C: it fires even while native code holds the GIL, and
    arming it is one system call. (`faulthandler.dump_traceback_later` starts and joins a thread for every case,
    which a busy machine makes slow.) The handler goes on to the signal's default action, which ends the process.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb", buffering=0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        faulthandler.register(signal.SIGALRM, file=self._file, all_threads=True, chain=True)

    def arm(self, seconds: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def rest(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
