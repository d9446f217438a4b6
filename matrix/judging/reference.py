"""The answer a result is held against: plain torch on the CPU, in float64 or exact, computed once and kept on disk."""

from __future__ import annotations

import hashlib
import inspect
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch

from matrix.addresses import resolve
from matrix.judging.answer_file import AnswerFileError, pack, unpack
from matrix.judging.aten import find_overload, functional, place_of, written_arguments
from matrix.judging.inputs import Arguments, widened
from matrix.judging.outputs import Labelled, changed_arguments, flatten
from operators.operator import Operator

FORMAT = 5  # of the files in the cache; raise it when what is stored, or how it is computed, changes


@dataclass
class Answer:
    """What the reference says.

    exact    the outputs in float64 (or exact), held against what the provider returns
    native   the outputs of torch's own operator at the case's dtype on the CPU: they give the dtypes and shapes that are
             due and the error that rounding alone makes; None where the CPU does not take that dtype
    raised   what the reference raised, for a call that must raise
    """

    exact: list[Labelled] = field(default_factory=list)
    native: list[Labelled] | None = None
    raised: str | None = None
    from_cache: bool = False


def answer(operator: Operator, arguments: Arguments, key: str, folder: Path | None) -> Answer:
    """The reference's answer for a call, from the cache folder if it is there.

    `key` identifies the case (its seed text and its call); torch's version and the reference's address and source are
    added to it. A source that cannot be found is an answer that cannot be kept: what `resolve` raises passes through.
    """
    source = "" if operator.reference == "aten" or folder is None else _source_digest(operator.reference)
    path = _cache_path(folder, f"{FORMAT}|{torch.__version__}|{operator.reference}|{source}|{operator.against}|{key}")
    if path is not None and (stored := _load(path)) is not None:
        return stored
    fresh = _compute(operator, arguments)
    if path is not None:
        _store(path, fresh)
    return fresh


def written_by(operator: Operator, arguments: Arguments) -> tuple[str, ...]:
    """Which arguments the call may change: what torch's schema says, and what the operator declares besides."""
    if operator.reference == "aten":
        declared = (place_of(operator.name, arguments, name) for name in operator.outputs)
        return (*written_arguments(operator.name, arguments), *declared)
    return operator.outputs


def _compute(operator: Operator, arguments: Arguments) -> Answer:
    native, raised = _tried(operator, arguments.copied)
    if operator.against != "float64":
        return Answer(raised=raised) if native is None else Answer(exact=native, native=native)
    exact, raised = _tried(operator, lambda: widened(arguments.copied()))
    if exact is None:
        return Answer(raised=raised) if native is None else Answer(exact=native, native=native)
    return Answer(exact=exact, native=native)


def _tried(operator: Operator, draw: Callable[[], Arguments]) -> tuple[list[Labelled] | None, str | None]:
    """What the native operator answers to what is drawn, or what it (or drawing) raises."""
    try:
        return call_native(operator, draw()), None
    except Exception as error:  # noqa: BLE001 - whatever a reference raises is an answer: it may be what is due
        return None, f"{type(error).__name__}: {error}"


def call_native(operator: Operator, arguments: Arguments) -> list[Labelled]:
    call: Callable[..., Any]
    call = functional(operator.name, arguments) if operator.reference == "aten" else resolve(operator.reference)
    with torch.no_grad():
        returned = call(*arguments.args, **arguments.kwargs)
    outputs = flatten(returned) + changed_arguments(arguments, written_by(operator, arguments))
    by_index = flatten(returned)
    outputs += [(f"argument {name}", by_index[index][1]) for name, index in arguments.like.items()]
    return [(label, tensor.detach()) for label, tensor in outputs]


def native_function(operator: Operator) -> Callable[..., Any]:
    """What is timed against: torch's own operator as it is named, `out=` and all, or the operator's reference."""
    found: Callable[..., Any]
    found = find_overload(operator.name) if operator.reference == "aten" else resolve(operator.reference)
    return found


@cache
def _source_digest(address: str) -> str:
    """Digest of the reference's source: its file and those beside it, so that no answer outlives the code that gave it."""
    folder = Path(inspect.getfile(resolve(address))).parent
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _cache_path(folder: Path | None, key: str) -> Path | None:
    if folder is None:
        return None
    digest = hashlib.sha256(key.encode()).hexdigest()
    return folder / digest[:2] / f"{digest[2:40]}.answer"


def _load(path: Path) -> Answer | None:
    try:
        lists, raised = unpack(path.read_bytes())
        return Answer(lists["exact"] or [], lists["native"], raised, from_cache=True)
    except (OSError, AnswerFileError, KeyError):
        return None


def _store(path: Path, fresh: Answer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        file.write(pack({"exact": fresh.exact, "native": fresh.native}, fresh.raised))
    Path(file.name).replace(path)
