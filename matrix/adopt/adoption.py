"""An adoption: what the processes that carry a suite must know. The controller writes it, its workers read it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

from backends.profile import Profile
from matrix.outcome import Evidence
from matrix.runner.session import Session

# Under this name a worker's input says where its adoption lies.
INPUT = "matrix_adoption"
# An adopted suite judges on what is there, as it would without us.
EVIDENCE = Evidence.RUN


@dataclass(frozen=True)
class Adoption:
    """One run of a suite.

    session  where its files lie, and the limits of a test
    rows     what a test belongs to: `mark`, `file`, or `auto` (matrix/adopt/naming.py)
    kernels  the package whose kernels every passing test must have launched; empty: launches are recorded only
    """

    session: Session
    profile: Profile
    rows: str = "auto"
    kernels: str = ""

    @property
    def path(self) -> Path:
        return self.session.path.with_suffix(".adoption")

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(pickle.dumps(self))


def load_adoption(path: Path) -> Adoption:
    """The adoption that the controller has just saved."""
    adoption = pickle.loads(path.read_bytes())  # noqa: S301 - written by our parent a moment ago, as a session is
    if not isinstance(adoption, Adoption):
        raise TypeError(f"{path} holds {type(adoption).__name__}, not an adoption")
    return adoption
