"""A run's folder: `run.json` says what was asked, `openseek-<k>.answers.jsonl` has a line for each sample that has ended.

A line is one write to a file opened for appending, so that a kill loses at most the samples in flight. A resumed run goes
on only where everything that decides answers is the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix.annotation.answered import Answered, Ending, read_answered
from matrix.usage import UsageError
from workloads.annotation.data_file import SampleId
from workloads.annotation.tasks import TASKS, AnnotationTask

HEADER = "run.json"
LINE_BYTES = 4 * 1024 * 1024
# What a run may be resumed in spite of: it decides no answer.
FREE = ("started", "batch")


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run."""

    path: Path

    @property
    def header(self) -> dict[str, Any]:
        """What was asked. Raises UsageError where the folder is no run's."""
        try:
            found = json.loads((self.path / HEADER).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(
                f"{self.path}: {HEADER} cannot be read ({error}); name the folder that `annotate run` wrote"
            ) from None
        if not isinstance(found, dict) or not isinstance(found.get("tasks"), dict):
            raise UsageError(f"{self.path}: {HEADER} is not what `annotate run` writes; name the folder of a run")
        return found

    def begin(self, header: Mapping[str, Any]) -> None:
        """Start a run. Raises UsageError where there is one already."""
        if (self.path / HEADER).exists():
            raise UsageError(f"{self.path} holds a run already; go on with it: --resume {self.path}")
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / HEADER).write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")

    def resume(self, header: Mapping[str, Any]) -> None:
        """Go on with a run. Raises UsageError that says what differs from it."""
        before = self.header
        plain = json.loads(json.dumps(header))
        differ = [key for key in sorted({*before, *plain} - set(FREE)) if before.get(key) != plain.get(key)]
        if differ:
            raise UsageError(
                f"{self.path}: {', '.join(differ)} differ from those of the run that is to be resumed; its answers "
                "would be of two kinds: start a new run"
            )

    def journal(self, task: AnnotationTask) -> Path:
        return self.path / f"{task.id}.answers.jsonl"

    def append(self, task: AnnotationTask, answered: Answered) -> None:
        """Write one sample's end, on a line of its own whatever a kill has left before it."""
        data = json.dumps(answered.line).encode() + b"\n"
        file = os.open(self.journal(task), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                data = b"\n" + data
            while data:
                data = data[os.write(file, data) :]
            os.fsync(file)
        finally:
            os.close(file)

    def read(self, task: AnnotationTask) -> dict[SampleId, Answered]:
        """How each sample ended; of one that was asked again, the last end. What is no line of ours is passed over."""
        found: dict[SampleId, Answered] = {}
        path = self.journal(task)
        for line in path.read_bytes().splitlines() if path.is_file() else ():
            try:
                answered = read_answered(json.loads(line)) if len(line) <= LINE_BYTES else None
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            if answered is not None:
                found[answered.id] = answered
        return found

    def settled(self, task: AnnotationTask) -> dict[SampleId, Answered]:
        """The samples that a resumed run does not ask again."""
        return {id_: each for id_, each in self.read(task).items() if each.ending is not Ending.BROKEN}

    @property
    def tasks(self) -> list[AnnotationTask]:
        """The run's tasks, in their order."""
        return [TASKS[int(number)] for number in self.header["tasks"] if number.isdecimal() and int(number) in TASKS]
