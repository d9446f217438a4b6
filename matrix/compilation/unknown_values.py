"""What nobody knows: the values that a launch would have written, and everything that torch computes from them.

Storages are followed, not tensors. Host code may hand unknown tensors on, reshape them, and compute with them; where it
asks for a value (a Python number, a truth, a shape that depends on values) it is stopped with a gap that names the
operation. Which operations ask is what torch's own operator tags say.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from matrix.emulation.gaps import EmulationGap

_ASKING = (torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape)
# Operations of which only some arguments decide the shape: name -> places of these.
_SHAPING = {"index": (1,), "masked_select": (1,), "repeat_interleave": (0, 1)}
_MASKS = (torch.bool, torch.uint8)
# Operations that look at a tensor's form and never at its values.
_FORMING = (
    "empty_like",
    "zeros_like",
    "ones_like",
    "full_like",
    "rand_like",
    "randn_like",
    "randint_like",
    "new_empty",
    "new_empty_strided",
    "new_zeros",
    "new_ones",
    "new_full",
)
# Methods that read a tensor's memory past the dispatcher.
_READING = {
    torch.Tensor.tolist: "tolist",
    torch.Tensor.numpy: "numpy",
    torch.Tensor.__array__: "numpy",
    torch.Tensor.__repr__: "repr",
}


class UnknownValues:
    """The storages of one call whose contents are not known."""

    def __init__(self) -> None:
        self._storages: dict[int, torch.UntypedStorage] = {}
        self.stopped: EmulationGap | None = None

    def forget(self, value: Any) -> None:
        """A kernel would have written to this argument: a tensor, what looks like one, or a tuple of such."""
        if isinstance(value, torch.Tensor):
            if value.numel():
                storage = value.untyped_storage()
                self._storages[storage._cdata] = storage  # held, so that no other takes its place  # noqa: SLF001
        elif isinstance(value, tuple | list):
            for item in value:
                self.forget(item)
        elif getattr(value, "base", None) is not value and hasattr(value, "base"):
            self.forget(value.base)
        elif hasattr(value, "_base"):
            self.forget(value._base)  # noqa: SLF001 - FlagGems' strided view names its tensor so

    def holds(self, value: Any) -> bool:
        """Whether a value of this tensor may be asked for in vain."""
        return isinstance(value, torch.Tensor) and value.untyped_storage()._cdata in self._storages  # noqa: SLF001

    def stop(self, operation: str) -> EmulationGap:
        """The gap that ends the call. It is remembered: host code may catch it and go on."""
        operation = "item" if operation == "_local_scalar_dense" else operation.lstrip("_")
        gap = EmulationGap(f"needs-result:{operation}", "host code needs a result that no compiled kernel has computed")
        self.stopped = self.stopped or gap
        return gap

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Follow everything that torch does inside of the block."""
        with _Reads(self), _Operations(self):
            yield


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Every operation that reaches torch's dispatcher."""

    def __init__(self, unknown: UnknownValues) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.unknown = unknown

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        unknown = self.unknown
        leaves = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if not any(unknown.holds(leaf) for leaf in leaves):
            return func(*args, **kwargs)
        name = func.overloadpacket.__name__
        if self.asks(func, name, args):
            raise unknown.stop(name)
        try:
            result = func(*args, **kwargs)
        except (RuntimeError, IndexError, ValueError, TypeError) as error:
            raise unknown.stop(name) from error  # such as an index out of range: what lies there is no index
        if name not in _FORMING:
            for leaf in tree_leaves(result):
                unknown.forget(leaf)
            self.forget_written(func, args, kwargs)
        return result

    def asks(self, func: Any, name: str, args: Any) -> bool:
        """Whether an operation needs the values of what is unknown among its arguments."""
        if not any(tag in func.tags for tag in _ASKING):
            return False
        if name not in _SHAPING:
            return True
        asked = tree_leaves([args[place] for place in _SHAPING[name] if place < len(args)])
        unknown = [leaf for leaf in asked if self.unknown.holds(leaf)]
        return any(name != "index" or leaf.dtype in _MASKS for leaf in unknown)

    def forget_written(self, func: Any, args: Any, kwargs: Any) -> None:
        for place, argument in enumerate(func._schema.arguments):  # noqa: SLF001 - the operator's own declaration
            if argument.alias_info is not None and argument.alias_info.is_write:
                value = args[place] if place < len(args) else kwargs.get(argument.name)
                self.unknown.forget(value)


class _Reads(TorchFunctionMode):
    """Methods that the dispatcher never sees."""

    def __init__(self, unknown: UnknownValues) -> None:
        super().__init__()
        self.unknown = unknown

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _READING and args and self.unknown.holds(args[0]):
            raise self.unknown.stop(_READING[func])
        return func(*args, **(kwargs or {}))
