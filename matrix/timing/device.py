"""What a device can do at most, as measured on it in this process, and the state that it is in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from matrix.timing.stopwatch import stopwatch_of

COPIED = 1024**3  # bytes of the copy that shows the memory's bandwidth
COPIED_ON_HOST = 64 * 1024**2
# Side of the square product that shows the rate of arithmetic: large enough to fill a device, for each element type.
SIDE = 8192
SIDE_WIDE = 4096  # 32-bit and wider types have less than a tenth of the rate
SIDE_ON_HOST = 512
REPEATS = 8
PRODUCTS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
# What torch's device modules may tell of themselves: fact -> function.
CONDITIONS = {"temperature_c": "temperature", "clock_mhz": "clock_rate", "power_mw": "power_draw"}


@cache
def peak_bandwidth(device: str) -> float | None:
    """Bytes per second of a large copy on the device, those read and those written counted; None when it has no room."""
    size = COPIED_ON_HOST if device == "cpu" else COPIED

    def copy() -> Callable[[], object]:
        source = torch.ones(size, dtype=torch.int8, device=device)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    seconds = _best(device, copy)
    return None if seconds is None else 2 * size / seconds


@cache
def peak_arithmetic(device: str, dtype: torch.dtype) -> float | None:
    """Floating-point operations per second of a large matrix product of random numbers, 2 n^3 counted.

    In float32 the product is a true one (no TF32), so a kernel that takes TF32 may show more than 100 %. None for an element
    type without products.
    """
    if dtype not in PRODUCTS:
        return None
    side = SIDE_ON_HOST if device == "cpu" else SIDE if dtype.itemsize == 2 else SIDE_WIDE

    def product() -> Callable[[], object]:
        generator = torch.Generator().manual_seed(0)
        one, other = (torch.rand(side, side, generator=generator).to(device=device, dtype=dtype) for _ in range(2))
        return lambda: one @ other

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        seconds = _best(device, product)
    finally:
        torch.set_float32_matmul_precision(before)
    return None if seconds is None else 2 * side**3 / seconds


@cache
def launch_floor(device: str) -> float | None:
    """Seconds that the least piece of work takes: one element added to. What takes little more was hardly measured."""

    def least() -> Callable[[], object]:
        one = torch.zeros(1, device=device)
        return lambda: one.add_(1)

    return _best(device, least, repeats=32)


def conditions(device: str) -> dict[str, float]:
    """What the device says of its temperature, clock and power, as far as torch can ask it."""
    module: Any = getattr(torch, device.partition(":")[0], None)
    found: dict[str, float] = {}
    for name, function in CONDITIONS.items():
        try:
            found[name] = float(getattr(module, function)())
        except (AttributeError, RuntimeError, ImportError, OSError, ValueError, TypeError, NotImplementedError):
            continue  # not every device tells, and the library that asks for it may be missing
    return found


def device_name(device: str) -> str:
    """What the device calls itself."""
    module: Any = getattr(torch, device.partition(":")[0], None)
    return str(module.get_device_name()) if hasattr(module, "get_device_name") else device


def _best(device: str, prepare: Callable[[], Callable[[], object]], repeats: int = REPEATS) -> float | None:
    """The least seconds of several runs, after two that are not counted: a ceiling is what was reached once."""
    try:
        call = prepare()
        laps = stopwatch_of(device).laps([(_nothing, call)] * (repeats + 2))
    except RuntimeError:  # out of memory, or a product that the device does not have
        return None
    return min(lap.seconds for lap in laps[2:])


def _nothing() -> None:
    return None
