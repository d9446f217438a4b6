"""Accesses are held against the storage of their argument."""

from __future__ import annotations

import numpy as np
import pytest

from matrix.emulation.gaps import OutOfBounds
from matrix.emulation.memory import MemoryGuard, Region

REGION = Region("x_ptr", start=1000, end=1040, first=1008)


def guard() -> MemoryGuard:
    made = MemoryGuard()
    made.kernel = "copy_kernel"
    return made


def addresses(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return np.array(values, dtype=np.uint64)


def test_the_whole_storage_may_be_accessed() -> None:
    guard().check(addresses(1000, 1036), None, 4, REGION)


@pytest.mark.parametrize(("address", "element"), [(1040, 8), (1037, 7), (996, -3), (0, -252)])
def test_an_access_outside_names_kernel_argument_and_element(address: int, element: int) -> None:
    with pytest.raises(OutOfBounds) as caught:
        guard().check(addresses(1008, address), None, 4, REGION)
    message = str(caught.value)
    assert "copy_kernel" in message
    assert "x_ptr" in message
    assert f"element {element} " in message
    assert "-2..7" in message


def test_a_masked_lane_may_point_anywhere() -> None:
    guard().check(addresses(1008, 5), np.array([True, False]), 4, REGION)
    with pytest.raises(OutOfBounds):
        guard().check(addresses(1008, 5), np.array([False, True]), 4, REGION)


def test_an_empty_tensor_holds_nothing() -> None:
    with pytest.raises(OutOfBounds, match="holds nothing"):
        guard().check(addresses(0), None, 4, Region("x", 0, 0, 0))


def test_checking_can_be_turned_off() -> None:
    unchecked = guard()
    unchecked.checking = False
    unchecked.check(addresses(0), None, 4, REGION)
