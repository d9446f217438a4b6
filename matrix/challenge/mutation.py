"""Judging tests by mutants: starts the warm worker, waits for it, and makes a MutationResult of what it told."""

from __future__ import annotations

import ast
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from backends.profile import Profile
from matrix.challenge.child import ask
from matrix.challenge.mutant import Fate, How, Judged, MutationResult
from matrix.challenge.mutating import Candidates, candidates_of
from matrix.challenge.read_mutants import Reading
from matrix.challenge.task import Task
from matrix.runner.spawn import ROOT
from matrix.usage import UsageError

WORKER = "matrix.challenge.mutation_worker"
CASES, TESTS = "cases of the task", "tests of the entry"


class MutationError(UsageError):
    """Mutants cannot be judged: the entry or its tests do not run as they are."""


@dataclass(frozen=True)
class Subject:
    """Whose mutants are judged, and by what.

    files      those whose kernels are mutated, the entry's own first;  own: how many of them are its own
    functions  by row, the entry's function; none: our own kernel
    tests      the entry's folder, whose tests judge; None: the task's cases do
    """

    name: str
    task: Task
    files: tuple[Path, ...]
    root: Path
    own: int
    functions: Mapping[str, str] = field(default_factory=dict)
    tests: Path | None = None

    @property
    def ours(self) -> bool:
        """Whether it is our own kernel, whose mutants have been read."""
        return self.tests is None and not self.functions

    @classmethod
    def of_task(cls, task: Task) -> Subject:
        """Our own kernel, judged by our own cases."""
        files = (task.kernel_file, *imported_kernels(task.kernel_file))
        return cls(task.name, task, files, ROOT, 1)


@dataclass(frozen=True)
class Budget:
    """What judging may take: seconds of a core for one test beside its usual time, memory, forks side by side, and in all.

    most  judge so many mutants at most, the same ones each time and spread over all; 0: every one
    only  judge those whose line of text, as it is printed, holds this; empty: every one
    """

    seconds: float = 3.0
    memory_gib: float = 2.0
    workers: int = 2
    in_all: float = 3600.0
    most: int = 0
    only: str = ""


def imported_kernels(file: Path) -> tuple[Path, ...]:
    """The files of this project's own kernels that one imports, with what those import."""
    found: list[Path] = []
    waiting = [file]
    while waiting:
        for name in _imports(waiting.pop()):
            path = ROOT / (name.replace(".", "/") + ".py")
            if name.startswith("operators.kernels.") and path.is_file() and path not in (file, *found):
                found.append(path)
                waiting.append(path)
    return tuple(sorted(found))


def _imports(file: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return names


def judge_mutants(subject: Subject, profile: Profile, budget: Budget) -> MutationResult:
    """Judge every mutant. Raises MutationError when the entry or its tests do not run as they are."""
    started = time.monotonic()
    request = {
        "profile": profile.name,
        "task": subject.task.name,
        "files": [str(path) for path in subject.files],
        "root": str(subject.root),
        "functions": dict(subject.functions),
        "tests": str(subject.tests or ""),
        **{key: value for key, value in asdict(budget).items() if key != "in_all"},
    }
    told = ask(WORKER, request, profile, budget.in_all, subject.root if subject.functions else None)
    refused = next((line["refused"] for line in told.lines if "refused" in line), None)
    if refused is not None:
        raise MutationError(f"{subject.name}: {refused}")
    if not any("done" in line for line in told.lines):
        raise MutationError(f"{subject.name}: the process that judges the mutants {told.ending}")
    return _result(subject, told.lines, time.monotonic() - started)


def _result(subject: Subject, lines: Sequence[Mapping[str, Any]], seconds: float) -> MutationResult:
    candidates = candidates_of(subject.files, subject.root)
    by_stage: dict[str, dict[int, Mapping[str, Any]]] = {"tests": {}, "cases": {}}
    for line in lines:
        if "number" in line:
            by_stage[line["stage"]][line["number"]] = line
    stage = "tests" if subject.tests is not None else "cases"
    head = next(line for line in lines if line.get("stage") == stage and "ran" in line)
    if not head["ran"]:
        first = next(iter(head["left_out"].items()), ("", "there are none"))
        raise MutationError(f"{subject.name}: no test passes on the kernel as it is; {first[0]}: {first[1]}")
    own = {path.relative_to(subject.root).as_posix() for path in subject.files[: subject.own]}
    judged = []
    for number, first_told in sorted(by_stage[stage].items()):
        candidate = candidates.found[number]
        shared = candidate.mutant.file not in own
        fate = _fate(first_told, by_stage["cases"].get(number) if stage == "tests" else None, shared=shared)
        killed = fate is Fate.KILLED
        judged.append(
            Judged(
                candidate.mutant,
                fate,
                first_told.get("by", "") if killed else "",
                How(first_told["how"]) if killed else None,
                first_told.get("detail", "") if killed else _why(fate, first_told),
            )
        )
    wrongly_read: tuple[str, ...] = ()
    if subject.ours:
        reading = Reading.of(subject.task.name, subject.files, subject.root)
        judged, wrongly_read = as_read(reading, candidates, judged)
    return MutationResult(
        subject=subject.name,
        tests=TESTS if stage == "tests" else CASES,
        ran=head["ran"],
        left_out=tuple(sorted(head["left_out"])),
        identical=candidates.identical,
        judged=tuple(judged),
        seconds=seconds,
        wrongly_read=wrongly_read,
    )


def as_read(reading: Reading, candidates: Candidates, judged: Sequence[Judged]) -> tuple[list[Judged], tuple[str, ...]]:
    """The same with what was read of the survivors, and sentences on what was read wrongly."""
    found, wrong = [], []
    for each in judged:
        declared = reading.find(each.mutant)
        if declared is not None and each.fate is Fate.SURVIVED:
            fate = Fate.SURVIVED if declared.chips else Fate.EQUIVALENT
            detail = f"for chips only: {declared.reason}" if declared.chips else declared.reason
            each = replace(each, fate=fate, detail=detail)  # noqa: PLW2901 - the same mutant, read
        elif declared is not None and each.fate is Fate.KILLED:
            wrong.append(
                f"{each.mutant}: declared {'for chips only' if declared.chips else 'equivalent'}; {each.by} kills it"
            )
        found.append(each)
    gone = reading.gone(candidate.mutant for candidate in candidates.found)
    wrong += [f"{each.file}: no mutant is {each.change!r} in the line {each.line!r}" for each in gone]
    return found, tuple(wrong)


def _fate(told: Mapping[str, Any], proof: Mapping[str, Any] | None, *, shared: bool) -> Fate:
    """`proof` is what the task's own cases said of a mutant that an entry's tests let pass."""
    if told.get("how"):
        return Fate.KILLED
    if told.get("unjudged"):
        return Fate.UNJUDGED
    if proof is not None:
        return Fate.SURVIVED if proof.get("how") else Fate.EQUIVALENT
    return Fate.UNREACHED if shared and not told["reached"] else Fate.SURVIVED


def _why(fate: Fate, told: Mapping[str, Any]) -> str:
    if fate is Fate.SURVIVED and not told["reached"]:
        return "no test comes to that line"
    return ""
