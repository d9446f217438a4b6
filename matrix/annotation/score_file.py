"""`score.json`: what a submission or run came to, written for a leaderboard, and read back as a stranger's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix.annotation.scoring import Score
from workloads.annotation.json_text import JsonTextError, parse_json
from workloads.annotation.problem import Problem, refuse, shown
from workloads.annotation.tasks import TASKS

FORMAT = "annotation-score/1"
BYTES = 1024 * 1024
NAME = 120


@dataclass(frozen=True)
class Standing:
    """What a leaderboard needs of an entry's score: values from 0 to 1, and the tasks that have none.

    scaled  the contexts were smaller than the competition's;  by: what it was held against, and which file
    """

    entry: str
    tasks: Mapping[int, float]
    absent: Mapping[int, str]
    by: str
    scaled: bool
    place: str = ""

    @property
    def prediction(self) -> float | None:
        """The plain mean of the eight; None while one is missing."""
        return sum(self.tasks.values()) / len(TASKS) if len(self.tasks) == len(TASKS) else None


def score_fields(score: Score, entry: str, by: str, *, scaled: bool, facts: Mapping[str, str]) -> dict[str, Any]:
    """The file's content."""
    return {
        "format": FORMAT,
        "entry": entry,
        "by": by,
        "scaled": scaled,
        "facts": dict(facts),
        "total": score.total,
        "mean_of_scored": score.mean_of_scored,
        "tasks": {
            str(number): {
                "name": task.task.name,
                "value": task.value,
                "shares": {name: share.fields for name, share in task.shares.items()},
                "missing": task.missing,
                "misformed": task.misformed,
                "notes": list(task.notes),
                "operators": [
                    {"id": each.id, "called": each.called, "right": each.right, "used": each.used.value}
                    | {"problem": each.problem, "kernels": list(each.kernels), "beside": list(each.beside)}
                    for each in task.tried
                ],
            }
            for number, task in score.tasks.items()
        },
        "absent": {str(number): why for number, why in score.absent.items()},
    }


def write_score(path: Path, fields: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(fields, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_standing(path: Path) -> Standing:
    """A score of somebody's. Raises AnnotationError with all problems."""
    problems: list[Problem] = []
    try:
        data = path.read_bytes() if path.stat().st_size <= BYTES else b""
        value = parse_json(data)
    except (OSError, JsonTextError) as error:
        refuse([Problem(str(path), f"cannot be read ({error})", "name a score.json that `annotate score` wrote")])
        raise
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        refuse([Problem(str(path), f"is no {FORMAT}", "name a score.json that `annotate score` wrote")])
        raise AssertionError
    entry, by, scaled = value.get("entry"), value.get("by"), value.get("scaled")
    if not isinstance(entry, str) or not 0 < len(entry.strip()) <= NAME or not entry.isprintable():
        problems.append(Problem(f"{path}: entry", f"is {shown(entry)}", f"write a name of 1 to {NAME} characters"))
    if not isinstance(by, str) or len(by) > NAME or not isinstance(scaled, bool):
        problems.append(
            Problem(f"{path}: by, scaled", f"are {shown(by)} and {shown(scaled)}", "write a text and true or false")
        )
    tasks = _values(value.get("tasks"), path, problems)
    absent = value.get("absent")
    reasons = (
        {int(key): str(why)[:400] for key, why in absent.items() if _is_task(key)} if isinstance(absent, dict) else {}
    )
    for number in TASKS:
        if (number in tasks) is (number in reasons) and not problems:
            problems.append(
                Problem(f"{path}: task {number}", "has neither a value nor a reason, or both", "score it again")
            )
    refuse(problems)
    return Standing(str(entry), tasks, reasons, str(by), bool(scaled), str(path))


def _is_task(key: str) -> bool:
    return key.isdecimal() and key.isascii() and int(key) in TASKS


def _values(tasks: object, path: Path, problems: list[Problem]) -> dict[int, float]:
    found = {}
    for key, task in tasks.items() if isinstance(tasks, dict) else ():
        value = task.get("value") if isinstance(task, dict) else None
        if not _is_task(key) or isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            problems.append(
                Problem(f"{path}: tasks.{shown(key)}", f"has the value {shown(value)}", "from 0 to 1, task 1 to 8")
            )
        else:
            found[int(key)] = float(value)
    return found
