"""Asking in a child process: a driver that hangs, dies or prints becomes an answer, never the end of the doctor."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backends.profile import Profile
from matrix.runner.death import describe_status
from matrix.runner.output import read_tail
from matrix.runner.processes import kill
from matrix.runner.spawn import ROOT

LAST_WORDS = 2.0  # seconds in which a process that hangs may write where
DONE = "done"  # what a process that answers does last
SAID = 16 * 1024
_PLACE = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<function>\S+)')


@dataclass(frozen=True)
class Answer:
    """What became of a question: the facts that were found, and what ended it early, if anything did."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    def __getitem__(self, name: str) -> Any:
        return self.facts.get(name)


def ask(profile: Profile, seconds: float, question: str, *more: str) -> Answer:
    """Ask a question of matrix/doctor/questions.py, with the profile's environment, for at most so many seconds."""
    with tempfile.TemporaryDirectory(prefix="matrix-doctor-") as folder:
        answers, output = Path(folder, "answers"), Path(folder, "output")
        named = profile.path or profile.name
        command = [sys.executable, "-P", "-m", "matrix.doctor.questions", question, named, str(answers), *more]
        ended = _run(command, _environment(profile, folder), output, seconds)
        facts, doing = _read(answers)
        done = ended == 0 and doing == DONE
        said = read_tail(output, SAID) or ""
        return Answer(facts, "" if done else f"{doing}: {_sentence(ended, said, seconds)}")


def answer_of(command: str, seconds: float) -> Answer:
    """What a command of the vendor's says, such as the driver's version."""
    program = shutil.which(command)
    if program is None:
        return Answer(problem=f"`{command}` is not on the PATH")
    with tempfile.TemporaryDirectory(prefix="matrix-doctor-") as folder:
        output = Path(folder, "output")
        ended = _run([program], dict(os.environ), output, seconds)
        lines = [line.strip(" |*+-=\t") for line in (read_tail(output, SAID) or "").splitlines()]
        telling = [line for line in lines if re.search(r"driver|version", line, re.IGNORECASE)] or [
            *filter(None, lines)
        ]
        facts = {"said": " ".join(telling[0].split())[:160] if telling else "", "status": ended}
        return Answer(facts, f"`{command}` does not answer within {seconds:g} s" if ended is None else "")


def _environment(profile: Profile, folder: str) -> dict[str, str]:
    """As a worker has it, with caches of its own: a kernel must really be compiled."""
    caches = {"TRITON_CACHE_DIR": f"{folder}/triton", "FLAGGEMS_CACHE_DIR": f"{folder}/flag_gems"}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"), str(Path.cwd()))))
    return os.environ | dict(profile.environment) | caches | {"PYTHONPATH": path}


def _run(command: Sequence[str], environment: Mapping[str, str], output: Path, seconds: float) -> int | None:
    """The exit status of a process; None where it had to be ended. Nothing of its process group is left."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        try:
            process.wait(LAST_WORDS)
        except subprocess.TimeoutExpired:
            kill(process.pid)
        return None
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """The facts, and what was being done last."""
    facts: dict[str, Any] = {}
    doing = "start Python"
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # torn by its writer's death
        facts |= told.get("found", {})
        doing = told.get("doing", doing)
    return facts, doing


def _sentence(status: int | None, said: str, seconds: float) -> str:
    """How a question that was not answered ended."""
    place = _PLACE.search(said)
    where = f", in {place['function']} ({place['file']}:{place['line']})" if place else ""
    if status is None:
        return f"no answer within {seconds:g} s{where}"
    if status < 0:
        return f"{describe_status(status)}{where}"
    if status == 0:
        return "the process left with status 0 before it had answered"
    lines = [line for line in said.splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:300] if lines else describe_status(status)
