"""What a step of a workload works with in its child process: the cell, an engine, and the provider's kernels around it.

Importing it imports neither torch nor NumPy: commands read what stands beside the steps.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.inference.case import WorkloadCase
from matrix.inference.request import CANDIDATE, Request
from matrix.outcome import Evidence, Phase
from matrix.record import Json
from matrix.result import Launch
from workloads.engine import Engine
from workloads.kinds import ENGINES, REGISTRY, SERVERS
from workloads.models.shape import OFFICIAL
from workloads.serving import ServeArguments, Server
from workloads.workload import Setting

if TYPE_CHECKING:
    from matrix.emulation import EmulationGap, Emulator
    from matrix.inference.providing import Replaced

LISTED_BYTES, LINE = 1 << 20, 200


def listed_in(path: Path) -> list[str]:
    """Operators that a plug-in lists, one a line; none where it wrote no file."""
    try:
        with path.open("rb") as file:
            lines = file.read(LISTED_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip()[:LINE] for line in lines if line.strip()]


def launchers() -> list[tuple[Any, str, Any]]:
    """Holder, name and function of what launches Triton's kernels, before it is watched."""
    from triton.compiler.compiler import CompiledKernel
    from triton.runtime.jit import JITFunction

    return [
        (holder, name, getattr(holder, name))
        for holder, name in ((JITFunction, "run"), (CompiledKernel, "__getitem__"))
    ]


class Bench:
    """One side of one cell.

    given    what the judge told the step;  replaced: what the provider answered for, once it was let in
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.emulator: Emulator | None = None
        self.replaced: Replaced | None = None
        self.launches: list[Launch] = []
        self._functions: dict[str, Callable[..., Any]] = {}
        self._unwatched: list[tuple[Any, str, Any]] = []
        self._facts: dict[str, str] = {"python": platform.python_version()}

    @property
    def cell(self) -> Cell:
        return self.request.cell

    @property
    def case(self) -> WorkloadCase:
        assert isinstance(self.cell.case, WorkloadCase)
        return self.cell.case

    @property
    def setting(self) -> Setting:
        return self.case.setting

    @property
    def given(self) -> Mapping[str, Json]:
        return self.request.given

    @property
    def device(self) -> str:
        return "cpu" if self.cell.evidence.emulated else self.cell.profile.device

    def engine(self, dtype: str | None = None, **options: Any) -> Engine:
        """The setting's engine with its model, on the cell's device, in the cell's dtype unless another is named."""
        self.request.enter(Phase.INPUTS)
        weights = self.request.model if self.setting.model == OFFICIAL else None
        engine: Engine = resolve(ENGINES[self.setting.engine])(
            self.setting.model, dtype or self.case.dtype, self.device, weights=weights, **options
        )
        self._facts |= engine.facts
        return engine

    def server(self, arguments: ServeArguments) -> Server:
        """The setting's engine under load, with its model, on the cell's device and in its dtype; it is not started yet."""
        self.request.enter(Phase.INPUTS)
        weights = self.request.model if self.setting.model == OFFICIAL else None
        server: Server = resolve(SERVERS.get(self.setting.engine, self.setting.engine))(
            self.setting.model, self.case.dtype, self.device, arguments, weights=weights
        )
        self._facts |= server.facts
        return server

    @contextmanager
    def provided(self) -> Iterator[None]:
        """The side's kernels: of the candidate the provider's, while the block lasts; of the reference torch's own."""
        if not self.request.lets_provider_in:
            self.request.enter(Phase.REFERENCE)
            yield
            return
        from matrix.emulation import activate
        from matrix.inference.providing import functions_of, replaced
        from matrix.judging.tuning import tune_for
        from matrix.providers import INTERPRETED_KEY

        judged = self.request.side == CANDIDATE
        if self.request.listed is not None:  # the engine's plug-in lets the provider in, and lists what it replaced
            self.request.enter(Phase.RUN if judged else Phase.REFERENCE)
            yield
            return
        self.request.enter(Phase.IMPORT if judged else Phase.REFERENCE)
        if self.cell.evidence is Evidence.INTERPRET:
            # After the engine, which must not find a vendor's modules that stand in.
            self.emulator = activate(self.cell.profile)
        elif self.device != "cpu":
            tune_for(self.cell.evidence)
            self._unwatched = launchers()
        address = self.case.workload.providers[self.case.provider]
        functions = functions_of(self.case.provider, address)
        if self.request.only is not None:
            functions = {name: function for name, function in functions.items() if name in self.request.only}
        self._functions = functions
        self.request.enter(Phase.RUN if judged else Phase.REFERENCE)
        key = INTERPRETED_KEY if self.emulator else self.cell.profile.dispatch_key
        window = self.emulator.window if self.emulator else nullcontext
        with (
            self._watched() as self.launches,
            replaced(functions, key, guarded=self.device == "cpu", window=window) as self.replaced,
        ):
            yield

    @property
    def can_be_bare(self) -> bool:
        """Whether the provider's functions can answer with nothing of ours around them."""
        provides = self.request.lets_provider_in and self.request.listed is None
        return provides and self.device != "cpu"

    @contextmanager
    def bare(self) -> Iterator[None]:
        """The provider's functions again, after `provided`, as the provider registers them: not counted, for what is timed."""
        from matrix.inference.providing import replaced

        for holder, name, function in self._unwatched:
            setattr(holder, name, function)
        with replaced(self._functions, self.cell.profile.dispatch_key, guarded=False, counted=False):
            yield

    def _watched(self) -> Any:
        """The launches of the block. Without emulation and without a device there are none to see."""
        if self.emulator is not None:
            return self.emulator.launches()
        if self.device == "cpu":
            return nullcontext([])
        from matrix.judging.device_launches import device_launches

        return device_launches()

    @property
    def inside(self) -> str:
        """The operator that the provider was answering for when it raised."""
        return self.replaced.inside if self.replaced else ""

    def gap_of(self, error: BaseException) -> EmulationGap | None:
        """The emulation's gap that an exception stands for: only where the provider's code was at work."""
        return self.emulator.classify(error) if self.emulator is not None and self.inside else None

    def proof(self) -> dict[str, Json]:
        """Which operators the provider answered for, and which of its kernels ran, with counts."""
        if self.request.listed is not None:
            return {"entered": dict.fromkeys(listed_in(self.request.listed), 1), "listed": True}
        if self.replaced is None:
            return {}
        launches: list[Json] = [
            {"kernel": launch.kernel, "file": launch.file, "count": launch.count} for launch in self.launches
        ]
        return {
            "offered": list(self.replaced.offered),
            "unknown": list(self.replaced.unknown),
            "entered": dict(self.replaced.entered.most_common()),
            "launches": launches,
            "needs_launch": self.case.workload.providers[self.case.provider] == REGISTRY,
        }

    def facts(self) -> dict[str, str]:
        return dict(self._facts)
