"""A child process in which an entry's code runs: never in the command's own. It is given a request and tells lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.profile import Profile
from matrix.runner.output import read_tail
from matrix.runner.processes import SESSION_VARIABLE, end_marked
from matrix.runner.spawn import ROOT

LOG_LIMIT = 2000
HOLDING = "matrix.challenge.holding"
HANDED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Answers:
    """What a child answered. `code` is its exit status, None when its time was up; `said` the last line that it printed."""

    lines: tuple[Mapping[str, Any], ...]
    code: int | None
    said: str

    @property
    def ending(self) -> str:
        return "took more than its time" if self.code is None else f"ended early (status {self.code}): {self.said}"


def ask(
    module: str, request: Mapping[str, Any], profile: Profile, seconds: float, entry: Path | None = None
) -> Answers:
    """Run `python -m module REQUEST` in a folder of its own, and end all that it leaves behind.

    `entry` is the folder of an entry whose code the child runs: then it is held, and reads nothing else of a person's.
    """
    with tempfile.TemporaryDirectory(prefix="matrix-entry-") as name:
        folder = Path(name)
        path, answers, log = folder / "request.json", folder / "answers.jsonl", folder / "log"
        path.write_text(json.dumps({**request, "answers": str(answers), "parent": os.getpid()}), encoding="utf-8")
        mark = uuid.uuid4().hex
        held = [HOLDING, str(entry), str(folder), str(os.getpid())] if entry is not None else []
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", *held, module, str(path)],
                cwd=folder,
                env=_environment(profile, mark, folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            code = _wait(process, mark, seconds)
        said = (read_tail(log, LOG_LIMIT) or "it said nothing").strip().splitlines()[-1]
        return Answers(tuple(_read(answers)), code, said)


def _wait(process: subprocess.Popen[bytes], mark: str, seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        process.kill()
        process.wait()
        end_marked(mark)


def _read(path: Path) -> list[dict[str, Any]]:
    """The lines that the child told; what is none, such as an unfinished last one, is left out."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [line for line in found if isinstance(line, dict)]


def _environment(profile: Profile, mark: str, folder: Path) -> dict[str, str]:
    """What the child sees of ours: where programs are found. Home and scratch are the folder that is removed afterwards."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    kept = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    return {
        **kept,
        **one,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "MATRIX_CACHE": str(folder / "cache"),
        SESSION_VARIABLE: mark,
        **dict(profile.environment),
    }
