"""What a measuring process really used, seen from the process and the device, not from what it was told."""

from __future__ import annotations

import os
from typing import Any

from matrix.record import Json
from matrix.runner.processes import PROC, children

# Memory of a device that counts as used: a context, and nothing in it, takes less.
USED = 1 << 30
KIB = 1024


def free_memory(device: str) -> list[int]:
    """Free bytes of every device of this kind that the process can see; empty on a host."""
    module = _module(device)
    if module is None or not hasattr(module, "mem_get_info"):
        return []
    return [int(module.mem_get_info(number)[0]) for number in range(module.device_count())]


def observe(device: str, before: list[int]) -> dict[str, Json]:
    """Devices that lost memory since `before`, the most memory that was held, and processes that were started.

    Free memory is the device's own word: it also shows what another process took.
    """
    after = free_memory(device)
    taken = [start - now for start, now in zip(before, after, strict=False)]
    return {
        "devices used": len([size for size in taken if size > USED]) or 1,
        "processes": 1 + len(children(os.getpid())),
        "peak memory": peak_memory(device),
    }


def peak_memory(device: str) -> int:
    """The most bytes that this process held: of the memory of a device as torch counts it, else of the host's."""
    module = _module(device)
    if module is not None and hasattr(module, "max_memory_allocated"):
        return sum(int(module.max_memory_allocated(number)) for number in range(module.device_count()))
    # Not getrusage: what it tells survives exec, so that a child starts with what its parent held.
    told = (PROC / "self" / "status").read_text()
    return next(int(line.split()[1]) * KIB for line in told.splitlines() if line.startswith("VmHWM:"))


def _module(device: str) -> Any:
    import torch

    kind = device.partition(":")[0]
    return None if kind == "cpu" else getattr(torch, kind, None)
