"""Making a worker ready, and asking whether it still is: imports once, and a tiny kernel whose answer is known."""

from __future__ import annotations

import contextlib
import os
import warnings
from dataclasses import dataclass
from typing import Any

import torch

from matrix import providers
from matrix.cell import Cell
from matrix.compilation import Compiler
from matrix.emulation import Emulator
from matrix.inference.case import WorkloadCase
from matrix.judging.judge import emulator_of
from matrix.judging.tuning import tune_for

COUNT = 64


@dataclass
class Worker:
    """What this process was made ready for."""

    device: str = "cpu"
    emulator: Emulator | Compiler | None = None
    asked: bool = True  # whether there is something to ask


_worker = Worker()


def warm(cell: Cell) -> None:
    """Make this process ready to judge cells like this one. A workload's sides make themselves ready: they are processes."""
    if isinstance(cell.case, WorkloadCase):
        _worker.asked = not cell.evidence.emulated and cell.profile.device != "cpu"
        _worker.device = cell.profile.device
        return
    make_ready(cell)
    if cell.profile.device != "cpu":
        tune_for(cell.evidence)


def make_ready(cell: Cell) -> None:
    """Import torch, Triton and the provider, and set the emulation up, before the first case is timed.

    A provider that does not import is left to the case: there it is charged to the provider, in phase import.
    """
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    warnings.simplefilter(
        "ignore"
    )  # what providers and torch warn of is theirs; it would drown the output that is kept
    _worker.device = "cpu" if cell.evidence.emulated else cell.profile.device
    _worker.emulator = emulator_of(cell)
    with contextlib.suppress(Exception):
        providers.load(cell)


def use_device(device: str, stand_in: Emulator | Compiler | None = None) -> None:
    """Have `probe` ask a device, or what stands in for it."""
    _worker.device, _worker.emulator = device, stand_in


def probe() -> str | None:
    """Why the worker's device is not well; None when a known kernel gives its known answer."""
    if not _worker.asked:
        return None
    try:
        return _probe()
    except Exception as error:  # noqa: BLE001 - a device that is not well raises anything
        return f"a known kernel raised {type(error).__name__}: {error}"


def _probe() -> str | None:
    source = torch.arange(COUNT, dtype=torch.float32, device=_worker.device)
    target = torch.full_like(source, torch.nan)
    if isinstance(_worker.emulator, Compiler):
        with _worker.emulator.launches() as compiled:
            _launch(source, target)
        return None if compiled else "a known kernel was not compiled"
    _launch(source, target)
    if not torch.equal(target.cpu(), torch.arange(COUNT, dtype=torch.float32) * 2 + 1):
        return "a known kernel gave a wrong answer"
    return None


def _launch(source: torch.Tensor, target: torch.Tensor) -> None:
    from matrix.judging.probe_kernel import double_plus_one

    kernel: Any = double_plus_one
    window = _worker.emulator.window() if _worker.emulator is not None else contextlib.nullcontext()
    with window:
        kernel[(1,)](source, target, count=COUNT)
