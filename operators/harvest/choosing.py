"""From all calls that fit an entry to the handful that is kept: different in rank, keywords and layout, and small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from operators.call import Call, DTypeSpec, TensorSpec, Value, write_value
from operators.edges import call_tensors, elements_of, map_tensors, reshape, tensors_of

TYPICAL = 6  # samples kept of an entry
TRIED = 40  # candidates looked at before the choice is made
HEAVY = ("convolution", "attention", "sort", "upsampling", "pooling", "random")
RAISED = ((6, 7), (2, 3, 4), (2, 1, 3, 5))
RANK = 8
LONG = 2000  # elements of an output made from numbers alone
BUDGET, HEAVY_BUDGET = 1200, 640  # elements of all tensors of a typical sample


@dataclass(frozen=True)
class Candidate:
    """A call that may become a sample, and where it is from."""

    call: Call
    source: str
    device_dtypes: frozenset[torch.dtype]
    own: bool

    @property
    def tensors(self) -> list[TensorSpec]:
        return call_tensors(self.call)

    @property
    def values(self) -> list[Value]:
        return [*self.call.args, *self.call.kwargs.values()]

    @property
    def is_typed(self) -> bool:
        """Does the case's type stand anywhere? Otherwise every dtype makes the same case."""
        return DTypeSpec("T") in self.values or any(spec.dtype in ("T", "acc") for spec in self.tensors)

    @property
    def elements(self) -> int:
        return elements_of(self.call)

    @property
    def is_long(self) -> bool:
        """Does it ask for an output that no shape of an input announces, as arange(100000) does?"""
        numbers = [value for value in self.call.args if isinstance(value, int | float)]
        return not self.tensors and any(abs(number) > LONG for number in numbers)

    @property
    def is_foreign(self) -> bool:
        """Does it hold float64 that is not the case's own type, or more dimensions than anyone uses?"""
        return DTypeSpec("float64") in self.values or any(
            spec.dtype == "float64" or len(spec.shape) > RANK for spec in self.tensors
        )


def raised(candidates: list[Candidate]) -> list[Candidate]:
    """Candidates with more dimensions, for operators that torch's samples show only rows of."""
    for candidate in candidates:
        shapes = {spec.shape for spec in candidate.tensors}
        if len(shapes) == 1 and all(len(shape) == 1 and shape[0] > 2 for shape in shapes):
            return [
                replace(candidate, call=map_tensors(candidate.call, lambda _n, spec, s=shape: reshape(spec, s)))  # type: ignore[misc]
                for shape in RAISED
            ]
    return []


def kind_of(call: Call) -> str:
    """The family of a sample as its tensors show it: most are typical."""
    tensors = call_tensors(call)
    if any(0 in spec.shape for spec in tensors):
        return "empty"
    if any(spec.fill == "special" for spec in tensors):
        return "nan"
    for spec in tensors:
        if spec.strides is not None:
            return "expanded" if 0 in spec.strides else _order(spec.strides)
    return "scalar" if tensors and tensors[0].shape == () else "typical"


def _order(strides: tuple[int, ...]) -> str:
    return "strided" if list(strides) == sorted(strides, reverse=True) else "transposed"


def features(call: Call) -> frozenset[str]:
    """What a call exercises, as words: samples that share none differ most."""
    found = {f"count {len(call.args)}"}
    for place, value in [*enumerate(call.args), *call.kwargs.items()]:
        tensors = tensors_of(value)
        if not tensors:
            found.add(f"{place}={write_value(value)}")
        for number, spec in enumerate(tensors[:4]):
            found.add(f"{place}.{number} rank {len(spec.shape)} {spec.dtype}")
            found.add(f"{place}.{number} ones {1 in spec.shape}")
            found.add(f"{place}.{number} {spec.fill}")
    shapes = {spec.shape for spec in call_tensors(call)}
    found.add(f"shapes {len(shapes)}")
    return frozenset(found)


def diverse(candidates: list[Candidate]) -> Iterator[Candidate]:
    """The candidates, each time the one that adds most that is new; own samples and small ones first."""
    left = dict.fromkeys(range(len(candidates)))
    words = [features(candidate.call) for candidate in candidates]
    seen: set[str] = set()
    while left:
        best = max(left, key=lambda n: (candidates[n].own, len(words[n] - seen), -candidates[n].elements, -n))
        del left[best]
        seen |= words[best]
        yield candidates[best]


def first_rank(candidate: Candidate, dtypes: tuple[str, ...]) -> tuple[Any, ...]:
    """How well a candidate opens the row: many dtypes, own, two dimensions or more, some elements, few keywords."""
    ranks = [len(spec.shape) for spec in candidate.tensors]
    size = candidate.elements
    return (
        candidate.own,
        len(dtypes),
        not ranks or (max(ranks) >= 2 and min(ranks) >= 1),
        8 <= size <= 640 or not ranks,
        all(size > 1 for spec in candidate.tensors[:1] for size in spec.shape),
        len({size for spec in candidate.tensors for size in spec.shape}) > 1,
        not any(spec.dtype in ("int32", "uint8") for spec in candidate.tensors),
        -len(candidate.call.kwargs),
        size,
    )
