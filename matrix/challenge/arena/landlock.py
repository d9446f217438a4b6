"""Which files a process can open, held by the kernel: Landlock (Documentation/userspace-api/landlock.rst). It imports no torch.

It needs no privilege. It also keeps a process from tracing those outside and, from ABI 6, from sending them signals.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, the same on every processor
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE, _DEVICE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_OF_A_FILE = _EXECUTE | _WRITE | _READ | _TRUNCATE | _DEVICE
_NEVER = (1 << 6) | (1 << 11)  # device nodes
# The highest right that each ABI knows: 1 to 5.
_RIGHTS = (1 << 13, 1 << 14, 1 << 15, 1 << 15, 1 << 16)
_CONNECTIONS = 3  # bind and connect, TCP; from ABI 4
_SCOPES = 3  # abstract sockets and signals; from ABI 6
SIGNALS = 6  # the ABI from which signals stay inside


def version(libc: ctypes.CDLL) -> int:
    """The ABI that the kernel has; 0: none."""
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))))


def restrict(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path], devices: Iterable[Path]) -> bool:
    """Leave this process these files and folders and no others; whether the kernel took it. No new privileges must be set."""
    abi = version(libc)
    if not abi:
        return False
    every = _RIGHTS[min(abi, len(_RIGHTS)) - 1] - 1
    head = struct.pack("QQQ", every, _CONNECTIONS if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = int(libc.syscall(_CREATE, ctypes.create_string_buffer(head[:size], size), ctypes.c_size_t(size), 0))
    if rules < 0:
        return False
    read = _EXECUTE | _READ | _LIST
    for rights, paths in ((read, readable), (every & ~_NEVER, writable), (read | _WRITE | _DEVICE, devices)):
        for path in paths:
            _allow(libc, rules, path, rights & every)
    taken = libc.syscall(_RESTRICT, rules, 0) == 0
    os.close(rules)
    return bool(taken)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    rights = rights if path.is_dir() else rights & _OF_A_FILE
    rule = struct.pack("=Qi", rights, place)
    libc.syscall(_ADD, rules, _BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
    os.close(place)
