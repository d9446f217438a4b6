"""Who answers: from a provider's address to something the judge can call, resolved in the worker and nowhere else.

An operator that a provider registers with ATen is called through torch: its one entry is registered, torch's own operator of
that name is called, and the registration is taken back. So the call takes the road that a model's call takes, and nothing
else of the provider is in the way.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from matrix.addresses import AddressError, resolve
from matrix.cell import Cell
from matrix.judging.aten import find_overload

# Provider -> module and name of its table of (ATen name, function[, condition]).
REGISTRIES = {"flag_gems": ("flag_gems", "_FULL_CONFIG")}
INTERPRETED_KEY = "CPU"


class UnregisteredError(LookupError):
    """The provider registers nothing under that name (or its own condition switches it off)."""


@dataclass
class Provided:
    """Something to call. `entered`: whether torch came by the provider's function at all; `handed`: with which arguments."""

    call: Callable[..., Any]
    entered: bool = False
    handed: tuple[tuple[Any, ...], dict[str, Any]] | None = None


def load(cell: Cell) -> Callable[..., Any]:
    """The provider's own function for a cell; imports the provider.

    Raises AddressError, UnregisteredError, or whatever the import raises.
    """
    address = cell.case.operator.providers[cell.case.provider]
    if address == "aten":
        return _registered_function(cell.case.provider, cell.case.operator.name)
    return resolve(address)


@contextmanager
def provided(cell: Cell, function: Callable[..., Any], dispatch_key: str) -> Iterator[Provided]:
    """What the judge calls while the context lasts."""
    if cell.case.operator.providers[cell.case.provider] != "aten":
        yield Provided(function, entered=True)
        return
    with _in_aten(cell.case.operator.name, function, dispatch_key) as call:
        yield call


@contextmanager
def _in_aten(name: str, function: Callable[..., Any], dispatch_key: str) -> Iterator[Provided]:
    there = Provided(find_overload(name))

    def entered(*args: Any, **kwargs: Any) -> Any:
        there.entered, there.handed = True, (args, kwargs)
        return function(*args, **kwargs)

    library: Any = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that a kernel is overridden: that is what is meant here
            library.impl(name, entered, dispatch_key)
        yield there
    finally:
        library._destroy()  # noqa: SLF001 - torch offers no other way to take a registration back


def _registered_function(provider: str, name: str) -> Callable[..., Any]:
    if provider not in REGISTRIES:
        raise AddressError(f"provider {provider!r} has no table of ATen names; known are {', '.join(REGISTRIES)}")
    table = _table(provider)
    if name not in table:
        raise UnregisteredError(f"{provider} registers nothing as aten::{name} here")
    return table[name]


def _handed_over(module: Any) -> Any:
    """The entries that the provider hands to its registrar: until FlagGems 5 they have no name of their own."""
    handed: list[Any] = []
    module.enable(registrar=lambda entries, **_named: handed.extend(entries))
    return handed


@cache
def _table(provider: str) -> dict[str, Callable[..., Any]]:
    module_name, attribute = REGISTRIES[provider]
    module = importlib.import_module(module_name)
    entries = getattr(module, attribute) if hasattr(module, attribute) else _handed_over(module)
    return {entry[0]: entry[1] for entry in entries if len(entry) < 3 or entry[2]()}
