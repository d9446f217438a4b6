"""Timing in the child: laps of the entry and of the native operator, interleaved, each on values that it has not seen.

The stopwatch is made, and its clocks are bound, before an entry is loaded. Before each lap, outside of the time, the inputs are
drawn anew in the same memory and what the last call returned is poisoned; of some laps that nobody knows beforehand inputs and
results are kept, for the judge to compare. Whether the laps are true is decided by the judge, from outside (`timing.py`).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.challenge.arena.calling import POISON, strangeness
from matrix.challenge.arena.wire import describe, storage_bytes, unpack_arguments
from matrix.judging import judge as judging
from matrix.judging.inputs import Arguments
from matrix.judging.outputs import flatten
from matrix.judging.reference import native_function
from matrix.timing.measuring import Contender, Measured, Procedure, measure
from matrix.timing.stopwatch import Stopwatch, stopwatch_of
from operators.adapters.values import VALUES

Call = Callable[[], Any]


@dataclass(frozen=True)
class Fresh:
    """A tensor whose values are uniform: by its number, the range that they are drawn from. `whole`: both ends count."""

    number: int
    low: float
    high: float
    whole: bool


class Side:
    """A contender: its arguments, the function, and what it returned last, before any adapter."""

    def __init__(
        self, arguments: Arguments, own: Callable[..., Any], adapter: Callable[..., Any] | None = None
    ) -> None:
        self.arguments = arguments
        self.raw: Any = None

        def recorded(*args: Any, **kwargs: Any) -> Any:
            self.raw = own(*args, **kwargs)
            return self.raw

        self.function = recorded if adapter is None else adapter(recorded)

    @property
    def returned(self) -> list[torch.Tensor]:
        return [tensor for _, tensor in flatten(self.raw)]

    def call(self) -> None:
        self.function(*self.arguments.args, **self.arguments.kwargs)

    def poison(self) -> None:
        """Leave nothing of what was returned, unless it is the arguments' memory, which is drawn anew."""
        own = {tensor.untyped_storage().data_ptr() for _, tensor in self.arguments.tensors()}
        for tensor in self.returned:
            if not strangeness(tensor) and tensor.untyped_storage().data_ptr() not in own:
                storage_bytes(tensor).fill_(1 if tensor.dtype is torch.bool else POISON)


