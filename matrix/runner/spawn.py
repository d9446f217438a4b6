"""One pytest process, from its start to the end of everything it left behind."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import matrix
from backends.profile import Profile
from matrix.runner.processes import SESSION_VARIABLE, end_marked
from matrix.runner.session import Session

ROOT = Path(matrix.__file__).resolve().parents[1]
OF_PROFILE = "{profile}"  # in a variable of the settings: the name of the profile that the process serves
# Everything of pytest that costs time per case or start and that a cell does not use.
WITHOUT = (
    "cacheprovider",
    "capture",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "logging",
    "monkeypatch",
    "pastebin",
    "recwarn",
    "setuponly",
    "setupplan",
    "skipping",
    "stepwise",
    "subtests",
    "threadexception",
    "tmpdir",
    "unittest",
    "unraisableexception",
    "warnings",
)
# Settings of the caller's own pytest runs that must not reach ours.
FOREIGN = (
    "PYTEST_ADDOPTS",
    "PYTEST_PLUGINS",
    "PYTEST_XDIST_WORKER",
    "PYTEST_CURRENT_TEST",
    "PYTEST_XDIST_AUTO_NUM_WORKERS",
)


class Carrying:
    """A session at work; leaving the context ends all of it."""

    def __init__(self, session: Session, profile: Profile, workers: int) -> None:
        session.save()
        self.session = session
        with session.log.open("wb") as log:
            self.process = subprocess.Popen(
                command(session, profile, workers),
                env=environment(session, profile, workers),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        end_marked(self.session.mark)
        self.session.path.unlink(missing_ok=True)
        for path in self.session.path.parent.glob(f"{self.session.name}-*"):
            if path.suffix == ".now" or not path.stat().st_size:
                path.unlink()

    def alive(self) -> bool:
        """Whether pytest still works."""
        return self.process.poll() is None


def command(session: Session, profile: Profile, workers: int) -> list[str]:
    """The command line of pytest."""
    # -P: a folder named `matrix` where the user stands must not be taken for ours.
    arguments = [sys.executable, "-P", "-m", "pytest", "-p", "xdist.plugin", "-p", "matrix.runner.plugin"]
    for name in WITHOUT:
        arguments += ["-p", f"no:{name}"]
    arguments += ["-c", os.devnull, "--rootdir", str(session.directory), "--noconftest", "--quiet", "--tb=no", "-rN"]
    # Slow cells stand together in a plan: with `load` 400 cells, the slow ones in front, took 1.26 times as long.
    arguments += ["--dist", "worksteal", "--max-worker-restart", "1000000"]
    arguments += _workers(session, profile, workers)
    return [*arguments, *session.settings.pytest, "--matrix-session", str(session.path)]


def _workers(session: Session, profile: Profile, workers: int) -> list[str]:
    number = min(workers, len(session.tasks))
    if not session.devices:
        return ["-n", str(number)]
    spread = itertools.islice(itertools.cycle(session.devices), number)
    return [part for device in spread for part in ("--tx", f"popen//env:{profile.one_device}={device}")]


def environment(session: Session, profile: Profile, workers: int) -> dict[str, str]:
    """The environment of a session, complete before its processes start."""
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    variables = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    variables |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONHASHSEED": "0"}
    variables |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", SESSION_VARIABLE: session.mark}
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"), str(Path.cwd()))))
    settings = session.settings
    given = {**settings.environment, **settings.by_evidence.get(session.tasks[0].cell.evidence, {})}
    given = {name: value.replace(OF_PROFILE, profile.name) for name, value in given.items()}
    return variables | dict(profile.environment) | given
