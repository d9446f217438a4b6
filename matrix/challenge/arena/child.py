"""The child: holds itself, loads one entry, and calls it as often as the judge asks. To the judge its answers are hostile.

Everything here can in the end be changed by an entry that is determined enough: it runs in the same process. So nothing is
decided here. Answers are judged by the judge's process; what is looked for here gives findings their names.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from matrix.addresses import resolve
from matrix.cell import Cell
from matrix.challenge.arena import surroundings
from matrix.challenge.arena.audit import Watch
from matrix.challenge.arena.calling import Calls, raises_itself, tried
from matrix.challenge.arena.confinement import Hold, confine, limit, readable
from matrix.challenge.arena.fingerprints import Fingerprints, kind_of
from matrix.challenge.arena.laps import Laps
from matrix.challenge.arena.wire import Gone, receive_request, send_answer
from matrix.compilation import Compiler
from matrix.emulation import Emulator
from matrix.judging.attempt import Attempt, blame
from matrix.judging.readiness import probe, use_device
from matrix.outcome import Evidence, Outcome, Phase
from matrix.record import result_to_json
from matrix.tampering import Tampering

Parts = Iterable[torch.Tensor]
Timed = Callable[[dict[str, Any], list[bytearray]], tuple[dict[str, Any], list[torch.Tensor]]]


class Child:
    """Serves the judge at the other end of a channel."""

    def __init__(self, cell: Cell, hold: Hold, emulator: Emulator | Compiler | None, channel: socket.socket) -> None:
        self.cell = cell
        self.hold = hold
        self.emulator = emulator
        self.channel = channel
        self.sending = threading.RLock()
        self.watch = Watch(hold.entry, hold.scratch, readable(hold.entry), self.note)
        self.fingerprints: Fingerprints
        self.settings: dict[str, object] = {}
        self.calls = Calls(emulator, self.note)

    def serve(self, keeper: int) -> None:
        """Hold this process, see that it is well, and answer until the judge has ended."""
        os.chdir(self.hold.scratch)
        held = confine(self.hold, keeper)
        device = "cpu" if self.cell.evidence.emulated else self.cell.profile.device
        use_device(device, self.emulator)
        unwell = probe() if device != "cpu" or self.emulator is not None else None
        limit(self.hold)
        torch.manual_seed(0)
        laps = Laps(self.cell) if self.cell.evidence is Evidence.TIME else None
        self.fingerprints = Fingerprints(f"torch.{device.partition(':')[0]}")
        self.settings = surroundings.look()
        self.watch.install()
        self.watch.armed = True
        self.say({"held": held, "unwell": unwell})
        operations: dict[str, Callable[[dict[str, Any], list[bytearray]], None]]
        operations = {"load": self.load, "call": self.call, "again": self.call, "rest": self.rest}
        if laps is not None:
            operations |= {"time": self.timed(laps.time), "burst": self.timed(laps.burst)}
        with contextlib.suppress(Gone):
            while True:
                request, parts = receive_request(self.channel)
                operations[request["operation"]](request, parts)
                del request, parts

    def load(self, request: dict[str, Any], _parts: list[bytearray]) -> None:
        """Import the entry, its folder last on the path, so that nothing in it hides a module of anybody else's."""
        attempt = Attempt(request["cell"], lambda _: None, self.emulator, Phase.IMPORT)
        if str(self.hold.entry) not in sys.path:
            sys.path.append(str(self.hold.entry))
            self.settings["sys.path"] = tuple(sys.path)
        importing = surroundings.around(resolve, self.calls.note_settings)
        function, error = tried(lambda: importing(request["address"]))
        if error is not None:
            self.answer(request, {"refused": self.refused(attempt, error)})
            return
        self.calls.function = function
        self.look()
        self.answer(request, {"loaded": True})

    def call(self, request: dict[str, Any], parts: list[bytearray]) -> None:
        """Call the entry's function, or call it again in the same memory, and say what came of it."""
        attempt = Attempt(request["cell"], lambda _: None, self.emulator, Phase.RUN)
        made, error = tried(lambda: self.calls.make(attempt, request, parts))
        if error is None:
            if request["rest"]:
                self.settle()
            facts = result_to_json(attempt.result(Outcome.NOT_RUN, "called"))
            self.answer(request, {**made[0], "facts": facts, "rested": request["rest"]}, made[1])
            return
        fault = bool(getattr(error, "memory_fault", False)) or "illegal memory access" in str(error)
        self.answer(request, {"refused": self.refused(attempt, error), "memory_fault": fault})

    def timed(self, make: Timed) -> Callable[[dict[str, Any], list[bytearray]], None]:
        """What times, as an operation of this child's."""

        def operation(request: dict[str, Any], parts: list[bytearray]) -> None:
            attempt = Attempt(request["cell"], lambda _: None, self.emulator, Phase.RUN)
            made, error = tried(lambda: make(request, parts))
            if error is not None:
                self.answer(request, {"refused": self.refused(attempt, error)})
                return
            self.answer(request, made[0], made[1])

        return operation

    def rest(self, request: dict[str, Any], _parts: list[bytearray]) -> None:
        """After a case: see what became of the answers since, and of everything else."""
        self.settle()
        self.answer(request, {"rested": True})

    def settle(self) -> None:
        self.calls.settle()
        self.look()
        for changed in surroundings.differences(self.settings, surroundings.look()):
            self.note(Tampering("environment", changed))
        self.tidy()

    def look(self) -> None:
        for name in self.fingerprints.changed():
            self.note(Tampering(kind_of(name), f"{name} was replaced"))

    def tidy(self) -> None:
        """Empty the scratch folder, compilers' caches and the like apart."""
        for path in Path(self.hold.scratch).iterdir():
            if path.name.startswith("."):
                continue
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def refused(self, attempt: Attempt, error: BaseException) -> Any:
        """What an exception comes to. A gap of the emulation that an entry raises by itself is none."""
        found = blame(attempt, error)
        if found.gap is not None and raises_itself(error, self.watch.is_entrys):
            self.note(Tampering("forged", "raised an exception by which the suite speaks of its own faults"))
            found = blame(attempt, RuntimeError("the entry raised a fault of the suite's"))
        return result_to_json(found)

    def note(self, finding: Tampering) -> None:
        """Tell the judge of a finding, at once."""
        self.say({"finding": {"kind": finding.kind, "what": finding.what}})

    def answer(self, request: dict[str, Any], what: dict[str, Any], parts: Parts = ()) -> None:
        """Answer a request. Its token is known to who has read the request: it stands in no object that can be reached."""
        self.say({**what, "token": request["token"]}, parts)

    def say(self, what: dict[str, Any], parts: Parts = ()) -> None:
        with self.sending:
            send_answer(self.channel, what, parts)
