"""The keeper: a clean process that has imported everything and is forked whenever a child is wanted. It never loads an entry.

    python -P -s -m matrix.challenge.arena.keeper CONTROL

CONTROL is the descriptor of a socket to the judge. What the judge sends is trusted; what the children do reaches neither.
When the judge has ended, the keeper ends the children, removes the scratch folder and ends too.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import pickle
import select
import shutil
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import Any, NoReturn

import torch

from matrix.cell import Cell
from matrix.challenge.arena import surroundings
from matrix.challenge.arena.calling import Operations
from matrix.challenge.arena.child import Child
from matrix.challenge.arena.confinement import Hold
from matrix.compilation import Compiler
from matrix.emulation import Emulator
from matrix.judging.device_launches import device_launches
from matrix.judging.judge import emulator_of
from matrix.judging.reference import native_function
from matrix.judging.tuning import settle_on_first
from matrix.outcome import Evidence
from matrix.runner.processes import adopt_orphans, children, end

MESSAGE = 1 << 20


class Keeper:
    """Serves the judge at the other end of the control socket."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.child = 0
        self.emulator: Emulator | Compiler | None = None
        self.wake, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        os.set_blocking(wakes, False)

    def prepare(self, cell: Cell) -> None:
        """Import and set up all that can be shared by children. No device is touched: it would not survive a fork."""
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        warnings.simplefilter("ignore")
        self.emulator = emulator_of(cell)
        if self.emulator is None and cell.profile.device != "cpu":
            with device_launches():
                pass
            if cell.evidence is Evidence.RUN:
                settle_on_first()
        settle()
        if cell.evidence is Evidence.TIME:
            native_function(cell.case.operator)  # what an entry is timed against is imported before any entry
        gc.collect()
        gc.freeze()
        self.say({"ready": True})

    def serve(self) -> None:
        """Fork and bury children until the judge has ended."""
        while True:
            watched: list[Any] = [self.control, self.wake]
            ready, _, _ = select.select(watched, [], [])
            if self.wake in ready:
                os.read(self.wake, 4096)
                self.bury()
            if self.control in ready:
                data, files, _, _ = socket.recv_fds(self.control, MESSAGE, 1)
                if not data:
                    return
                self.fork(pickle.loads(data), files[0])  # noqa: S301 - from the judge that started us

    def fork(self, wanted: dict[str, Any], channel: int) -> None:
        """A child that serves at `channel`. What was left of the one before is ended first."""
        self.clear()
        pid = os.fork()
        if pid == 0:
            self.be_child(wanted["cell"], wanted["hold"], channel)
        os.close(channel)
        self.child = pid
        self.say({"child": pid})

    def be_child(self, cell: Cell, hold: Hold, channel: int) -> NoReturn:
        """In the fork. It never comes back from here."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        status = 1
        try:
            keeper = os.getppid()
            self.control.close()
            os.setsid()
            faulthandler.enable()
            faulthandler.register(signal.SIGUSR1, all_threads=True)
            Child(cell, hold, self.emulator, socket.socket(fileno=channel)).serve(keeper)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)

    def bury(self) -> None:
        """Say how the child ended, once it has, and end what it left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self.child:
                self.child = 0
                self.clear()
                self.say({"died": pid, "status": os.waitstatus_to_exitcode(status)})

    def clear(self) -> None:
        """End every process below this one."""
        for _ in range(20):
            left = children(os.getpid())
            if not left:
                return
            end(left)
            for pid in left:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    continue

    def say(self, what: dict[str, Any]) -> None:
        try:
            self.control.send(json.dumps(what).encode() + b"\n")
        except OSError:
            return  # the judge has ended: serve() sees it next


def settle() -> None:
    """Go through what a call goes through: torch imports parts of itself, and replaces some of its functions, at first use."""
    with torch.no_grad(), Operations():
        torch.manual_seed(0)
        torch.ones(1).clone()
    surroundings.look()


def main(control: int, scratch: Path) -> None:
    adopt_orphans()
    keeper = Keeper(socket.socket(fileno=control))
    data = keeper.control.recv(MESSAGE)
    try:
        if data:
            keeper.prepare(pickle.loads(data))  # noqa: S301 - from the judge that started us
            keeper.serve()
    finally:
        keeper.clear()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path.cwd())
