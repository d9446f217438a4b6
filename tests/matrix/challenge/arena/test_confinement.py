"""What holds a child, tried from inside of a process that holds itself; what this kernel does not have is not asked for."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from matrix.challenge.arena import system_calls
from matrix.runner.spawn import ROOT

TRIES = """
import ctypes, json, os, resource, socket, sys, threading
from pathlib import Path
from matrix.challenge.arena.confinement import Hold, confine, limit
parent, scratch, entry, kept = os.getppid(), *map(Path, sys.argv[1:4])
os.chdir(scratch)
told = {"torch": "torch" in sys.modules}
hold = Hold(entry, scratch, 1.0, processes=bool(int(sys.argv[4])))
told["held"] = confine(hold, parent)
limit(hold)
libc = ctypes.CDLL(None, use_errno=True)
tries = {
    "write scratch": lambda: (scratch / "x").write_text("x"),
    "read entry": lambda: (entry / "entry.py").read_text(),
    "import": lambda: __import__("matrix.plan"),
    "thread": lambda: threading.Thread(target=int).start(),
    "process": lambda: os._exit(0) if os.fork() == 0 else os.wait(),
    "write project": lambda: open(Path(sys.argv[5]) / "matrix" / "tampered", "w"),
    "write entry": lambda: (entry / "entry.py").write_text("x"),
    "read journal": lambda: kept.read_text(),
    "write journal": lambda: open(kept, "a"),
    "remove journal": lambda: kept.unlink(),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
    "raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "signal parent": lambda: os.kill(parent, 0),
    "limit parent": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (64, 64)),
    "memory of parent": lambda: open(f"/proc/{parent}/mem", "rb"),
    "large file": lambda: (scratch / "y").write_bytes(bytes(1 << 27)),
    "more memory": lambda: bytearray(1 << 31),
}
for name, action in tries.items():
    try:
        action()
        told[name] = "done"
    except (OSError, MemoryError, ValueError) as error:
        told[name] = type(error).__name__
told["trace"] = libc.ptrace(16, parent, 0, 0)
told["namespaces"] = libc.unshare(0x10000000)
print(json.dumps(told))
"""
ALWAYS = ("write scratch", "read entry", "import", "thread")
BY_LANDLOCK = ("write project", "write entry", "read journal", "write journal", "remove journal", "memory of parent")
BY_FILTER = ("connect", "raw socket", "signal parent", "limit parent")


def tell(tmp_path: Path, *, processes: bool) -> dict[str, Any]:
    scratch, entry, kept = (tmp_path / name for name in ("scratch", "entry", "run"))
    for folder in (scratch, entry, kept):
        folder.mkdir()
    (entry / "entry.py").write_text("")
    (kept / "journal.jsonl").write_text("{}")
    command = [
        sys.executable,
        "-P",
        "-c",
        TRIES,
        *map(str, (scratch, entry, kept / "journal.jsonl", int(processes), ROOT)),
    ]
    answer = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert (kept / "journal.jsonl").read_text() == "{}"
    told: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("processes", [False, True])
def test_what_is_held(tmp_path: Path, *, processes: bool) -> None:
    told = tell(tmp_path, processes=processes)
    assert not told["torch"]  # it holds a process before anything heavy is there
    assert {name: told[name] for name in ALWAYS} == dict.fromkeys(ALWAYS, "done")
    assert told["large file"] == "OSError"
    assert told["more memory"] == "MemoryError"
    held = told["held"].partition("without:")[0]
    if "Landlock" in held:
        assert {name: told[name] for name in BY_LANDLOCK} == dict.fromkeys(BY_LANDLOCK, "PermissionError")
    if "filtered" in held:
        assert {name: told[name] for name in BY_FILTER} == dict.fromkeys(BY_FILTER, "PermissionError")
        assert told["process"] == ("done" if processes else "PermissionError")
        assert (told["trace"], told["namespaces"]) == (-1, -1)
    if "network" in held:
        assert told["connect"] != "done"
    assert "audit hook" in held


def run(code: bytes, number: int, first: int, architecture: int = 0xC000003E) -> int:
    """What the kernel's machine makes of a filter: the few instructions that it has, by their meaning."""
    data = struct.pack("<IIQQ", number, architecture, 0, first)
    lines = list(struct.iter_unpack("HBBI", code))
    value, place = 0, 0
    while True:
        operation, yes, no, constant = lines[place]
        place += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("<I", data, constant)
        elif operation == 0x06:
            return int(constant)
        else:
            met = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}[operation]
            place += yes if met else no


ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


@pytest.mark.parametrize(
    ("number", "first", "alone", "with_processes"),
    [
        (0, 3, ALLOW, ALLOW),  # read
        (101, 0, EPERM, EPERM),  # ptrace
        (41, 1, ALLOW, ALLOW),  # a local socket
        (41, 2, EPERM, EPERM),  # one of the internet
        (62, 4711, ALLOW, ALLOW),  # a signal to itself
        (62, 1, EPERM, EPERM),
        (234, 4711, ALLOW, ALLOW),
        (302, 0, ALLOW, ALLOW),
        (302, 1, EPERM, EPERM),
        (56, 0x3D0F00, ALLOW, ALLOW),  # a thread, as glibc starts one
        (56, 0x01200011, EPERM, ALLOW),  # a process
        (56, 0x10000011, EPERM, EPERM),  # a process that is a user of its own
        (57, 0, EPERM, ALLOW),  # fork
        (59, 0, EPERM, ALLOW),  # execve
        (435, 0, ENOSYS, ENOSYS),  # clone3: glibc asks for clone then
        (0x40000000, 0, EPERM, EPERM),  # the other numbers of the same processor
    ],
)
def test_the_filter_line_by_line(number: int, first: int, alone: int, with_processes: int) -> None:
    processor = system_calls._PROCESSORS["x86_64"]
    assert run(system_calls.program(processor, 4711, processes=False), number, first) == alone
    assert run(system_calls.program(processor, 4711, processes=True), number, first) == with_processes


def test_signals_may_be_left_to_landlock() -> None:
    filtered = system_calls.program(system_calls._PROCESSORS["x86_64"], 4711, processes=True, signals=True)
    assert run(filtered, 62, 1) == ALLOW
    assert run(filtered, 302, 1) == EPERM


def test_another_processor_s_calls_end_the_process() -> None:
    processor = system_calls._PROCESSORS["x86_64"]
    assert run(system_calls.program(processor, 1, processes=True), 0, 0, architecture=0x40000003) == 0x80000000
