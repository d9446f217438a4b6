"""Making data for the tasks: the official format, from a seed, and beside it the labels that an organiser would keep.

For all eight tasks a program can make something. For 1, 3 and 4 the rule is the task; 2, 5, 6 and 7 are small and far
plainer than the official data (`sentences.py`, `trivia.py`); 8 has operators of our own (`kernels.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workloads.annotation.data_file import CHECKS_SUFFIX, Example, Sample, SampleId, TaskFile, write_task_file
from workloads.annotation.generating import kernels, lists, sentences, trivia
from workloads.annotation.generating.made import Maker, pairs
from workloads.annotation.tasks import TASKS

MAKERS: Mapping[int, Maker] = {
    1: lists.CLOSEST,
    2: sentences.COUNT,
    3: lists.COLLATZ,
    4: lists.CONCATENATION,
    5: sentences.SADNESS,
    6: sentences.GENRE,
    7: trivia.TRIVIA,
    8: kernels.KERNELS,
}
LICENCE = "Apache-2.0; made by a program of the compatibility matrix, no official data"
LABELS_FOLDER = "labels"


@dataclass(frozen=True)
class Made:
    """A task's data, the labels of its test samples, and how answers of task 8 are tried, by sample."""

    file: TaskFile
    labels: Mapping[SampleId, str]
    checks: Mapping[SampleId, Mapping[str, object]]


def make(number: int, *, seed: int = 0, examples: int = 64, test: int = 16) -> Made:
    """Data for a task. Raises ValueError where so many different samples cannot be made."""
    task, maker = TASKS[number], MAKERS[number]
    made = pairs(maker, number, seed, examples + test)
    ids: list[SampleId] = [f"{task.id}-example-{index}" for index in range(examples)]
    ids += [f"{task.id}-test-{index}" for index in range(test)]
    told = [Example(id_, pair.input, pair.label) for id_, pair in zip(ids[:examples], made, strict=False)]
    asked = [Sample(id_, pair.input) for id_, pair in zip(ids[examples:], made[examples:], strict=True)]
    labels = {id_: pair.label for id_, pair in zip(ids[examples:], made[examples:], strict=True)}
    checks = {id_: pair.check for id_, pair in zip(ids, made, strict=True) if pair.check}
    return Made(TaskFile(task, maker.definition, tuple(told), tuple(asked), LICENCE), labels, checks)


def write_made(made: Made, folder: Path) -> list[Path]:
    """Write the data, and into a folder of their own the labels. The files that were written."""
    task = made.file.task
    path = folder / f"{task.id}_{task.name}.json"
    labels = folder / LABELS_FOLDER / f"{task.id}.jsonl"
    labels.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write_task_file(made.file))
    lines = [json.dumps({"test_sample_id": id_, "label": label}) for id_, label in made.labels.items()]
    labels.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    written = [path, labels]
    if made.checks:
        checks = folder / f"{task.id}{CHECKS_SUFFIX}"
        listed = [{"id": id_, **check} for id_, check in made.checks.items()]
        checks.write_text(json.dumps({"checks": listed}, indent=1) + "\n", encoding="utf-8")
        written.append(checks)
    return written
