"""The edge samples of an entry: those torch's samples bring along, then those derived from its typical calls.

Each is tried on torch first. What torch refuses is dropped; an illegal one is kept only if torch refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from operators.call import Call, DTypeSpec
from operators.edges import Edge, call_tensors, propose
from operators.harvest.choosing import Candidate
from operators.harvest.entries import Entry
from operators.harvest.families import against_of, family_of
from operators.harvest.verifying import accepts, refuses
from operators.operator import Sample

LIMITS = {
    "scalar": 1,
    "empty": 2,
    "one": 1,
    "odd": 2,
    "strided": 2,
    "transposed": 1,
    "expanded": 1,
    "broadcast": 1,
    "nan": 1,
    "extreme": 1,
    "large": 1,
    "illegal": 3,
}
# An in-place or out variant shares its kernel with the functional entry, which has all of them.
BRIEF_LIMITS = {"scalar": 1, "empty": 1, "odd": 1, "strided": 1, "transposed": 1, "nan": 1, "illegal": 1}
BASES = 4  # typical samples that edges are derived from
RECORDED = 1  # samples of a kind that are taken from torch as they are
REDUCING = ("reduction", "normalization", "scan")
VALUE_BY_VALUE = ("pointwise", "activation", "layout", "index", "creation", "sort")
NO_SPECIALS = ("random", "check")

# Intermediate values overflow although the true answer does not: the native operator is as far off at the limits.
OVERFLOWING = ("addcmul", "addcdiv", "lerp", "polar", "hypot", "cosh", "sinh", "logaddexp", "square")
# Which of several values wins at one place is open: only samples whose places differ can be compared.
OPEN_ORDER = ("scatter.src", "scatter_.src", "index_put", "index_put_", "_index_put_impl_")
# torch checks the shapes of these little: a wrong one reads beyond the end or divides by zero, in torch itself.
UNCHECKED = ("native_batch_norm", "native_group_norm", "_weight_norm_interface")
CHECKED_BACKWARD = ("_softmax", "_log_softmax", "select", "slice", "diagonal", "native_dropout")
SAFE = ("strided", "transposed", "nan")
DENSE = ("_weight_norm_interface",)  # torch's own kernel takes its arguments for dense ones
# The gradient must be as large as the part that the other arguments name: one of size 1 is no gradient of it.
PARTIAL = ("slice_backward", "diagonal_backward", "select_backward")
# The output is as long as the largest value: extreme ones would ask for all memory.
SIZED_BY_VALUE = ("bincount", "repeat_interleave", "one_hot", "arange")
WHOLE = ("int64", "int32", "int16", "int8", "uint8")


@dataclass(frozen=True)
class Found:
    """A candidate that torch takes: its kind and the dtypes."""

    kind: str
    candidate: Candidate
    dtypes: tuple[str, ...]


def is_brief(entry: Entry) -> bool:
    """Is it the in-place or out variant of an entry that has all the samples?"""
    in_place = entry.packet.endswith("_") or entry.packet.startswith("__i")
    return (in_place and family_of(entry.packet) != "random") or entry.overload.endswith("out")


def derived(
    entry: Entry, chosen: list[Found], recorded: list[Found], refused: list[Candidate]
) -> list[tuple[str, Sample]]:
    """The edge samples of an entry, kind by kind."""
    limits = BRIEF_LIMITS if is_brief(entry) else LIMITS
    trial = _Trial(entry, limits, {str(item.candidate.call) for item in chosen})
    for item in recorded:
        if trial.count(item.kind) < RECORDED:
            trial.add(Edge(item.kind, item.candidate.call), item.dtypes)
    for candidate in refused:
        if trial.count("illegal") < limits["illegal"] - 1:
            trial.add(Edge("illegal", candidate.call, raises=True), chosen[0].dtypes)
    for item in chosen[:BASES]:
        for edge in propose(item.candidate.call, changed=0 if is_brief(entry) else None):
            trial.add(edge, item.dtypes)
    trial.add_illegal_dtype(chosen)
    return sorted(trial.samples, key=lambda pair: list(LIMITS).index(pair[0]))


class _Trial:
    """Collects what passes, up to the limit of each kind."""

    def __init__(self, entry: Entry, limits: dict[str, int], seen: set[str]) -> None:
        self.entry, self.limits, self.seen = entry, limits, seen
        self.target = getattr(getattr(torch.ops.aten, entry.packet), entry.overload)
        self.samples: list[tuple[str, Sample]] = []

    def count(self, kind: str) -> int:
        return sum(found == kind for found, _sample in self.samples)

    def add(self, edge: Edge, dtypes: tuple[str, ...]) -> None:
        text = str(edge.call)
        if text in self.seen or self.count(edge.kind) >= self.limits.get(edge.kind, 0):
            return
        if not _meaningful(edge, self.entry):
            return
        kept = tuple(_passing(edge, self.target, _dtypes_for(edge.kind, dtypes)))
        if kept:
            self.keep(edge.kind, text, kept, raises=edge.raises)

    def keep(self, kind: str, text: str, dtypes: tuple[str, ...], *, raises: bool = False) -> None:
        self.seen.add(text)
        self.samples.append((kind, Sample(f"{kind}-{self.count(kind)}", text, dtypes, raises)))

    def add_illegal_dtype(self, chosen: list[Found]) -> None:
        """A float where only whole numbers go, or the other way round."""
        taken = {dtype for item in chosen for dtype in item.dtypes}
        call = chosen[0].candidate.call
        if not any(spec.dtype == "T" for spec in call_tensors(call)) or family_of(self.entry.packet) == "random":
            return
        for name in ("float32", "int64"):
            if name not in taken and refuses(self.target, call, getattr(torch, name)):
                self.keep("illegal", str(call), (name,), raises=True)
                return


def _meaningful(edge: Edge, entry: Entry) -> bool:
    family = family_of(entry.packet)
    if _is_unchecked(entry) and edge.kind not in SAFE:
        return False
    if edge.kind == "large":
        return family in REDUCING
    if edge.kind in ("nan", "extreme") and _makes_whole_numbers(edge.call):
        return False  # what NaN, or a float out of range, becomes as an integer is left to the processor
    if edge.kind == "extreme":
        exact = family in VALUE_BY_VALUE or against_of(entry.packet) == "native"
        barred = (*OVERFLOWING, *SIZED_BY_VALUE)
        return exact and not entry.functional.startswith(barred) and "_backward" not in entry.packet
    if edge.kind == "nan":
        return family not in NO_SPECIALS
    if edge.kind == "illegal":
        return "_backward" not in entry.packet and (family != "index" or edge.keeps_first)
    if edge.kind == "one" and entry.packet in PARTIAL:
        return False
    if edge.kind in ("strided", "transposed", "expanded") and entry.packet in DENSE:
        return False
    if edge.kind == "broadcast" and "softmax" in entry.packet:
        return False  # torch takes an output of another shape than its gradient and reads beyond its end
    if edge.kind in ("odd", "broadcast"):
        return entry.name not in OPEN_ORDER
    return True


def _makes_whole_numbers(call: Call) -> bool:
    return any(DTypeSpec(name) in (*call.args, *call.kwargs.values()) for name in WHOLE)


def _is_unchecked(entry: Entry) -> bool:
    if entry.packet.startswith(UNCHECKED):
        return True
    pointwise = family_of(entry.packet) in ("pointwise", "activation")
    return "_backward" in entry.packet and not pointwise and not entry.packet.startswith(CHECKED_BACKWARD)


def _dtypes_for(kind: str, dtypes: tuple[str, ...]) -> list[str]:
    """Special values concern the narrow types most; for the rest one type will do."""
    floats: list[str] = [name for name in ("float32", "float16") if name in dtypes]
    if kind == "nan":
        return floats
    if kind == "extreme":
        return [*floats, *[name for name in ("int32", "int8") if name in dtypes][:1]]
    return [name for name in dtypes if name != "bool"][:1] or list(dtypes[:1])


def _passing(edge: Edge, target: Any, dtypes: list[str]) -> Iterator[str]:
    for name in dtypes:
        refused = edge.raises and refuses(target, edge.call, getattr(torch, name))
        if refused or (not edge.raises and _accepted(target, edge.call, name)):
            yield name


def _accepted(target: Any, call: Call, name: str) -> bool:
    """A half type that the CPU lacks counts where float64 works, as with typical samples."""
    dtype = getattr(torch, name)
    return accepts(target, call, dtype) or (name == "float16" and accepts(target, call, torch.float64))
