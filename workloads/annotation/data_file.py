"""The official file format of a task: one JSON object, read strictly, with all problems at once, and written back.

    {"task_id": "openseek-1", "task_name": "closest_integers", "Definition": ["..."],
     "examples": [{"id": ..., "input": "...", "output": ["..."]}], "test_samples": [{"id": ..., "input": "..."}],
     "License": ...}

A file comes from elsewhere: its size, its encoding, its ids and its texts are held to limits before anything is done with
it. The labels of its examples are not held to the task's form: they are the organisers'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workloads.annotation.json_text import Json, JsonTextError, parse_json
from workloads.annotation.problem import AnnotationError, Problem, refuse, shown
from workloads.annotation.tasks import AnnotationTask, task_of_id

FILE_BYTES = 256 * 1024 * 1024
ENTRIES = 100_000
TEXT = 1_000_000
ID = 200
PROBLEMS = 1000
CHECKS_SUFFIX = ".checks.json"
_KEYS = ("task_id", "task_name", "Definition", "examples", "test_samples", "License")

SampleId = str | int


@dataclass(frozen=True)
class Sample:
    """What is to be labelled."""

    id: SampleId
    input: str


@dataclass(frozen=True)
class Example:
    """A sample with its label."""

    id: SampleId
    input: str
    output: str


@dataclass(frozen=True)
class TaskFile:
    """A task's data."""

    task: AnnotationTask
    definition: str
    examples: tuple[Example, ...]
    samples: tuple[Sample, ...]
    licence: Json


@dataclass
class _Reader:
    """Gathers problems; gives harmless values in place of wrong ones."""

    place: str
    problems: list[Problem] = field(default_factory=list)

    def complain(self, key: str, found: str, remedy: str) -> None:
        if len(self.problems) < PROBLEMS:
            self.problems.append(Problem(f"{self.place}: {key}" if key else self.place, found, remedy))

    def text(self, key: str, value: Json, *, empty: bool = False) -> str:
        if not isinstance(value, str):
            self.complain(key, f"is {shown(value)}", "write a text")
        elif len(value) > TEXT:
            self.complain(key, f"has {len(value)} characters", f"at most {TEXT} are allowed")
        elif not empty and not value.strip():
            self.complain(key, "is empty", "write a text")
        else:
            return value
        return ""

    def only(self, key: str, value: Json, *, empty: bool = False) -> str:
        """The text of a list of one."""
        if not isinstance(value, list) or len(value) != 1:
            self.complain(key, f"is {shown(value)}", "write a list of exactly one text")
            return ""
        return self.text(f"{key}[0]", value[0], empty=empty)

    def entries(self, data: dict[str, Json], key: str, keys: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Json]]]:
        found = data.get(key, [])
        if not isinstance(found, list):
            self.complain(key, f"is {shown(found)}", "write a list")
            return
        if len(found) > ENTRIES:
            self.complain(key, f"has {len(found)} entries", f"at most {ENTRIES} are allowed")
            return
        for number, entry in enumerate(found):
            place = f"{key}[{number}]"
            if not isinstance(entry, dict):
                self.complain(place, f"is {shown(entry)}", f"write an object with {', '.join(keys)}")
                continue
            for name in keys:
                if name not in entry:
                    self.complain(f"{place}.{name}", "is missing", "add it")
            for name in sorted(set(entry) - set(keys)):
                self.complain(f"{place}.{shown(name)}", "is an unknown key", f"allowed are {', '.join(keys)}")
            if set(keys) <= set(entry):
                yield place, entry

    def id(self, place: str, value: Json, known: dict[SampleId, str]) -> SampleId:
        if not isinstance(value, str | int) or isinstance(value, bool) or not 0 < len(str(value)) <= ID:
            self.complain(
                f"{place}.id", f"is {shown(value)}", f"write a text of 1 to {ID} characters, or a whole number"
            )
            return ""
        if value in known:
            self.complain(f"{place}.id", f"{shown(value)} is that of {known[value]} too", "give each its own")
        known.setdefault(value, place)
        return value


