"""Stopwatches: how long calls take on a device, by its own clock, one after another with nothing cached from the last.

Before each call a buffer larger than the device's last-level cache is written, so that inputs come from memory as they do in a
model (as `triton.testing.do_bench` does). Calls are queued behind one another and read at the end: the device never waits for
the clock, and the host is ahead of it while the buffer is written.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import torch

# Larger than the last-level cache of any device that is known: 50 MB (H100), 60 MB (H200), 256 MB (MI300X).
FLUSHED = 256 * 1024**2
FLUSHED_ON_HOST = 32 * 1024**2

# The buffer is written for so many times as long as the host takes to hand a call over, and so often at most.
AHEAD = 1.5
MOST_FLUSHES = 16

Call = Callable[[], object]


@dataclass(frozen=True)
class Lap:
    """One call: seconds on the device's clock, and seconds that the host took to hand it over."""

    seconds: float
    host: float


class Stopwatch(Protocol):
    """Times calls."""

    def laps(self, calls: Sequence[tuple[Call, Call]]) -> list[Lap]:
        """Time calls in order, each after its preparation (which is not timed) and with a cold cache."""
        ...


class DeviceStopwatch:
    """By the events of a device's stream: `torch.<device>.Event`.

    A call that the host hands over more slowly than the buffer is written would be timed waiting for the host. So the buffer
    is written as often as it takes, for all calls alike: how often, the laps before have shown (the first ones are warm-up).
    What it reads time by is bound when it is made.
    """

    def __init__(self, module: Any, device: str) -> None:
        self.event, self.wait, self.clock = module.Event, module.synchronize, time.perf_counter
        self.flushed = torch.empty(FLUSHED, dtype=torch.int8, device=device)
        self.flushes = 1
        self.flush_seconds = self._flush_seconds()

    def _flush_seconds(self) -> float:
        """How long writing the buffer takes: the shortest of a few."""
        marks = [self.event(enable_timing=True) for _ in range(4)]
        for mark in marks:
            mark.record()
            self.flushed.zero_()
        self.wait()
        return min(one.elapsed_time(other) for one, other in pairwise(marks)) / 1000

    def laps(self, calls: Sequence[tuple[Call, Call]]) -> list[Lap]:
        marks = [[self.event(enable_timing=True) for _ in range(2)] for _ in calls]
        hosts: list[float] = []
        for (prepare, call), (before, after) in zip(calls, marks, strict=True):
            prepare()
            for _ in range(self.flushes):
                self.flushed.zero_()
            before.record()
            started = self.clock()
            call()
            hosts.append(self.clock() - started)
            after.record()
        self.wait()
        self.flushes = self._flushes_for(hosts)
        return [
            Lap(before.elapsed_time(after) / 1000, host) for (before, after), host in zip(marks, hosts, strict=True)
        ]

    def _flushes_for(self, hosts: Sequence[float]) -> int:
        """How often to write the buffer so that the host stays ahead; never less often than before."""
        ahead = math.ceil(AHEAD * statistics.quantiles([*hosts, *hosts], n=10)[-1] / max(self.flush_seconds, 1e-6))
        return min(MOST_FLUSHES, max(self.flushes, ahead))


class HostStopwatch:
    """By the host's clock, for a device that is the host itself, or one without events (`wait` lets it finish)."""

    def __init__(self, wait: Call = lambda: None, device: str = "cpu") -> None:
        self.wait, self.clock = wait, time.perf_counter
        self.flushed = torch.empty(FLUSHED_ON_HOST if device == "cpu" else FLUSHED, dtype=torch.int8, device=device)

    def laps(self, calls: Sequence[tuple[Call, Call]]) -> list[Lap]:
        found = []
        for prepare, call in calls:
            prepare()
            self.flushed.zero_()
            self.wait()
            started = self.clock()
            call()
            handed = self.clock()
            self.wait()
            found.append(Lap(self.clock() - started, handed - started))
        return found


def stopwatch_of(device: str) -> Stopwatch:
    """The best clock that a device has."""
    module: Any = getattr(torch, device.partition(":")[0], None)
    if device == "cpu" or module is None:
        return HostStopwatch()
    if hasattr(module, "Event"):
        return DeviceStopwatch(module, device)
    return HostStopwatch(getattr(module, "synchronize", lambda: None), device)
