"""The child that runs an entry's tests and looks at what they call: `python -m matrix.challenge.tracing REQUEST`.

The entry's functions are wrapped before the tests import them. Each test is run twice: as it is, and with every answer of the
entry spoilt. A test that passes both times looks at no answer, and what it calls covers nothing.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import torch

from backends.profiles import load_profiles
from matrix.challenge.attempting import attempt, said
from matrix.challenge.call_facts import Levels, add, levels_of, signature_of
from matrix.challenge.suites import Tests, with_tests
from matrix.challenge.task import Task, load_task
from matrix.emulation import activate
from matrix.judging.inputs import draw
from matrix.runner.limits import limit_files, limit_memory
from matrix.runner.processes import die_with_parent
from operators.call import CallError, parse_call
from operators.operator import TIMED


@dataclass
class Recorder:
    """Wraps the entry's functions. `spoiling`: their answers are made wrong on their way back."""

    spoiling: bool = False
    calls: int = 0
    seen: Levels = field(default_factory=dict)
    depth: int = 0

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = signature_of(function)

        @wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            if self.depth:
                return function(*args, **kwargs)
            self.depth, self.calls = 1, self.calls + 1
            try:
                if self.spoiling:
                    return self._spoilt_call(function, args, kwargs)
                return self._seen_call(name, signature, function, args, kwargs)
            finally:
                self.depth = 0

        return called

    def _seen_call(
        self,
        name: str,
        signature: inspect.Signature,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """The call, looked at before: an in-place form changes what it is given."""
        levels, returned = levels_of(name, signature, args, kwargs, raised=False), False
        try:
            answer = function(*args, **kwargs)
            returned = True
        finally:
            add(self.seen, levels if returned else {"illegal": [name]})
        return answer

    def _spoilt_call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """What the call returns, made wrong; where it raises, nothing is raised."""
        with suppress(Exception):
            return spoilt(function(*args, **kwargs))
        return None


def spoilt(answer: Any) -> Any:
    """An answer made wrong in every element, in place, so that an argument that holds it is wrong too."""
    if isinstance(answer, tuple | list):
        return type(answer)(*map(spoilt, answer)) if hasattr(answer, "_fields") else type(answer)(map(spoilt, answer))
    if not isinstance(answer, torch.Tensor):
        return answer
    if not answer.numel():
        return answer.new_zeros((1, *answer.shape))
    with torch.no_grad():
        if answer.dtype is torch.bool:
            wrong = ~answer
        elif answer.is_floating_point() or answer.is_complex():
            wrong = torch.where(torch.isfinite(answer), answer + 1 + answer.abs(), torch.zeros_like(answer))
        else:
            wrong = ~answer
        try:
            answer.copy_(wrong)
        except RuntimeError:  # an expanded answer has no memory of its own for each element
            return wrong
    return answer


def wanted(task: Task, functions: Mapping[str, Callable[..., Any]]) -> Levels:
    """The levels that the task's own cases have. `functions`: by row, the entry's."""
    found: Levels = {}
    for row, operator in task.rows.items():
        function = functions.get(row)
        if function is None:
            continue
        signature = signature_of(function)
        for sample in operator.samples:
            if sample.kind == TIMED:
                continue
            for dtype in sample.dtypes or operator.dtypes:
                try:
                    arguments = draw(parse_call(sample.call), dtype, f"{row}{sample.name}{dtype}")
                except CallError:
                    continue
                kwargs = {**arguments.kwargs, **dict.fromkeys(arguments.like, torch.empty(0))}
                args = tuple(arguments.args)
                name = function.__name__
                add(found, levels_of(name, signature, args, kwargs, raised=sample.raises))
    return found


def look(tests: Tests, recorder: Recorder, say: Callable[..., None]) -> None:
    """Run each test as it is and with spoilt answers, and tell of it at once."""
    for name in tests.names:
        recorder.spoiling, recorder.calls, recorder.seen = False, 0, {}
        failed = tests.run(name)
        calls, seen = recorder.calls, recorder.seen
        notices = False
        if failed is None and calls:
            recorder.spoiling = True
            notices = tests.run(name) is not None
            recorder.spoiling = False
        detail = "" if failed is None else failed.detail
        unjudged = failed is not None and failed.how is None
        say(test=name, failed=detail, unjudged=unjudged, calls=calls, notices=notices, levels=seen)


def functions_of(folder: Path, addresses: Mapping[str, str]) -> dict[str, Callable[..., Any]]:
    """By row, the entry's function, from the module that its tests import. Raises ImportError where that is another one."""
    found = {}
    for row, address in addresses.items():
        file, _, name = address.rpartition(":")
        module = importlib.import_module(Path(file).stem)
        if Path(getattr(module, "__file__", "") or "").resolve() != (folder / Path(file).name).resolve():
            raise ImportError(
                f"`import {Path(file).stem}` finds another module than the entry's; name the file otherwise"
            )
        found[row] = getattr(module, name)
    return found


def main(path: Path) -> None:
    request = json.loads(path.read_text(encoding="utf-8"))
    die_with_parent(request["parent"])
    torch.set_num_threads(1)
    emulator = activate(load_profiles()[request["profile"]])
    limit_files()
    limit_memory(request["memory_gib"])
    folder = Path(request["folder"])
    sys.path.append(str(folder))
    with Path(request["answers"]).open("w", encoding="utf-8", buffering=1) as answers:

        def say(**what: Any) -> None:
            answers.write(json.dumps(what) + "\n")

        imported = attempt(functions_of, folder, request["addresses"])
        if imported.exception() is not None:
            say(refused=said(imported.exception()))
            os._exit(0)
        functions = imported.result()
        say(wanted=wanted(load_task(request["task"]), functions))
        recorder = Recorder()
        for function in set(functions.values()):
            module = sys.modules[function.__module__]
            setattr(module, function.__name__, recorder.wrapped(function.__name__, function))
        problem = with_tests(folder, emulator, lambda tests: look(tests, recorder, say))
        say(done=True, problem=problem)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
