"""The device's stopwatch keeps the host ahead of the device: it covers a slow launch by writing its buffer more often."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from matrix.timing import stopwatch
from matrix.timing.stopwatch import MOST_FLUSHES, DeviceStopwatch

WRITING = 1e-3  # seconds that a pretended device takes to write the buffer


class Event:
    """An event of a pretended device, on which each next event comes when the buffer has been written."""

    now = 0.0

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing
        self.at = 0.0

    def record(self) -> None:
        Event.now += WRITING * 1000
        self.at = Event.now

    def elapsed_time(self, other: Event) -> float:
        return other.at - self.at


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> DeviceStopwatch:
    monkeypatch.setattr(stopwatch, "FLUSHED", 8)
    module: Any = SimpleNamespace(Event=Event, synchronize=lambda: None)
    return DeviceStopwatch(module, "cpu")


def nothing() -> None:
    pass


def test_writing_the_buffer_is_timed(watch: DeviceStopwatch) -> None:
    assert watch.flush_seconds == pytest.approx(WRITING)


def test_a_fast_launch_needs_the_buffer_once(watch: DeviceStopwatch) -> None:
    watch.laps([(nothing, nothing)] * 8)
    assert watch.flushes == 1


def test_a_launch_slower_than_the_buffer_is_covered_for_both_sides_and_stays_covered(watch: DeviceStopwatch) -> None:
    slow = (nothing, lambda: time.sleep(3 * WRITING))
    watch.laps([(nothing, nothing), slow] * 8)
    covered = watch.flushes
    assert covered >= 5  # half as much again as three times the writing
    watch.laps([(nothing, nothing)] * 8)
    assert watch.flushes == covered


def test_a_launch_that_nothing_covers_has_a_limit(watch: DeviceStopwatch) -> None:
    watch.laps([(nothing, lambda: time.sleep(40 * WRITING))] * 2)
    assert watch.flushes == MOST_FLUSHES
