"""A child process that is asked, line by line, and ended when it does not answer: strategies and engines run in one.

A question and an answer are one line of JSON each, over pipes of their own: what the child prints goes to a file. While it
works on a question the child may ask back (`{"ask": ...}`), which is how a strategy counts tokens without having the
engine.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matrix.runner.output import read_tail
from matrix.runner.processes import SESSION_VARIABLE, end_marked

LINE_BYTES = 64 * 1024 * 1024
LOG_LIMIT = 2000
CHUNK = 1 << 16


class ChildError(RuntimeError):
    """A question was not answered: the child raised, ended, or took more than its time. `alive`: it can be asked on."""

    def __init__(self, reason: str, *, alive: bool) -> None:
        super().__init__(reason)
        self.alive = alive


class Child:
    """One child at work; `close` ends it and all that it left behind."""

    def __init__(self, module: str, request: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="matrix-annotate-")
        folder = Path(self._scratch.name)
        self._log, self._mark, self._rest = folder / "log", uuid.uuid4().hex, b""
        reads, self._write = os.pipe()
        self._read, writes = os.pipe()
        named = {"reads": reads, "writes": writes, "parent": os.getpid(), "scratch": str(folder)}
        (folder / "request.json").write_text(json.dumps({**request, **named}), encoding="utf-8")
        variables = {**environment, SESSION_VARIABLE: self._mark, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(folder / "request.json")],
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(reads, writes),
                start_new_session=True,
            )
        os.close(reads)
        os.close(writes)
        os.set_blocking(self._write, False)

    def ask(self, question: Mapping[str, Any], seconds: float, answer_back: Callable[[Any], Any] | None = None) -> Any:
        """The child's answer. Raises ChildError; after one that is not `alive` the child is gone."""
        deadline = time.monotonic() + seconds
        self._send(question, deadline, seconds)
        while True:
            said = self._receive(deadline, seconds)
            if "ask" in said and answer_back is not None:
                self._send({"told": answer_back(said["ask"])}, deadline, seconds)
            elif "answer" in said:
                return said["answer"]
            else:
                raise ChildError(str(said.get("error", "said nothing that is an answer"))[:LOG_LIMIT], alive=True)

    def close(self) -> None:
        """End it. It may be called again."""
        self._process.kill()
        self._process.wait()
        end_marked(self._mark)
        for file in (self._read, self._write):
            try:
                os.close(file)
            except OSError:
                continue  # closed before
        self._scratch.cleanup()

    def _send(self, what: Mapping[str, Any], deadline: float, seconds: float) -> None:
        data = json.dumps(what).encode() + b"\n"
        while data:
            ready = select.select([], [self._write], [], max(0.0, deadline - time.monotonic()))[1]
            if not ready:
                raise self._gone(f"took more than its {seconds:g} s")
            try:
                data = data[os.write(self._write, data) :]
            except OSError:
                raise self._gone(self._ending()) from None

    def _receive(self, deadline: float, seconds: float) -> dict[str, Any]:
        while b"\n" not in self._rest:
            if not select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise self._gone(f"took more than its {seconds:g} s")
            chunk = os.read(self._read, CHUNK)
            if not chunk:
                raise self._gone(self._ending())
            self._rest += chunk
            if len(self._rest) > LINE_BYTES:
                raise self._gone(f"said more than {LINE_BYTES} bytes in one answer")
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise self._gone("said something that is no answer")
        return said

    def _ending(self) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "closed its pipes"
        said = (read_tail(self._log, LOG_LIMIT) or "it said nothing").strip().splitlines()[-1]
        return f"ended (status {code}): {said}"

    def _gone(self, reason: str) -> ChildError:
        self.close()
        return ChildError(reason, alive=False)