def read_task_file(data: bytes, place: str) -> TaskFile:
    """The data of a task. Raises AnnotationError with everything that is wrong with it."""
    reader = _Reader(place)
    if len(data) > FILE_BYTES:
        reader.complain("", f"has {len(data)} bytes", f"at most {FILE_BYTES} are allowed")
        refuse(reader.problems)
    try:
        value = parse_json(data)
    except JsonTextError as error:
        line = f":{error.line}" if error.line else ""
        problem = Problem(f"{place}{line}", str(error), "write one JSON object in UTF-8 without a BOM")
        raise AnnotationError([problem]) from None
    if not isinstance(value, dict):
        problem = Problem(place, "is no JSON object", f"write one with {', '.join(_KEYS)}")
        raise AnnotationError([problem])
    return _read(reader, value)


def _read(reader: _Reader, data: dict[str, Json]) -> TaskFile:
    for key in _KEYS:
        if key not in data:
            reader.complain(key, "is missing", "add it")
    for key in sorted(set(data) - set(_KEYS)):
        reader.complain(shown(key), "is an unknown key", f"allowed are {', '.join(_KEYS)}")
    task = _task(reader, data)
    definition = reader.only("Definition", data.get("Definition", ["-"]))
    known: dict[SampleId, str] = {}
    examples = tuple(
        Example(
            reader.id(where, entry["id"], known),
            reader.text(f"{where}.input", entry["input"]),
            reader.only(f"{where}.output", entry["output"], empty=True),
        )
        for where, entry in reader.entries(data, "examples", ("id", "input", "output"))
    )
    known = {}
    samples = tuple(
        Sample(reader.id(where, entry["id"], known), reader.text(f"{where}.input", entry["input"]))
        for where, entry in reader.entries(data, "test_samples", ("id", "input"))
    )
    refuse(reader.problems)
    assert task is not None
    return TaskFile(task, definition, examples, samples, data["License"])


def _task(reader: _Reader, data: dict[str, Json]) -> AnnotationTask | None:
    found = data.get("task_id")
    task = task_of_id(found) if isinstance(found, str) else None
    if task is None:
        if "task_id" in data:
            reader.complain("task_id", f"is {shown(found)}", "write openseek-1 to openseek-8")
        return None
    name = data.get("task_name", task.name)
    if name not in (task.name, *task.spelt):
        reader.complain("task_name", f"is {shown(name)}", f"write {task.name}, as {task.id} is called")
    return task


def write_task_file(file: TaskFile) -> bytes:
    """The data in the official format; the same data are the same bytes."""
    value = {
        "task_id": file.task.id,
        "task_name": file.task.name,
        "Definition": [file.definition],
        "examples": [{"id": each.id, "input": each.input, "output": [each.output]} for each in file.examples],
        "test_samples": [{"id": each.id, "input": each.input} for each in file.samples],
        "License": file.licence,
    }
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def read_data(folder: Path) -> dict[int, TaskFile]:
    """Every task of a folder, by number: each `*.json` in it but `*.checks.json`. Raises AnnotationError with all problems."""
    found: dict[int, TaskFile] = {}
    places: dict[int, str] = {}
    problems: list[Problem] = []
    paths = [path for path in sorted(folder.glob("*.json")) if not path.name.endswith(CHECKS_SUFFIX)]
    for path in paths:
        if path.stat().st_size > FILE_BYTES:
            problems.append(Problem(path.name, f"has {path.stat().st_size} bytes", f"at most {FILE_BYTES} are allowed"))
            continue
        try:
            file = read_task_file(path.read_bytes(), path.name)
        except ValueError as error:
            problems += getattr(error, "problems", ())
            continue
        if file.task.number in found:
            first = places[file.task.number]
            problems.append(Problem(path.name, f"holds {file.task.id}, as {first} does", "leave one of them"))
            continue
        found[file.task.number], places[file.task.number] = file, path.name
    if not paths:
        problems.append(Problem(str(folder), "holds no *.json", "name the folder with the tasks' files"))
    refuse(problems)
    return dict(sorted(found.items()))
