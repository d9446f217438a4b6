"""Bytes and operations of calls, counted by hand."""

from __future__ import annotations

import pytest
import torch

from matrix.timing.device import conditions, device_name, launch_floor, peak_arithmetic, peak_bandwidth
from matrix.timing.work import bytes_moved, extent, operations
from operators.operator import MOVES


def test_inputs_are_read_once_and_outputs_written_once() -> None:
    one, other, out = torch.zeros(4, 8), torch.zeros(8), torch.zeros(4, 8, dtype=torch.float16)
    assert bytes_moved([one, other], [out]) == 4 * 8 * 4 + 8 * 4 + 4 * 8 * 2


def test_a_call_that_picks_reads_what_it_writes_and_its_indices() -> None:
    table, index, out = torch.zeros(1000, 8), torch.zeros(5, dtype=torch.int64), torch.zeros(5, 8)
    assert bytes_moved([table, index], [out], "outputs") == 5 * 8 + 2 * 5 * 8 * 4


def test_a_call_that_reduces_to_next_to_nothing_reads() -> None:
    assert bytes_moved([torch.zeros(100)], [torch.zeros(())], "inputs") == 400


def test_a_call_that_makes_values_of_none_writes() -> None:
    assert bytes_moved([torch.zeros(100)], [torch.zeros(50)], "written") == 200


def test_what_is_returned_and_changed_is_written_once() -> None:
    one = torch.zeros(100)
    assert bytes_moved([one], [one, one]) == 800


@pytest.mark.parametrize("moves", MOVES)
def test_every_kind_of_traffic_can_be_counted(moves: str) -> None:
    assert bytes_moved([torch.zeros(9)], [torch.zeros(9)], moves) > 0


def test_elements_that_are_repeated_by_stride_are_one() -> None:
    assert extent(torch.zeros(3, 1).expand(3, 50)) == 3 * 4
    assert extent(torch.zeros(0, 5)) == 0


def test_products_are_counted_and_elementwise_work_is_not() -> None:
    one, other = torch.zeros(4, 8), torch.zeros(8, 16)
    assert operations(lambda: one @ other) == 2 * 4 * 8 * 16
    assert operations(lambda: one + 1) is None


def test_what_a_device_reaches_at_most_is_more_than_nothing() -> None:
    assert (peak_bandwidth("cpu") or 0) > 0
    assert (peak_arithmetic("cpu", torch.float32) or 0) > 0
    assert (launch_floor("cpu") or 0) > 0


def test_what_cannot_be_asked_is_left_out() -> None:
    assert peak_arithmetic("cpu", torch.int8) is None
    assert conditions("cpu") == {}
    assert device_name("cpu") == "cpu"
