"""Starting the arena's keeper: its environment, its folders, its process. It imports no torch: the keeper does meanwhile."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from backends.profile import Profile
from matrix.cell import Cell
from matrix.outcome import Evidence
from matrix.runner.processes import KEPT, SESSION_VARIABLE, alive, birth
from matrix.runner.spawn import ROOT

PREFIX = "matrix-arena-"
HANDED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", SESSION_VARIABLE)
# Names that are ours, Python's or a person's; the rest of a machine's environment goes to a device's software if it is paths.
OURS = ("MATRIX_", "PYTHON", "PYTEST", "HOME", "TMP", "TEMP", "XDG_", "OLDPWD", "PWD", "SSH_", "TRITON_", "FLAGGEMS_")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Started:
    """A keeper that has been started and told its cell: its process, the socket to it, its folder and its output."""

    cell: Cell
    process: subprocess.Popen[bytes]
    control: socket.socket
    scratch: Path
    log: Path


def start(cell: Cell) -> Started:
    """Start a keeper for cells like this one. It is not ready yet."""
    _sweep()
    name = f"{PREFIX}{os.getpid()}-{birth(os.getpid())}-"
    scratch = Path(tempfile.mkdtemp(prefix=name)).resolve()
    log = Path(f"{scratch}.log")
    control, theirs = socket.socketpair()
    with theirs, log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", "matrix.challenge.arena.keeper", str(theirs.fileno())],
            cwd=scratch,
            env=environment(cell.profile, cell.evidence, scratch),
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    KEPT.add(process.pid)
    control.sendall(pickle.dumps(cell))
    return Started(cell, process, control, scratch, log)


def environment(profile: Profile, evidence: Evidence, scratch: Path) -> dict[str, str]:
    """All variables of a keeper and its children: nothing of the caller's that could be a secret."""
    kept = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    paths = [str(ROOT)]
    if not evidence.emulated:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(OURS) and _is_paths(value)
        } | kept
        paths += [
            part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and Path(part).is_absolute()
        ]
        if profile.one_device and profile.one_device in os.environ:
            kept[profile.one_device] = os.environ[profile.one_device]
    here = {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "TRITON_CACHE_DIR": str(scratch / ".triton"),
        "FLAGGEMS_CACHE_DIR": str(scratch / ".flag_gems"),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
    }
    return {**kept, **dict.fromkeys(THREADS, "1"), **here, **dict(profile.environment)}


def _is_paths(value: str) -> bool:
    """Whether a variable holds nothing but folders and files that are there."""
    parts = [part for part in value.split(os.pathsep) if part]
    return bool(parts) and all(part.startswith("/") and Path(part).exists() for part in parts)


def _sweep() -> None:
    """Remove what was left by judges that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid, _, born = path.name.removeprefix(PREFIX).partition("-")
        born = born.partition("-")[0]
        if pid.isdigit() and born.isdigit() and not alive(int(pid), int(born)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
