"""Runs many mutants from one warm process: each in a fork of it that has limits of its own and tells of what it does.

A fork costs a few milliseconds where a new process would import torch, Triton and the entry. What a mutant does to its process
(it hangs, it takes all memory, it ends it) reaches no other.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from matrix.challenge.mutant import How
from matrix.challenge.suites import Suite
from matrix.runner.limits import limit_memory

# A process that has used no time of a core is waiting for something: it is given so many times its limit.
PATIENCE = 10
CHUNK = 65536


@dataclass(frozen=True)
class Limits:
    """What a mutant is given.

    seconds   time of a core for one test, beside `times` what the test takes on the kernel as it is
    """

    seconds: float = 3.0
    times: float = 10.0
    memory_gib: float = 2.0

    def of_test(self, usual: float) -> float:
        return self.seconds + self.times * usual


@dataclass(frozen=True)
class Told:
    """What one mutant came to: noticed (`how`, `by`), or passed by all of them; `unjudged` says that a test hit a gap."""

    by: str = ""
    how: How | None = None
    detail: str = ""
    unjudged: bool = False


@dataclass
class _Running:
    """A fork at work."""

    pid: int
    number: int
    deadline: float
    text: bytes = b""
    limits: list[float] = field(default_factory=list)


class Forks:
    """Runs mutants, so many side by side. `apply` puts a mutant in place in the fork, by its number."""

    def __init__(
        self, suite: Suite, usual: Mapping[str, float], apply: Callable[[int], None], limits: Limits, workers: int
    ) -> None:
        self.suite = suite
        self.usual = usual
        self.apply = apply
        self.limits = limits
        self.workers = workers
        self._selector = selectors.DefaultSelector()

    def run(self, work: Sequence[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Told]]:
        """Each mutant's number with what it came to, in the order in which they end. The names are of the tests to run."""
        waiting = list(reversed(work))
        while waiting or self._selector.get_map():
            while waiting and len(self._selector.get_map()) < self.workers:
                self._start(*waiting.pop())
            yield from self._listen()

    def _start(self, number: int, names: Sequence[str]) -> None:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._be_mutant(writer, number, names)
        os.close(writer)
        patience = PATIENCE * (self.limits.seconds + sum(self.limits.times * self.usual[name] for name in names))
        self._selector.register(reader, selectors.EVENT_READ, _Running(pid, number, time.monotonic() + patience))

    def _listen(self) -> Iterator[tuple[int, Told]]:
        for key, _ in self._selector.select(timeout=0.5):
            data = os.read(key.fd, CHUNK)
            key.data.text += data
            if not data:
                yield key.data.number, self._ended(key.fd, key.data, overdue=False)
        now = time.monotonic()
        for key in list(self._selector.get_map().values()):
            if key.data.deadline < now:
                os.kill(key.data.pid, signal.SIGKILL)
                yield key.data.number, self._ended(key.fd, key.data, overdue=True)

    def _ended(self, reader: int, running: _Running, *, overdue: bool) -> Told:
        self._selector.unregister(reader)
        os.close(reader)
        _, status = os.waitpid(running.pid, 0)
        said = [json.loads(line) for line in running.text.splitlines() if line.endswith(b"}")]
        if said and "told" in said[-1]:
            found = said[-1]["told"]
            return Told(found["by"], How(found["how"]) if found["how"] else None, found["detail"], found["unjudged"])
        by = next((each["test"] for each in reversed(said) if "test" in each), "before its first test")
        code = os.waitstatus_to_exitcode(status)
        if overdue or code == -signal.SIGPROF:
            return Told(
                by, How.TIMED_OUT, f"used more than its time ({self.limits.of_test(self.usual.get(by, 0)):.1f} s)"
            )
        detail = (
            f"ended by signal {signal.Signals(-code).name}" if code < 0 else f"ended its process with status {code}"
        )
        return Told(by, How.CRASHED, detail)

    def _be_mutant(self, writer: int, number: int, names: Sequence[str]) -> NoReturn:
        """In the fork. It never comes back from here."""
        status = 1
        try:
            limit_memory(self.limits.memory_gib)
            self.apply(number)
            told = self._through(writer, names)
            _say(writer, {"told": {"by": told.by, "how": told.how, "detail": told.detail, "unjudged": told.unjudged}})
            status = 0
        finally:
            os._exit(status)

    def _through(self, writer: int, names: Sequence[str]) -> Told:
        """Run the tests until one notices."""
        unjudged = False
        for name in names:
            _say(writer, {"test": name})
            signal.setitimer(signal.ITIMER_PROF, self.limits.of_test(self.usual[name]))
            noticed = self.suite.run(name)
            signal.setitimer(signal.ITIMER_PROF, 0)
            if noticed is not None and noticed.how is not None:
                return Told(name, noticed.how, noticed.detail)
            unjudged = unjudged or noticed is not None
        return Told(unjudged=unjudged)


def _say(writer: int, what: dict[str, Any]) -> None:
    os.write(writer, json.dumps(what).encode() + b"\n")
