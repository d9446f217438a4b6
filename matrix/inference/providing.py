"""A provider's kernels in a model: all of its operators are registered with torch's dispatcher at once, and counted.

What FlagGems registers is asked of FlagGems: its own `enable` hands each entry to the library that it is given, with the
vendor's and the user's lists of unused operators applied. Here that library only collects.

Where a chip is stood in for, all tensors are on the CPU, and so are those that the emulation itself computes with. So what is
called inside of a provider's function is answered by torch's own kernel, which was fetched before it was replaced.
"""

from __future__ import annotations

import importlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch

from matrix.addresses import AddressError, resolve
from matrix.judging.aten import NoSuchOperatorError, find_overload
from matrix.providers import REGISTRIES
from workloads.kinds import REGISTRY

Function = Callable[..., Any]
Window = Callable[[], AbstractContextManager[None]]


@dataclass
class Replaced:
    """What a provider answered for.

    offered  ATen names that were registered;  unknown: those that this torch has no operator of
    entered: how often torch came by each
    inside   the operator that a provider's function is answering for just now; empty between them
    """

    offered: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    entered: Counter[str] = field(default_factory=Counter)
    inside: str = ""


class Collector:
    """Takes the place of the library that a provider registers its kernels with, and keeps them by name."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}

    def impl(self, name: str, function: Function, _dispatch_key: str = "", **_named: Any) -> None:
        self.functions[name] = function


def functions_of(provider: str, address: str) -> dict[str, Function]:
    """ATen name -> function of a provider, as it would register them here. Imports the provider.

    Raises AddressError, or whatever the import raises.
    """
    if address != REGISTRY:
        found: Any = resolve(address)()
        if not isinstance(found, Mapping):
            raise AddressError(f"{address} returned a {type(found).__name__}, not ATen names with functions")
        return dict(found)
    if provider not in REGISTRIES:
        raise AddressError(f"provider {provider!r} has no table of ATen names; known are {', '.join(REGISTRIES)}")
    collector = Collector()
    importlib.import_module(REGISTRIES[provider][0]).enable(lib=collector)
    return collector.functions


@contextmanager
def replaced(
    functions: Mapping[str, Function],
    dispatch_key: str,
    *,
    guarded: bool,
    counted: bool = True,
    window: Window = nullcontext,
) -> Iterator[Replaced]:
    """While the block lasts the functions answer for their operators.

    guarded  calls inside of a function are torch's own;  window: around each call of a function
    counted  False: nothing of ours stands between torch and an unguarded function, for what is timed
    """
    known = {name: function for name, function in functions.items() if _is_known(name)}
    there = Replaced(tuple(known), tuple(name for name in functions if name not in known))
    library: Any = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that a kernel is overridden: that is what is meant here
            for name, function in known.items():
                if guarded:
                    answer = _guarded(name, function, there, _native(name, dispatch_key), window)
                    library.impl(name, answer, dispatch_key, with_keyset=True)
                else:
                    library.impl(name, _counted(name, function, there) if counted else function, dispatch_key)
        yield there
    finally:
        library._destroy()  # noqa: SLF001 - torch offers no other way to take a registration back


def _is_known(name: str) -> bool:
    try:
        find_overload(name)
    except NoSuchOperatorError:
        return False
    return True


def _native(name: str, dispatch_key: str) -> Function | None:
    """Torch's own kernel, called with a set of dispatch keys before its arguments; None where there is none for that key."""
    try:
        kernel = torch.library.get_kernel(f"aten::{name}", dispatch_key)
    except RuntimeError:
        return None
    tensors = _declared_tensors(name)

    def call(keys: Any, *args: Any, **kwargs: Any) -> Any:
        if any(type(value) in (bool, int, float) for value, wanted in zip(args, tensors, strict=False) if wanted):
            args = tuple(
                _as_tensor(value, args) if wanted else value for value, wanted in zip(args, tensors, strict=False)
            )
        return kernel.call_boxed(keys, *args, **kwargs)

    return call


def _takes_only_numbers(name: str) -> Callable[[Sequence[Any]], bool]:
    """Whether what is declared as tensors are numbers: those are tensors of the host's, and a chip's kernel never sees them."""
    wanted = _declared_tensors(name)

    def hosted(args: Sequence[Any]) -> bool:
        given = [value for value, is_tensor in zip(args, wanted, strict=False) if is_tensor and value is not None]
        return bool(given) and all(type(value) in (bool, int, float) for value in given)

    return hosted


def _declared_tensors(name: str) -> list[bool]:
    schema = find_overload(name)._schema  # noqa: SLF001 - torch offers no other way to a schema
    return [str(argument.type) in ("Tensor", "Optional[Tensor]") for argument in schema.arguments]


def _as_tensor(value: Any, others: Sequence[Any]) -> Any:
    """A number that torch hands to a Python kernel where a tensor is declared, as a tensor that promotes no other."""
    if type(value) not in (bool, int, float):
        return value
    dtypes = [other.dtype for other in others if isinstance(other, torch.Tensor)]
    fitting = [dtype for dtype in dtypes if dtype.is_floating_point or dtype.is_complex or type(value) is int]
    if type(value) is bool or not fitting:
        return torch.tensor(value)
    scalar = any(isinstance(other, torch.Tensor) and other.dim() == 0 for other in others)
    if scalar or fitting[0] is torch.bool:
        return torch.tensor(value, dtype=fitting[0] if fitting[0] is not torch.bool else torch.int64)
    return torch.tensor(value, dtype=torch.float64 if type(value) is float else torch.int64)


def _guarded(name: str, function: Function, there: Replaced, native: Function | None, window: Window) -> Function:
    hosted = _takes_only_numbers(name)

    def answer(keys: Any, *args: Any, **kwargs: Any) -> Any:
        if there.inside or hosted(args):
            if native is None:
                raise NotImplementedError(f"aten::{name} has no kernel of torch's own here")
            return native(keys, *args, **kwargs)
        there.entered[name] += 1
        there.inside = name
        with window():
            found = function(*args, **kwargs)
        there.inside = ""  # stays after an exception: it says whose it was
        return found

    return answer


def _counted(name: str, function: Function, there: Replaced) -> Function:
    def answer(*args: Any, **kwargs: Any) -> Any:
        there.entered[name] += 1
        outer, there.inside = there.inside, name
        found = function(*args, **kwargs)
        there.inside = outer
        return found

    return answer
