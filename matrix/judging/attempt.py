"""One try at a cell, and what an exception in it amounts to. Blame follows the phase."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matrix.cell import Cell
from matrix.compilation import Compiler
from matrix.emulation import EmulationGap, Emulator, Refused
from matrix.outcome import Outcome, Phase
from matrix.result import Compiled, Launch, Result
from matrix.runner.limits import is_out_of_memory

TRACEBACK_LIMIT = 6000

Announce = Callable[[Phase], None]
# Phases in which the provider's code runs: what fails there is the provider's fault.
OF_PROVIDER = (Phase.IMPORT, Phase.COMPILE, Phase.RUN)


@dataclass
class Attempt:
    """One try at a cell: where it stands, and what it has gathered so far.

    entered  whether torch came by the provider's function;  handed: the arguments that torch handed to it
    """

    cell: Cell
    announce: Announce
    emulator: Emulator | Compiler | None = None
    phase: Phase = Phase.START
    launches: tuple[Launch, ...] = ()
    compiled: tuple[Compiled, ...] = ()
    entered: bool = False
    handed: tuple[tuple[Any, ...], dict[str, Any]] | None = None
    started: float = field(default_factory=time.perf_counter)

    def enter(self, phase: Phase) -> None:
        self.phase = phase
        self.announce(phase)

    def note(self, kernels: Sequence[Launch] | Sequence[Compiled]) -> None:
        """Keep what was launched, or only compiled."""
        self.launches = tuple(kernel for kernel in kernels if isinstance(kernel, Launch))
        self.compiled = tuple(kernel for kernel in kernels if isinstance(kernel, Compiled))

    def result(self, outcome: Outcome, detail: str = "", **facts: Any) -> Result:
        return Result(
            cell=str(self.cell.id),
            outcome=outcome,
            phase=facts.pop("phase", self.phase),
            detail=detail,
            seconds=time.perf_counter() - self.started,
            launches=self.launches,
            compiled=self.compiled,
            **facts,
        )


def blame(attempt: Attempt, error: BaseException) -> Result:
    """The result that an exception amounts to."""
    detail = describe(error)
    facts: dict[str, Any] = {"traceback": _traceback(error)}
    gap = error if isinstance(error, EmulationGap) else None
    if gap is None and attempt.emulator is not None and attempt.phase in OF_PROVIDER:
        gap = attempt.emulator.classify(error)
    if gap is not None:
        return attempt.result(Outcome.INFRA, f"emulation gap {gap.name}: {gap.detail}", gap=gap.name, **facts)
    if isinstance(error, Refused):
        return attempt.result(Outcome.UNCOMPILED, str(error), **facts)
    if attempt.phase in OF_PROVIDER and is_out_of_memory(error):
        return attempt.result(Outcome.OOM, f"wants more memory than a worker is given: {detail}", **facts)
    if attempt.phase in OF_PROVIDER:
        return attempt.result(Outcome.ERROR, detail, **facts)
    what = "the native operator, or timing it, failed" if attempt.phase is Phase.TIME else f"{attempt.phase} failed"
    return attempt.result(Outcome.INFRA, f"{what}: {detail}", **facts)


def describe(error: BaseException) -> str:
    """One line: the exception and the last place in the code that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    text = " ".join(str(error).split())[:300]
    where = ""
    if frames:
        where = f" ({'/'.join(Path(frames[-1].filename).parts[-3:])}:{frames[-1].lineno})"
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-TRACEBACK_LIMIT:]
