"""The filter of system calls of a process that runs foreign code: seccomp, in the kernel, for good. It imports no torch.

Refused is what reaches other processes, the network or the machine. Numbers are from the kernel's tables
(arch/x86/entry/syscalls and include/uapi/asm-generic/unistd.h); on another processor there is no filter, and `install`
says so.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

_REFUSED = {  # name -> number on x86_64, on aarch64
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "mount_setattr": (442, 442),
}


@dataclass(frozen=True)
class _Processor:
    """Where the filter's own conditions stand: AUDIT_ARCH, and numbers of the calls that are let pass with some arguments."""

    place: int
    architecture: int
    socket: int
    kill: int
    tgkill: int
    prlimit: int
    clone: int
    starting: tuple[int, ...]  # fork, vfork, execve, execveat


_PROCESSORS = {
    "x86_64": _Processor(0, 0xC000003E, 41, 62, 234, 302, 56, (57, 58, 59, 322)),
    "aarch64": _Processor(1, 0xC00000B7, 198, 129, 131, 261, 220, (221, 281)),
}
_CLONE3 = 435
_UNIX = 1  # AF_UNIX
_THREAD = 0x00010000  # CLONE_THREAD
_NAMESPACES = 0x7E020000  # every CLONE_NEW*
_X32 = 0x40000000

# struct sock_filter, and the few instructions of classic BPF that are needed (linux/filter.h, linux/seccomp.h).
_INSTRUCTION = struct.Struct("HBBI")
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16  # offsets in struct seccomp_data
_SET_SECCOMP, _FILTER = 22, 2  # prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ...)


def program(processor: _Processor, pid: int, *, processes: bool, signals: bool = False) -> bytes:
    """The filter of the process `pid`; `processes`: it may start others (compilers), `signals`: and send them signals."""
    refuse, allow = (_RETURN, 0, 0, _ERROR | errno.EPERM), (_RETURN, 0, 0, _ALLOW)
    lines = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, processor.architecture), (_RETURN, 0, 0, _KILL)]
    lines += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), refuse]
    for number in (
        *(numbers[processor.place] for numbers in _REFUSED.values()),
        *(() if processes else processor.starting),
    ):
        lines += [(_EQUAL, 0, 1, number), refuse]
    lines += [
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]  # glibc falls back to clone, whose flags show
    for number, allowed in (
        (processor.socket, (_UNIX,)),
        *(() if signals else ((processor.kill, (pid,)), (processor.tgkill, (pid,)))),
        (processor.prlimit, (0, pid)),
    ):
        lines += [(_EQUAL, 0, 2 + 2 * len(allowed), number), (_LOAD, 0, 0, _FIRST)]
        for value in allowed:
            lines += [(_EQUAL, 0, 1, value), allow]
        lines += [refuse]
    first, second = (refuse, allow) if processes else (allow, refuse)
    lines += [(_EQUAL, 0, 4, processor.clone), (_LOAD, 0, 0, _FIRST)]
    lines += [(_ANY_BIT, 0, 1, _NAMESPACES if processes else _THREAD), first, second]
    lines += [allow]
    return b"".join(_INSTRUCTION.pack(*line) for line in lines)


def install(libc: ctypes.CDLL, pid: int, *, processes: bool, signals: bool = False) -> bool:
    """Filter the calls of this thread and of all that it starts; whether the kernel took it. No new privileges must be set."""
    processor = _PROCESSORS.get(platform.machine())
    if processor is None:
        return False
    code = program(processor, pid, processes=processes, signals=signals)
    lines = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxP", len(code) // _INSTRUCTION.size, ctypes.addressof(lines))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(head, len(head)), 0, 0) == 0)
