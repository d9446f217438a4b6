"""Labels from elsewhere, read strictly: JSON lines `{"test_sample_id": ..., "label": "..."}`, one file a task."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from matrix.usage import UsageError
from workloads.annotation.data_file import FILE_BYTES, PROBLEMS, SampleId
from workloads.annotation.json_text import JsonTextError, parse_json
from workloads.annotation.problem import Problem, refuse, shown

NAME = re.compile(r"openseek-([1-8])(?![0-9]).*\.jsonl")
KEYS = {"test_sample_id", "label"}


def read_labels(path: Path) -> dict[int, dict[SampleId, str]]:
    """The labels of a folder, or of one file, by task. Raises AnnotationError with all problems, UsageError for none."""
    paths = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    named = [(each, NAME.fullmatch(each.name)) for each in paths]
    if not path.exists() or not any(match for _, match in named):
        raise UsageError(f"{path}: holds no openseek-<k>*.jsonl; name the file or folder with the labels")
    problems: list[Problem] = []
    found: dict[int, dict[SampleId, str]] = {}
    for file, match in named:
        if match is not None:
            found[int(match[1])] = dict(_read(file, problems))
    refuse(problems[:PROBLEMS])
    return found


def _read(path: Path, problems: list[Problem]) -> Mapping[SampleId, str]:
    found: dict[SampleId, str] = {}
    if path.stat().st_size > FILE_BYTES:
        problems.append(Problem(path.name, f"has {path.stat().st_size} bytes", f"at most {FILE_BYTES} are allowed"))
        return found
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{path.name}:{number}"
        try:
            value = parse_json(line)
        except JsonTextError as error:
            problems.append(Problem(place, str(error), 'write {"test_sample_id": ..., "label": "..."}'))
            continue
        if not isinstance(value, dict) or set(value) != KEYS:
            problems.append(Problem(place, "is no object of test_sample_id and label", "write both, and nothing else"))
            continue
        id_, label = value["test_sample_id"], value["label"]
        if not isinstance(id_, str | int) or isinstance(id_, bool) or not isinstance(label, str):
            problems.append(Problem(place, f"has {shown(id_)} and {shown(label)}", "write an id and a text"))
        elif id_ in found:
            problems.append(Problem(place, f"labels {shown(id_)} a second time", "leave one"))
        else:
            found[id_] = label
    return found
