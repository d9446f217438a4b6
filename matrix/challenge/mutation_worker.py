"""The warm process that judges all mutants of one kernel: `python -m matrix.challenge.mutation_worker REQUEST`.

It makes itself the interpreter of a profile, runs every test once on the kernel as it is, noting which lines it comes to, and
then each mutant against the tests that come to its line. It tells by lines of JSON in a file.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from backends.profiles import load_profiles
from matrix.challenge.forking import Forks, Limits, Told
from matrix.challenge.mutating import Candidate, candidates_of
from matrix.challenge.suites import Cases, Suite, with_tests
from matrix.challenge.task import SLOW, load_task
from matrix.emulation import Emulator, activate
from matrix.runner.processes import die_with_parent

Line = tuple[str, int]


@dataclass(frozen=True)
class Request:
    """What the worker is asked for.

    files      those whose kernels are mutated;  root: what their names are relative to
    functions  by row of the task, the entry's function; none: our own kernel
    tests      the entry's folder, whose tests judge first; empty: the cases alone judge
    most       how many mutants are judged at most; 0: every one
    only       those whose line of text holds this; empty: every one
    """

    profile: str
    task: str
    files: tuple[str, ...]
    root: str
    functions: dict[str, str]
    tests: str
    answers: str
    parent: int
    workers: int
    seconds: float
    memory_gib: float
    most: int = 0
    only: str = ""

    @property
    def limits(self) -> Limits:
        return Limits(seconds=self.seconds, memory_gib=self.memory_gib)


class Tracer:
    """The lines of some files that are come to while it is on."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = {os.path.realpath(file) for file in files}
        self._known: dict[str, str] = {}
        self.reached: set[Line] = set()

    def __enter__(self) -> Tracer:
        self.reached = set()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        name = frame.f_code.co_filename
        if name not in self._known:
            path = os.path.realpath(name)
            self._known[name] = path if path in self._files else ""
        return self._line if self._known[name] else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self.reached.add((self._known[frame.f_code.co_filename], frame.f_lineno))
        return self._line


@dataclass(frozen=True)
class Baseline:
    """The tests that pass on the kernel as it is: how long each takes, and which lines it comes to."""

    usual: dict[str, float]
    reached: dict[str, frozenset[Line]]
    left_out: dict[str, str]

    @classmethod
    def of(cls, suite: Suite, files: Sequence[Path]) -> Baseline:
        tracer = Tracer(files)
        usual, reached, left_out = {}, {}, {}
        for name in suite.names:
            started = time.process_time()
            with tracer:
                noticed = suite.run(name)
            if noticed is not None:
                left_out[name] = noticed.detail
                continue
            usual[name], reached[name] = time.process_time() - started, frozenset(tracer.reached)
        return cls(usual, reached, left_out)

    def against(self, candidate: Candidate) -> tuple[str, ...]:
        """The tests that come to the statement that was changed, the quickest first: most mutants are noticed by many."""
        path, (first, last) = os.path.realpath(candidate.path), candidate.lines
        wanted = {(path, line) for line in range(first, last + 1)}
        found = [name for name, lines in self.reached.items() if lines & wanted]
        return tuple(sorted(found, key=self.usual.__getitem__))


class Worker:
    """Judges the mutants of one request."""

    def __init__(self, request: Request, emulator: Emulator) -> None:
        self.request = request
        self.emulator = emulator
        self.files = [Path(file) for file in request.files]
        self.candidates = candidates_of(self.files, Path(request.root))
        self._answers = Path(request.answers)

    def say(self, **what: Any) -> None:
        with self._answers.open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    def work(self, suite: Suite, stage: str, numbers: Sequence[int]) -> list[int]:
        """Run these mutants against a suite; the numbers of those that it lets pass."""
        baseline = Baseline.of(suite, self.files)
        self.say(stage=stage, ran=len(baseline.usual), left_out=baseline.left_out)
        if not baseline.usual:
            return []
        against = {number: baseline.against(self.candidates.found[number]) for number in numbers}
        forks = Forks(suite, baseline.usual, self._apply, self.request.limits, self.request.workers)
        passed = [number for number in numbers if not against[number]]
        for number in passed:
            self.say(stage=stage, number=number, reached=0)
        work = [(number, names) for number, names in against.items() if names]
        for number, told in forks.run(work):
            self.say(stage=stage, number=number, reached=len(against[number]), **_fields(told))
            passed += [] if told.how else [number]
        return sorted(passed)

    def _apply(self, number: int) -> None:
        candidate = self.candidates.found[number]
        self.emulator.substitute(str(candidate.path), candidate.first, candidate.source)

    def judge(self) -> None:
        request, numbers = self.request, chosen(self.candidates.found, self.request.most, self.request.only)
        profile = self.emulator.profile
        cells = load_task(request.task).cells(profile, request.functions or None)
        if not request.tests:
            self.work(Cases(cells), "cases", numbers)
            return
        passed: list[int] = []
        refused = with_tests(
            Path(request.tests), self.emulator, lambda tests: passed.extend(self.work(tests, "tests", numbers))
        )
        if refused:
            self.say(refused=refused)
        elif passed:  # the slow cases cost minutes for each mutant that they cannot tell from the kernel either
            quick = [cell for cell in cells if cell.case.sample.kind not in SLOW]
            self.work(Cases(quick), "cases", passed)


def chosen(found: Sequence[Candidate], most: int, only: str = "") -> list[int]:
    """The numbers of the mutants that are judged: of too many, those whose texts have the smallest digests."""
    numbers = [number for number, candidate in enumerate(found) if only in str(candidate.mutant)]
    if not most or len(numbers) <= most:
        return numbers
    digests = {number: hashlib.sha256(str(found[number].mutant).encode()).digest() for number in numbers}
    return sorted(sorted(numbers, key=lambda number: digests[number])[:most])


def _fields(told: Told) -> dict[str, Any]:
    return {"by": told.by, "how": told.how, "detail": told.detail, "unjudged": told.unjudged}


def main(path: Path) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    request = Request(**{**data, "files": tuple(data["files"])})
    die_with_parent(request.parent)
    torch.set_num_threads(1)
    if request.tests:
        sys.path.append(request.tests)  # behind everything: an entry's file takes the place of no module
    worker = Worker(request, activate(load_profiles()[request.profile]))
    worker.judge()
    worker.say(done=True, identical=worker.candidates.identical)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
