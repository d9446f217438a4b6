"""Limits hold in a process of their own, and lack of memory is recognised whoever reports it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from matrix.runner.limits import is_out_of_memory, memory

ROOT = Path(__file__).resolve().parents[3]


class OutOfMemoryError(RuntimeError):
    """As torch has one."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OutOfMemoryError("CUDA"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_lack_of_memory_is_recognised(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_memory_limit_counts_from_what_the_process_has() -> None:
    code = """
from matrix.runner.limits import limit_memory
have = bytearray(200 * 2**20)
limit_memory(0.125)
more = bytearray(100 * 2**20)
try:
    bytearray(100 * 2**20)
except MemoryError:
    print("refused")
"""
    assert python(code).stdout == "refused\n"


def test_addresses_that_are_only_reserved_do_not_count() -> None:
    code = """
import mmap
from matrix.runner.limits import limit_memory
limit_memory(0.125)
mmap.mmap(-1, 2**34, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)
print("reserved")
"""
    assert python(code).stdout == "reserved\n"


def test_an_endless_file_ends(tmp_path: Path) -> None:
    code = """
import sys
from matrix.runner import limits
limits.FILE_SIZE = 4096
limits.limit_files()
try:
    open(sys.argv[1], "wb", buffering=0).write(b"x" * 8192)
    open(sys.argv[1], "ab", buffering=0).write(b"x")
except OSError as error:
    print(error.strerror)
"""
    path = tmp_path / "endless"
    assert python(code, str(path)).stdout == "File too large\n"


def test_the_watchdog_ends_native_code_that_keeps_the_lock(tmp_path: Path) -> None:
    code = """
import ctypes, pathlib, sys
from matrix.runner.limits import Watchdog
watchdog = Watchdog(pathlib.Path(sys.argv[1]))
watchdog.arm(60)
watchdog.rest()
watchdog.arm(0.3)
ctypes.PyDLL(None).sleep(3600)
"""
    assert python(code, str(tmp_path / "stack")).returncode == -signal.SIGALRM
    assert 'File "<string>", line 8 in <module>' in (tmp_path / "stack").read_text()


def test_memory_of_a_process_is_seen_to_grow() -> None:
    before = memory()
    hoard = bytearray(64 * 2**20)
    after = memory()
    assert after[1] - before[1] >= len(hoard) // 2
