"""A session: the cells that one pytest process carries, how, and where its files lie.

It is handed to the processes of the session as a pickle in a file written just before they start: they get exactly the
cells that were planned, with no second reading of the catalogue. The file is removed when the session ends and is never
read by a later one.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backends.profile import Limits
from matrix.cell import Cell


@dataclass(frozen=True)
class RunSettings:
    """How cells are carried.

    judge         address of `judge(cell, announce) -> Result`
    warm          address of `warm(cell) -> None`: imports, once per worker; empty: none
    probe         address of `probe() -> str | None`: why the device is not well; empty: none
    workers       processes side by side, for a profile whose cells may share a device
    devices       by profile, names for its `one_device` variable: workers are spread over them; none: whatever is there
    environment   variables of the workers besides the profile's own; `{profile}` in a value is the profile's name
    by_evidence   further variables of the workers that give an evidence
    grace         seconds after the limit until a worker that its own watchdog did not end is killed from outside
    start_seconds what a worker may take for its imports
    bad_starts    failed probes and starts in a row that put the device in quarantine
    pytest        further arguments for pytest
    """

    judge: str = "matrix.judging.judge:judge"
    warm: str = "matrix.judging.readiness:warm"
    probe: str = "matrix.judging.readiness:probe"
    workers: int = 2
    devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    by_evidence: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    grace: float = 5.0
    start_seconds: float = 300.0
    bad_starts: int = 3
    pytest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A cell to carry, and which attempt at it this is."""

    cell: Cell
    id: str
    attempt: int


@dataclass(frozen=True)
class Session:
    """One pytest process, its workers and their tasks: all of one profile and one evidence.

    name     `<run>-<number>`, unique in the directory;  mark: what its processes carry in their environment
    parent   pid of the orchestrator, without which the session must not live
    devices  those that its workers are spread over, by their names for the profile's `one_device` variable
    """

    name: str
    directory: Path
    mark: str
    parent: int
    limits: Limits
    settings: RunSettings
    tasks: tuple[Task, ...]
    devices: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return self.directory / "workers" / f"{self.name}.session"

    @property
    def log(self) -> Path:
        """What pytest itself printed."""
        return self.directory / "workers" / f"{self.name}.log"

    def journal(self, worker: str) -> Path:
        return self.directory / f"journal-{self.name}-{worker}.jsonl"

    def announcement(self, worker: str) -> Path:
        return self.directory / "workers" / f"{self.name}-{worker}.now"

    def output(self, worker: str) -> Path:
        return self.directory / "workers" / f"{self.name}-{worker}.out"

    def stack(self, worker: str) -> Path:
        """Where the watchdog writes the traceback of a hang."""
        return self.directory / "workers" / f"{self.name}-{worker}.stack"

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(pickle.dumps(self))


def load_session(path: Path) -> Session:
    """The session that the orchestrator has just saved."""
    session = pickle.loads(path.read_bytes())  # noqa: S301 - written by our parent a moment ago, see above
    if not isinstance(session, Session):
        raise TypeError(f"{path} holds {type(session).__name__}, not a session")
    return session
