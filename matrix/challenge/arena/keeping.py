"""The judge's side of the arena: a keeper for each profile and evidence, one warm child, and what comes of asking it."""

from __future__ import annotations

import json
import os
import pickle
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from matrix.cell import Cell
from matrix.challenge.arena.confinement import Hold
from matrix.challenge.arena.spawning import Started
from matrix.challenge.arena.wire import Gone, Overdue, WireError, receive_answer, send_request
from matrix.outcome import Evidence
from matrix.runner.output import read_tail
from matrix.runner.processes import KEPT, kill
from matrix.tampering import KINDS, Tampering

START_SECONDS = 240.0
DEATH_SECONDS = 3.0
MOST_FINDINGS = 32
TEXT = 2000


class StartError(RuntimeError):
    """No child could be had: the machine's fault, or the suite's."""


class Died(RuntimeError):  # noqa: N818 - a fact about the child
    """The child ended before it answered. `status` as subprocess has it."""

    def __init__(self, status: int, output: str | None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.output = output


@dataclass
class Told:
    """What a child answered."""

    head: dict[str, Any]
    parts: list[bytearray]


@dataclass
class Served:
    """A child: its channel, whose entry it serves, what holds it, and the function that it has ready."""

    pid: int
    channel: socket.socket
    entry: Path
    held: str
    loaded: str = ""


class Keeping:
    """A keeper process with its one child. Started when it is first wanted; `close` ends all of it."""

    def __init__(self, started: Started) -> None:
        self.cell = started.cell
        self.serves = (started.cell.profile.name, started.cell.evidence)
        self.process, self.control, self.scratch, self.log = (
            started.process,
            started.control,
            started.scratch,
            started.log,
        )
        self.child: Served | None = None
        self.findings: list[Tampering] = []
        self.said = b""
        self._hear("ready", time.monotonic() + START_SECONDS)

    def begin(self) -> None:
        """Forget what was found and printed in the case before."""
        self.findings.clear()
        os.truncate(self.log, 0)

    def lives(self) -> bool:
        """Whether the keeper is still there."""
        return self.process.poll() is None

    def have(self, cell: Cell, entry: Path) -> Served:
        """The child of an entry, warm or new. Raises StartError when its device is not well."""
        if self.child is not None and self.child.entry == entry:
            return self.child
        self.end_child()
        hold = Hold(
            entry, self.scratch, cell.profile.limits.memory_gib, processes=cell.evidence is not Evidence.INTERPRET
        )
        mine, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [pickle.dumps({"cell": cell, "hold": hold})], [theirs.fileno()])
            pid = int(self._hear("child", time.monotonic() + DEATH_SECONDS + START_SECONDS)["child"])
        self.child = Served(pid, mine, entry, "")
        told = self._receive(time.monotonic() + START_SECONDS, 0)
        self.child.held = str(told.head.get("held"))[:TEXT]
        if told.head.get("unwell"):
            self.end_child()
            raise StartError(f"the device is not well: {told.head['unwell']}")
        return self.child

    def ask(self, request: Mapping[str, Any], parts: Iterable[torch.Tensor], deadline: float, limit: int) -> Told:
        """Have the child do something. Raises Died, Overdue, and WireError for what is no answer; all of them end the child."""
        assert self.child is not None
        token = secrets.token_hex(16)
        try:
            send_request(self.child.channel, {**request, "token": token}, parts, deadline)
            return self._receive(deadline, limit, token)
        except Overdue:
            self._ask_where()
            self.end_child()
            raise
        except (Died, WireError):
            self.end_child()
            raise
        except Gone:
            raise self._died() from None

    def _receive(self, deadline: float, limit: int, token: str | None = None) -> Told:
        """The child's next answer; findings that come before it are kept."""
        assert self.child is not None
        while True:
            try:
                head, parts = receive_answer(self.child.channel, deadline, limit)
            except Gone:
                raise self._died() from None
            if "finding" in head:
                self._find(head["finding"])
            elif head.get("token") != token:
                raise WireError("an answer that the judge's own code did not give")
            else:
                return Told(head, parts)

    def _find(self, told: Any) -> None:
        kind, what = (told.get("kind"), told.get("what")) if isinstance(told, dict) else (None, None)
        if kind not in KINDS or not isinstance(what, str):
            raise WireError("a finding of no kind that there is")
        found = Tampering(kind, what[:TEXT])
        if found not in self.findings and len(self.findings) < MOST_FINDINGS:
            self.findings.append(found)

    def _died(self) -> Died:
        """How the child ended. One that only closed its channel is ended, and said to have exited."""
        child = self.child
        status = 0
        try:
            told = self._hear("died", time.monotonic() + DEATH_SECONDS)
            status = int(told["status"])
            self.child = None
        except Overdue:
            self.end_child()
        output = self.output()
        if child is not None:
            child.channel.close()
        return Died(status, output)

    def _ask_where(self) -> None:
        """Have a child that hangs print where it is: faulthandler answers, whatever the child is stuck in."""
        if self.child is not None:
            os.kill(self.child.pid, signal.SIGUSR1)
            time.sleep(0.2)

    def output(self) -> str | None:
        """What the child printed in this case, its end."""
        return read_tail(self.log)

    def end_child(self) -> None:
        """End the child, if there is one, and all that it left; its scratch is emptied."""
        if self.child is None:
            return
        kill(self.child.pid)
        self.child.channel.close()
        self.child = None
        self._hear("died", time.monotonic() + START_SECONDS)
        for path in self.scratch.iterdir():
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() and not path.is_symlink() else path.unlink()

    def _hear(self, wanted: str, deadline: float) -> dict[str, Any]:
        """What the keeper says of something; what it said before of other things is past."""
        self.control.settimeout(max(0.01, deadline - time.monotonic()))
        while True:
            line, newline, rest = self.said.partition(b"\n")
            if newline:
                self.said = rest
                told: dict[str, Any] = json.loads(line)
                if wanted in told:
                    return told
                continue
            try:
                data = self.control.recv(4096)
            except TimeoutError:
                raise Overdue(f"the keeper did not say {wanted}") from None
            if not data:
                raise StartError(f"the arena's keeper ended: {(read_tail(self.log) or 'it said nothing')[-TEXT:]}")
            self.said += data

    def close(self) -> None:
        """End the keeper and its child, and remove what they wrote."""
        self.control.close()
        try:
            self.process.wait(DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        KEPT.discard(self.process.pid)
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.log.unlink(missing_ok=True)
