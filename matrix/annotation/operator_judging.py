"""Judging answers of task 8 by our own operator machinery: does it run, is its output right, and was it Triton?

S_Call is the share that runs all of its calls, S_Execution the share whose outputs are right in all of them. Each answer
runs in a child process with limits, which is told neither the reference nor the label; the reference runs in another; what
they gave is compared here, by the bound that every operator of the matrix is held to.
"""

from __future__ import annotations

import base64
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from backends.profile import Profile
from matrix.annotation.operator_checks import OperatorCheck
from matrix.annotation.operator_source import code_of, has_kernel, objections
from matrix.challenge.child import Answers, ask
from matrix.outcome import Evidence
from workloads.annotation.data_file import SampleId

CHILD = "matrix.annotation.operator_child"
REFERENCE = "reference"


class Used(StrEnum):
    """What computed an answer's outputs."""

    TRITON = "triton"
    BOTH = "triton and torch"  # kernels of its own were launched, and torch's operators computed too
    TORCH = "torch only"
    NOTHING = "nothing"  # it never ran


@dataclass(frozen=True)
class Limits:
    """What one answer may take: seconds of wall clock with the start of its process, and memory besides."""

    seconds: float = 120.0
    memory_gib: float = 2.0


@dataclass(frozen=True)
class Tried:
    """What became of one answer. `right` is None where nothing says what is right: then it counts in no share.

    kernels  of its own file that were launched, or compiled;  beside: torch operators that computed
    """

    id: SampleId
    called: bool
    right: bool | None
    used: Used
    problem: str = ""
    kernels: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def judged(self) -> bool:
        return self.right is not None

    @property
    def compiled(self) -> bool:
        """Whether kernels of its own were launched, or compiled, and nothing refused one."""
        return self.called and bool(self.kernels)


@dataclass(frozen=True)
class OperatorJudge:
    """Tries answers: with a profile's kernels interpreted, compiled for its target, or run on its device."""

    profile: Profile
    evidence: Evidence = Evidence.INTERPRET
    limits: Limits = field(default_factory=Limits)
    profiles: tuple[str, ...] = ()
    _references: dict[OperatorCheck, Told] = field(default_factory=dict, repr=False)

    def judge(self, id_: SampleId, prediction: str | None, check: OperatorCheck, label: str = "") -> Tried:
        """One answer. `label` is the source that says what is right where the check has no reference."""
        if prediction is None:
            return Tried(id_, called=False, right=False, used=Used.NOTHING, problem="there is no prediction")
        source = code_of(prediction)
        if against := objections(source, check.function):
            return Tried(id_, called=False, right=False, used=Used.NOTHING, problem="; ".join(against[:5]))
        told = self._run(source, check, self.evidence)
        if not told.finished:
            used = Used.NOTHING if has_kernel(source) else Used.TORCH
            return Tried(id_, called=False, right=False, used=used, problem=told.ending)
        used, kernels, beside = told.used
        tried = Tried(id_, called=True, right=None, used=used, kernels=kernels, beside=beside)
        if self.evidence is Evidence.COMPILE:
            return replace(tried, problem="compiled, and not run")
        due = self._due(check, label)
        if isinstance(due, str):
            return replace(tried, problem=due)
        complaint = compare_calls(told.done, due.done)
        return replace(tried, right=not complaint, problem=complaint)

    def _due(self, check: OperatorCheck, label: str) -> Told | str:
        """What is right, or why nobody knows."""
        if check.reference:
            due = self._references.get(check) or self._run("import torch\n\n\n" + check.reference, check, REFERENCE)
            self._references[check] = due
        elif label:
            due = self._run(code_of(label), check, self.evidence)
        else:
            return "neither a reference nor a label says what is right"
        return due if due.finished else f"the reference itself did not end: {due.ending}"

    def _run(self, source: str, check: OperatorCheck, evidence: str) -> Told:
        with tempfile.TemporaryDirectory(prefix="matrix-answer-") as folder:
            path = Path(folder) / f"answer_{uuid.uuid4().hex[:8]}.py"
            path.write_text(source, encoding="utf-8", errors="replace")
            word = uuid.uuid4().hex
            request = {
                "word": word,
                "source": str(path),
                "function": check.function,
                "calls": list(check.calls),
                "dtype": check.dtype,
                "seed": f"annotation/{check.id}",
                "evidence": str(evidence),
                "profile": self.profile.name,
                "profiles": list(self.profiles),
                "memory_gib": self.limits.memory_gib,
            }
            return Told.of(ask(CHILD, request, self.profile, self.limits.seconds), word, len(check.calls))


@dataclass(frozen=True)
class Told:
    """What a child told, as far as it is believed."""

    done: tuple[Mapping[str, Any], ...]
    finished: bool
    ending: str

    @classmethod
    def of(cls, answers: Answers, word: str, calls: int) -> Told:
        """Only lines with the word count, and only an end in order that tells of every call."""
        lines = [line for line in answers.lines if line.get("word") == word]
        done = tuple(line["done"] for line in lines if "done" in line)
        finished = bool(lines) and lines[-1].get("finished") is True and answers.code == 0 and len(done) == calls
        at: Mapping[str, Any] = next((line for line in reversed(lines) if "phase" in line), {})
        where = f"in call {at['call']}" if "call" in at else "while it is imported" if at else "before it is imported"
        return cls(done, finished, f"{where} it {answers.ending}")

    @property
    def used(self) -> tuple[Used, tuple[str, ...], tuple[str, ...]]:
        """What computed: by the kernels of the answer's own file, and the torch operators beside them."""
        kernels = sorted({str(name) for done in self.done for name, own in done["kernels"] if own})
        beside = sorted({str(name) for done in self.done for name in done["beside"]})
        if not kernels:
            return Used.TORCH, (), tuple(beside)
        return (Used.BOTH if beside else Used.TRITON), tuple(kernels), tuple(beside)


def compare_calls(got: Sequence[Mapping[str, Any]], due: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with the outputs of some calls; empty where nothing is."""
    from matrix.judging.comparison import Due, compare

    for number, (mine, right) in enumerate(zip(got, due, strict=True)):
        outputs = [_tensor(each) for each in mine["outputs"]]
        native = [_tensor(each) for each in right["outputs"]]
        exact = [_tensor(each) for each in right.get("exact", right["outputs"])]
        if len(outputs) != len(native):
            return f"call {number} gives {len(outputs)} tensors; {len(native)} are due"
        for place, (output, one, other) in enumerate(zip(outputs, native, exact, strict=True)):
            wanted = Due(other.double() if other.is_floating_point() else other, one, one.dtype)
            found = compare(f"call {number}, output {place}", output, wanted)
            if found.complaint:
                return found.complaint
    return ""


def _tensor(fields: Mapping[str, Any]) -> Any:
    import torch

    dtype = getattr(torch, fields["dtype"])
    data = bytearray(base64.b64decode(fields["data"]))
    if not data:
        return torch.empty(fields["shape"], dtype=dtype)
    return torch.frombuffer(data, dtype=dtype).reshape(fields["shape"])
