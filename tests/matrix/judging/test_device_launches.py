"""Launches on a device are counted by kernel and file; with no device the watching itself is what can be tested."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

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


def test_both_ways_into_a_launch_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    from triton.compiler.compiler import CompiledKernel
    from triton.runtime.jit import JITFunction

    monkeypatch.setattr(JITFunction, "run", lambda _self, **_named: "ran")
    monkeypatch.setattr(CompiledKernel, "__getitem__", lambda _self, _grid: lambda: "launched")
    device_launches._watch.cache_clear()
    function = SimpleNamespace(fn=kernel)
    compiled = SimpleNamespace(src=SimpleNamespace(fn=function))
    with device_launches.device_launches() as launches:
        assert JITFunction.run(function) == "ran"
        assert JITFunction.run(function, warmup=True) == "ran"
        assert CompiledKernel.__getitem__(compiled, (1,))() == "launched"
    device_launches._watch.cache_clear()
    assert launches == [Launch("kernel", "test_device_launches.py", 2)]
