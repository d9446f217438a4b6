"""What a call gave back, flattened to labelled tensors: returned values first, then the arguments that it changed."""

from __future__ import annotations

from typing import Any

import torch

from matrix.judging.inputs import Arguments

Labelled = tuple[str, torch.Tensor]


def flatten(returned: Any, label: str = "output") -> list[Labelled]:
    """Every tensor in what was returned, with a label such as `output 1`; plain numbers become 0-d tensors."""
    if isinstance(returned, torch.Tensor):
        return [(label, returned)]
    if isinstance(returned, bool | int | float):
        return [(label, torch.tensor(returned))]
    if isinstance(returned, dict):
        return [pair for name, item in returned.items() for pair in flatten(item, f"{label} {name}")]
    if isinstance(returned, list | tuple):
        return [pair for index, item in enumerate(returned) for pair in flatten(item, f"{label} {index}")]
    return []


def changed_arguments(arguments: Arguments, written: tuple[str, ...]) -> list[Labelled]:
    """The tensors among the arguments that the call is declared to write to."""
    return [(f"argument {place}", tensor) for place, tensor in arguments.tensors() if _root(place) in written]


def _root(place: str) -> str:
    return place.partition("[")[0]


def untouched_tensors(arguments: Arguments, written: tuple[str, ...]) -> list[Labelled]:
    """The tensors that the call must leave as they are."""
    return [(f"argument {place}", tensor) for place, tensor in arguments.tensors() if _root(place) not in written]
