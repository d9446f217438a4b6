"""How much work a call is: the fewest bytes it must move through the device's memory, and its floating-point operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Work:
    """What a call must do at least: bytes moved, and floating-point operations (None: not counted)."""

    moved: int
    operations: int | None


def bytes_moved(inputs: Iterable[torch.Tensor], outputs: Iterable[torch.Tensor], moves: str = "all") -> int:
    """Bytes that a call must read and write at least.

    all      each input read once and each output written once (an argument that is changed is both)
    outputs  as much read as written, and the index tensors: for calls that pick from a larger input
    inputs   each input read once: for calls whose output is next to nothing
    written  each output written once: for calls that make values of none
    A tensor that is both returned and changed in place is written once.
    """
    read = sum(map(extent, inputs_read(inputs, moves)))
    written = sum(map(extent, {(tensor.data_ptr(), tensor.shape): tensor for tensor in outputs}.values()))
    return {"all": read + written, "outputs": read + 2 * written, "inputs": read, "written": written}[moves]


def inputs_read(inputs: Iterable[torch.Tensor], moves: str) -> list[torch.Tensor]:
    """The inputs whose whole extent is read; of calls that pick, the index tensors only."""
    return [tensor for tensor in inputs if moves != "outputs" or tensor.dtype in (torch.int64, torch.int32)]


def extent(tensor: torch.Tensor) -> int:
    """Bytes of the elements that a tensor really has: those along an expanded dimension (stride 0) are one."""
    count = 1
    for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
        count *= size if stride != 0 or size == 0 else 1
    return count * tensor.element_size()


def operations(call: Callable[[], object]) -> int | None:
    """Floating-point operations of a call of torch's, as torch counts them: products, convolutions and attention.

    None where it counts none: a call that does no more than a few operations for each element is bound by memory.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops()) or None
