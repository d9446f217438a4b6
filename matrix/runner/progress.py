"""Progress: how far a run is, and how a terminal or a log is told."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TextIO

from matrix.outcome import Outcome

LOG_SECONDS = 10.0
LOG_SHARE = 0.1


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    done, total   cells with a result, and all planned;  confirming: bad results that are being tried again
    seconds_left  an estimate; None while there is nothing to estimate from
    running       what the workers are at
    """

    done: int
    total: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    seconds_left: float | None = None
    running: tuple[str, ...] = ()
    confirming: int = 0


def describe(progress: Progress) -> str:
    """Progress as one line."""
    counts = ", ".join(f"{progress.outcomes[outcome]} {outcome}" for outcome in Outcome if progress.outcomes[outcome])
    parts = [f"{progress.done}/{progress.total}", counts]
    if progress.confirming:
        parts.append(f"confirming {progress.confirming}")
    if progress.seconds_left is not None:
        parts.append(f"{describe_seconds(progress.seconds_left)} left")
    return "  ".join(part for part in parts if part)


def describe_seconds(seconds: float) -> str:
    """A duration as a person says it: `45 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Display:
    """Shows progress: one live line on a terminal, a plain line now and then elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self._shown = ""
        self._logged_at = time.monotonic()
        self._logged_done = 0

    def __call__(self, progress: Progress) -> None:
        line = describe(progress)
        if self.live:
            self._rewrite(self._with_running(line, progress))
        elif self._due(progress):
            self._logged_at, self._logged_done = time.monotonic(), progress.done
            self.stream.write(line + "\n")
            self.stream.flush()

    def close(self) -> None:
        """Leave the terminal's cursor on a fresh line."""
        if self.live and self._shown:
            self.stream.write("\n")
            self.stream.flush()
            self._shown = ""

    def _with_running(self, line: str, progress: Progress) -> str:
        if progress.running:
            line = f"{line}  {progress.running[0]}"
        return line[: shutil.get_terminal_size().columns - 1]

    def _rewrite(self, line: str) -> None:
        if line != self._shown:
            self.stream.write("\r" + line.ljust(len(self._shown)))
            self.stream.flush()
            self._shown = line

    def _due(self, progress: Progress) -> bool:
        if progress.done == self._logged_done:
            return False
        late = time.monotonic() - self._logged_at >= LOG_SECONDS
        far = progress.done - self._logged_done >= LOG_SHARE * progress.total
        return late or far or progress.done == progress.total