class Laps:
    """The timing of one case after another, with a stopwatch that was made when this was."""

    def __init__(self, cell: Cell) -> None:
        self.device = "cpu" if cell.evidence.emulated else cell.profile.device
        self.stopwatch: Stopwatch = stopwatch_of(self.device)
        self.wait: Call = getattr(self.stopwatch, "wait", lambda: None)
        self.sides: dict[str, Side] = {}
        self.variants: list[list[torch.Tensor]] = []
        self.fresh: tuple[Fresh, ...] = ()
        self.turn = 0
        self.picks: frozenset[int] = frozenset()
        self.kept: list[tuple[list[torch.Tensor], Any, list[torch.Tensor]]] = []
        self.generator = torch.Generator(self.device)
        self.inputs: list[torch.Tensor] = []

    def time(self, request: dict[str, Any], parts: list[bytearray]) -> tuple[dict[str, Any], list[torch.Tensor]]:
        """Time the entry against the native operator: laps in whole nanoseconds, and the calls that were picked."""
        cell, procedure = request["cell"], request["procedure"]
        self._begin(request, parts)
        VALUES.computed = False  # putting an answer in order serves the comparison
        try:
            with torch.no_grad():
                measured = self._measure(procedure)
                self._keep()
        finally:
            VALUES.computed = True
        baseline, candidate = (
            [round(1e9 * lap.seconds) for lap in laps] for laps in (measured.baseline, measured.candidate)
        )
        hosts = [statistics.median(lap.host for lap in laps) for laps in (measured.baseline, measured.candidate)]
        head = {"baseline": baseline, "candidate": candidate, "hosts": hosts}
        head |= {"stopped": measured.stopped, "stable": measured.stable, "operator": cell.case.operator.name}
        tensors = [part for memory, _, results in self.kept for part in (*memory, *results)]
        described = [
            {"memory": len(memory), "results": len(results), "returned": returned}
            for memory, returned, results in self.kept
        ]
        return {**head, "picked": described}, tensors

    def burst(self, request: dict[str, Any], _parts: list[bytearray]) -> tuple[dict[str, Any], list[torch.Tensor]]:
        """So many calls in a row, behind so much other work for the device; the judge takes the time."""
        side = self.sides[request["side"]]
        flushed: torch.Tensor = self.stopwatch.flushed  # type: ignore[attr-defined]
        with torch.no_grad():
            for _ in range(request["ahead"]):
                flushed.zero_()
            for _ in range(request["count"]):
                side.call()
            self.wait()
        return {"burst": request["count"]}, []

    def _begin(self, request: dict[str, Any], parts: list[bytearray]) -> None:
        cell, given = request["cell"], request["arguments"]
        count = len(parts) // request["variants"]
        moved = [
            torch.frombuffer(part, dtype=torch.uint8).to(self.device) if part else torch.empty(0) for part in parts
        ]
        self.variants = [moved[start : start + count] for start in range(0, len(parts), count or 1)]
        mine, theirs = (self._here(unpack_arguments(given, parts[:count])) for _ in range(2))
        if cell.case.operator.reference != "aten":
            for name in given.like:  # a reference of our own takes no `out`
                del theirs.kwargs[name]
        self.sides = {
            "candidate": Side(mine, resolve(request["address"]), request["adapter"] and resolve(request["adapter"])),
            "baseline": Side(theirs, native_function(cell.case.operator)),
        }
        self.fresh, self.turn, self.picks, self.kept = request["fresh"], 0, frozenset(request["picks"]), []
        self.generator.manual_seed(request["seed"])

    def _here(self, arguments: Arguments) -> Arguments:
        if self.device == "cpu":
            return arguments
        return arguments.mapped(lambda leaf: judging.on_device(leaf, self.device))

    def _measure(self, procedure: Procedure) -> Measured:
        baseline, candidate = self.sides["baseline"], self.sides["candidate"]
        return measure(
            Contender(baseline.call, lambda: self._renew(baseline)),
            Contender(candidate.call, self._next),
            self.stopwatch,
            procedure,
        )

    def _next(self) -> None:
        """Before a lap of the entry: keep what the last one came to, if it was picked, and forget it."""
        self._keep()
        side = self.sides["candidate"]
        self._renew(side)
        self.turn += 1
        picked = self.turn in self.picks
        self.inputs = [storage_bytes(tensor).clone() for _, tensor in side.arguments.tensors()] if picked else []

    def _renew(self, side: Side) -> None:
        side.poison()
        variant = self.variants[self.turn % len(self.variants)]
        tensors = [tensor for _, tensor in side.arguments.tensors()]
        for tensor, data in zip(tensors, variant, strict=False):
            if data.numel():
                storage_bytes(tensor).copy_(data)
        for each in self.fresh:
            if each.whole:
                tensors[each.number].random_(int(each.low), int(each.high) + 1, generator=self.generator)
            else:
                tensors[each.number].uniform_(each.low, each.high, generator=self.generator)

    def _keep(self) -> None:
        side = self.sides["candidate"]
        if self.turn not in self.picks or not self.inputs:
            return
        results: list[torch.Tensor] = []

        def keep(tensor: torch.Tensor) -> int:
            results.append(storage_bytes(tensor.detach().clone(memory_format=torch.contiguous_format)).cpu())
            return len(results) - 1

        returned = describe(side.raw, keep)
        changed = [storage_bytes(tensor).clone().cpu() for _, tensor in side.arguments.tensors()]
        inputs = [data.cpu() for data in self.inputs]
        self.kept.append(([*inputs, *changed], returned, results))
        self.picks -= {self.turn}
