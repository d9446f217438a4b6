"""Launches on a device are counted by kernel and file; with no device the watching itself is what can be tested."""

from __future__ import annotations

from matrix.judging import device_launches
from matrix.result import Launch


def kernel() -> None:
    """Stands for the Python function of a kernel."""


def test_launches_are_counted_while_the_block_lasts() -> None:
    with device_launches.device_launches() as launches:
        device_launches._note(kernel)
        device_launches._note(kernel)
        assert launches == []
    assert launches == [Launch("kernel", "test_device_launches.py", 2)]
    device_launches._note(kernel)
    assert launches == [Launch("kernel", "test_device_launches.py", 2)]


def test_blocks_count_for_themselves() -> None:
    with device_launches.device_launches() as outer:
        device_launches._note(kernel)
        with device_launches.device_launches() as inner:
            device_launches._note(kernel)
    assert [launch.count for launch in outer] == [2]
    assert [launch.count for launch in inner] == [1]
