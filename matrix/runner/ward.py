"""A ward: one worker process as the warden sees it from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from matrix.runner.death import Reason
from matrix.runner.processes import kill

LAST_WORDS = 0.5  # seconds to write a traceback
MEMORY_EVENTS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))


@dataclass
class Ward:
    """One worker, as seen from outside."""

    name: str
    process: subprocess.Popen[bytes]
    kills: int
    serial: int = -1
    memory: float = 0.0
    ended_for: Reason | None = None
    charged: str | None = None
    device: str = ""

    @property
    def worker(self) -> str:
        return f"{self.name}-{self.process.pid}"

    def dead(self) -> bool:
        """Whether it has ended; its zombie stays, so that its process group cannot be another's yet."""
        if self.process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.process.pid, options) is not None
        except ChildProcessError:
            return True

    def end(self, reason: Reason) -> None:
        """End it, with a traceback in its output if it still can write one."""
        self.ended_for = reason
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGABRT)
        deadline = time.monotonic() + LAST_WORDS
        while not self.dead() and time.monotonic() < deadline:
            time.sleep(0.005)
        kill(self.process.pid)

    def bury(self) -> int:
        """End whatever is left of its process group, and its exit status."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()


def count_kills() -> int:
    """How often the kernel has killed a process for lack of memory, as far as it says."""
    for path in MEMORY_EVENTS:
        try:
            fields = path.read_text().split()
        except OSError:
            continue
        if "oom_kill" in fields:
            return int(fields[fields.index("oom_kill") + 1])
    return 0
