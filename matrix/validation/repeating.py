"""The judge of repetitions: calls a case many times with the same inputs, and every output must be the same to the bit.

It stands where `matrix.judging.judge:judge` stands in a run, so crashes, hangs and memory are dealt with as ever. It says
nothing about whether the answer is right.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from typing import Any

import torch

from matrix.cell import Cell
from matrix.judging.attempt import Announce, Attempt
from matrix.judging.inputs import Arguments
from matrix.judging.judge import begin, call_provider, guarded, provider_arguments, reference_of, undispatched
from matrix.judging.outputs import Labelled, changed_arguments, flatten
from matrix.judging.reference import Answer, written_by
from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result
from matrix.validation.repeated import COUNT_VARIABLE, SECONDS_VARIABLE, rule


def judge(cell: Cell, announce: Announce) -> Result:
    """Judge one cell, as often as the environment says."""
    return guarded(Attempt(cell, announce), _judge)


def _judge(attempt: Attempt) -> Result:
    asked, seconds = int(os.environ[COUNT_VARIABLE]), float(os.environ[SECONDS_VARIABLE])
    ready = prepare(attempt)
    if isinstance(ready, Result):
        return ready
    digests: list[str] = []
    deadline = time.monotonic() + seconds
    got: list[Labelled] = []
    while len(digests) < asked and (not digests or time.monotonic() < deadline):
        attempt.enter(Phase.RUN)
        got = ready.call()
        attempt.enter(Phase.COMPARE)
        digests.append(digest(got))
    if silent := undispatched(attempt, ready.arguments, got):
        return attempt.result(Outcome.UNDISPATCHED, silent, phase=Phase.RUN)
    return tell(attempt, digests, asked)


def tell(attempt: Attempt, digests: list[str], asked: int) -> Result:
    """The result that a list of digests amounts to."""
    different = [place for place, each in enumerate(digests) if each != digests[0]]
    comparison = Comparison(rule(len(digests), asked), len(digests), len(different))
    if not different:
        return attempt.result(Outcome.PASS, comparison=comparison)
    first = different[0]
    detail = (
        f"{len(different)} of {len(digests)} repetitions differ from the first, repetition {first + 1} as the first of "
        f"them: {len(set(digests))} different answers to the same inputs"
    )
    bad = Comparison(
        comparison.rule, comparison.total, len(different), first_bad=(first,), got=digests[first], expected=digests[0]
    )
    return attempt.result(Outcome.WRONG, detail, comparison=bad)


class Ready:
    """A case that can be called again and again, each time with its own copy of the same arguments, on its device."""

    def __init__(self, attempt: Attempt, function: Callable[..., Any], arguments: Arguments, due: Answer) -> None:
        self.attempt, self.function, self.arguments = attempt, function, arguments
        self.pristine = provider_arguments(attempt.cell, arguments, due)
        self.written = written_by(attempt.cell.case.operator, arguments)

    def call(self) -> list[Labelled]:
        """What one call gave back and what it wrote."""
        mine = self.pristine.mapped(_again)
        returned = call_provider(self.attempt, self.function, mine)
        out = [(f"argument {name}", mine.kwargs[name]) for name in self.arguments.like]
        return flatten(returned) + changed_arguments(mine, self.written) + out


def prepare(attempt: Attempt) -> Ready | Result:
    """Everything up to the first call; a Result where there is none to make."""
    cell, begun = attempt.cell, begin(attempt)
    if isinstance(begun, Result):
        return begun
    function, arguments = begun
    due = Answer()
    if arguments.like:  # the reference says how large `out=` is, and no more
        attempt.enter(Phase.REFERENCE)
        due = reference_of(cell, arguments)
    return Ready(attempt, function, arguments, due)


def digest(got: list[Labelled]) -> str:
    """A digest of labels, dtypes, shapes and of every bit of the elements."""
    found = hashlib.blake2b(digest_size=16)
    for label, tensor in got:
        found.update(f"{label} {tensor.dtype} {tuple(tensor.shape)};".encode())
        plain = tensor.detach().to("cpu").resolve_conj().resolve_neg().contiguous().reshape(-1)
        found.update(plain.view(torch.uint8).numpy().data if plain.numel() else b"")
    return found.hexdigest()


def _again(leaf: Any) -> Any:
    """A tensor in new memory of the same device, with the same strides and offset; anything else as it is."""
    if not isinstance(leaf, torch.Tensor):
        return leaf
    storage = leaf.untyped_storage().clone()  # type: ignore[no-untyped-call]
    empty = torch.empty(0, dtype=leaf.dtype, device=leaf.device)
    return empty.set_(storage, leaf.storage_offset(), leaf.shape, leaf.stride())
