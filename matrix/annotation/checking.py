"""Checking predictions line by line: what a platform would refuse or count as wrong, with file and line, before it is sent."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from matrix.annotation.archive import missing_files, read_archive
from workloads.annotation.answers import fault
from workloads.annotation.data_file import ID, SampleId
from workloads.annotation.json_text import JsonTextError, parse_json
from workloads.annotation.problem import Problem, shown
from workloads.annotation.tasks import TASKS, AnnotationTask

# Problems that are listed of one file; how many more there are is said.
LISTED = 1000
LISTED_IDS = 20
KEYS = ("test_sample_id", "prediction")

Ids = Mapping[int, Collection[SampleId]]


@dataclass
class Predictions:
    """A file of predictions: what could be read of it, and everything that is wrong with it."""

    task: AnnotationTask
    place: str
    found: dict[SampleId, str] = field(default_factory=dict)
    lines: dict[SampleId, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    more: int = 0

    def complain(self, line: int | None, found: str, remedy: str) -> None:
        if len(self.problems) >= LISTED:
            self.more += 1
            return
        self.problems.append(Problem(self.place if line is None else f"{self.place}:{line}", found, remedy))

    @property
    def all_problems(self) -> Iterator[Problem]:
        yield from self.problems
        if self.more:
            yield Problem(self.place, f"has {self.more} problems more", "correct those that are listed first")


@dataclass(frozen=True)
class Checked:
    """A submission: the predictions of each task, and all problems. `compared`: ids were held against the data."""

    predictions: Mapping[int, Predictions]
    problems: tuple[Problem, ...]
    compared: bool


def check_submission(data: bytes, place: str, ids: Ids | None = None) -> Checked:
    """Everything that is wrong with a zip. `ids` are the test samples of each task; without them only numbers are checked."""
    archive = read_archive(data, place)
    read = {
        number: read_predictions(text, f"{place}: {name}", TASKS[number], None if ids is None else ids.get(number))
        for number, (name, text) in sorted(archive.members.items())
    }
    problems = [*archive.problems, *missing_files(archive)]
    for predictions in read.values():
        problems += predictions.all_problems
    return Checked(read, tuple(problems), ids is not None)


def read_predictions(
    data: bytes, place: str, task: AnnotationTask, ids: Collection[SampleId] | None = None
) -> Predictions:
    """A file of predictions, with everything that is wrong with it."""
    found = Predictions(task, place)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found.complain(1, "is UTF-16", "write UTF-8")
        return found
    if data.startswith(codecs.BOM_UTF8):
        found.complain(
            1, "begins with a byte order mark (BOM), which breaks the platform's reader", "write UTF-8 without"
        )
        data = data[len(codecs.BOM_UTF8) :]
    if _is_one_value(data):
        found.complain(
            1, "is one JSON value over many lines", "write JSON lines: one object a line, no list around them"
        )
        return found
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.strip(b"\r \t"):
            _read_line(found, number, line)
        elif number < len(lines) or line:
            found.complain(number, "is an empty line", "leave it out")
    _compare_ids(found, ids)
    return found


def _is_one_value(data: bytes) -> bool:
    """Whether this is a whole JSON file and no JSON lines: a list, or an object over several lines."""
    start = data.lstrip()[:1]
    if start == b"[":
        return True
    first = data.lstrip().split(b"\n", 1)[0].strip()
    return first in (b"{", b"{}")


def _read_line(found: Predictions, number: int, line: bytes) -> None:
    try:
        value = parse_json(line)
    except JsonTextError as error:
        found.complain(number, str(error), 'write {"test_sample_id": ..., "prediction": "..."} in UTF-8')
        return
    if not isinstance(value, dict):
        found.complain(number, "is no JSON object", 'write {"test_sample_id": ..., "prediction": "..."}')
        return
    for key in KEYS:
        if key not in value:
            found.complain(number, f"has no {key}", "add it")
    for key in sorted(set(value) - set(KEYS)):
        found.complain(number, f"has the unknown key {shown(key)}", f"allowed are {' and '.join(KEYS)}")
    id_, prediction = value.get(KEYS[0]), value.get(KEYS[1])
    known = _read_id(found, number, id_) if KEYS[0] in value else None
    if KEYS[1] in value and isinstance(text := _read_prediction(found, number, prediction), str) and known is not None:
        found.found[known] = text


def _read_id(found: Predictions, number: int, id_: object) -> SampleId | None:
    if not isinstance(id_, str | int) or isinstance(id_, bool) or not 0 < len(str(id_)) <= ID:
        found.complain(
            number, f"test_sample_id is {shown(id_)}", f"write a text of 1 to {ID} characters, or an integer"
        )
        return None
    if id_ in found.lines:
        found.complain(
            number, f"test_sample_id {shown(id_)} is that of line {found.lines[id_]} too", "leave one of them"
        )
        return None
    found.lines[id_] = number
    return id_


def _read_prediction(found: Predictions, number: int, value: object) -> str | None:
    if value is None:
        found.complain(number, "prediction is null", "ask that sample again: a failed call is no answer")
        return None
    if not isinstance(value, str):
        found.complain(number, f"prediction is {shown(value)}, no text", f"write {str(value)[:40]!a} as a text")
        return None
    if wrong := fault(found.task, value):
        found.complain(number, f"prediction {wrong}", f"{found.task.id} asks for {found.task.wanted}")
    return value


def _compare_ids(found: Predictions, ids: Collection[SampleId] | None) -> None:
    if ids is None:
        if len(found.lines) != found.task.test:
            due = f"{found.task.id} has {found.task.test} test samples"
            found.complain(
                None, f"has {len(found.lines)} different ids", f"{due}; name the data to see which: --data DIR"
            )
        return
    wanted = set(ids)
    texts = {str(id_): id_ for id_ in wanted}
    for id_, line in found.lines.items():
        if id_ not in wanted:
            other = texts.get(str(id_))
            hint = f"the data has it as {shown(other)}" if other is not None else "the data has no such test sample"
            found.complain(line, f"test_sample_id {shown(id_)} is unknown", hint)
    absent = [id_ for id_ in ids if id_ not in found.lines]
    for id_ in absent[:LISTED_IDS]:
        found.complain(None, f"has no prediction for {shown(id_)}", "add its line")
    if len(absent) > LISTED_IDS:
        found.complain(None, f"has no prediction for {len(absent) - LISTED_IDS} samples more", "add their lines")
