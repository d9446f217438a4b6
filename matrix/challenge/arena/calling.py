"""Calls of an entry's function in the child, and what is seen of them from beside: what is returned, when, and by whom."""

from __future__ import annotations

import dis
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from matrix.challenge.arena import surroundings
from matrix.challenge.arena.wire import describe, storage_bytes, unpack_arguments
from matrix.compilation import Compiler
from matrix.emulation import EmulationGap, Emulator
from matrix.judging import judge as judging
from matrix.judging.attempt import Attempt
from matrix.judging.inputs import Arguments
from matrix.tampering import Tampering

Note = Callable[[Tampering], None]
# Torch's own operators of a task whose names do not hold the task's.
ALSO = {"conv_transpose2d": ("convolution",), "grid_sample": ("grid_sampler",), "gcd": ()}
_THREADS = "the number of threads"
POISON = 255  # bytes: NaN in every floating type


def tried(action: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What an action comes to: what it returns, or what it raises."""
    try:
        return action(), None
    except BaseException as error:  # noqa: BLE001 - the boundary of the child: an entry raises anything, SystemExit included
        return None, error


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The names of torch's operators that are called meanwhile, without `aten::`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(func._schema.name.partition("::")[2])  # noqa: SLF001 - torch's only way to a name
        return func(*args, **(kwargs or {}))


class Calls:
    """Calls one function. `note` is told of what it should not have done."""

    def __init__(self, emulator: Emulator | Compiler | None, note: Note) -> None:
        self.emulator = emulator
        self.note = note
        self.function: Callable[..., Any]
        self.mine = Arguments()
        self.described: Any = None
        # What was returned last: each tensor, and its copy at the moment of returning.
        self.returned: list[tuple[torch.Tensor, torch.Tensor]] = []

    def make(
        self, attempt: Attempt, request: dict[str, Any], parts: list[bytearray]
    ) -> tuple[dict[str, Any], list[torch.Tensor]]:
        """Call the function with what was sent; the answer's head, and bytes: of the arguments' memory, then of the results."""
        before = self.returned
        if request["operation"] == "again":
            self.settle()
            self._renew(parts)
        else:
            self.mine = unpack_arguments(request["arguments"], parts)
            device = attempt.cell.profile.device
            if not attempt.cell.evidence.emulated and device != "cpu":
                self.mine = self.mine.mapped(lambda leaf: judging.on_device(leaf, device))
        self.returned, self.described = [], None
        observed = surroundings.around(self._observed(attempt), self.note_settings)
        judging.call_provider(attempt, observed, self.mine)
        if isinstance(attempt.emulator, Compiler):
            if attempt.emulator.unknown.stopped is not None:
                raise attempt.emulator.unknown.stopped  # host code caught it and went on without the value
        else:
            self.settle()
            self._is_new(before)
        memory = [storage_bytes(tensor).cpu() for _, tensor in self.mine.tensors()]
        copies = [storage_bytes(copy).cpu() for _, copy in self.returned]
        return {"returned": self.described, "arguments": len(memory)}, [*memory, *copies]

    def _observed(self, attempt: Attempt) -> Callable[..., Any]:
        """The function, whose results are copied the moment it returns, in the order of the device's own work."""
        base, compiling = attempt.cell.case.operator.base, isinstance(attempt.emulator, Compiler)
        names = (base, *ALSO.get(base, ()))

        def observed(*args: Any, **kwargs: Any) -> Any:
            with Operations() as operations:
                returned = self.function(*args, **kwargs)
            self.described = describe(returned, lambda tensor: self._keep(tensor, compiling=compiling))
            if taken := sorted(name for name in operations.names if any(own in name for own in names)):
                self.note(Tampering("fall-back", f"torch's own aten::{taken[0]} was called"))
            return None

        return observed

    def _keep(self, tensor: torch.Tensor, *, compiling: bool) -> int:
        """Keep a result with a copy of it; its number."""
        if strange := strangeness(tensor):
            self.note(Tampering("late", strange))
            raise TypeError(strange)
        contiguous = torch.contiguous_format
        if compiling:
            copy = torch.zeros(tensor.shape, dtype=tensor.dtype)
        else:
            copy = tensor.detach().resolve_conj().resolve_neg().clone(memory_format=contiguous)
        self.returned.append((tensor, copy))
        return len(self.returned) - 1

    def settle(self) -> None:
        """See whether what was returned is still what it was."""
        if isinstance(self.emulator, Compiler):
            return
        for tensor, copy in self.returned:
            now = tensor.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
            if not torch.equal(storage_bytes(now), storage_bytes(copy)):
                self.note(Tampering("late", "a result changed after the call had returned it"))
                return

    def _renew(self, parts: list[bytearray]) -> None:
        """Other values in the same memory, and nothing left in that of the results."""
        own = {tensor.untyped_storage().data_ptr() for _, tensor in self.mine.tensors()}
        for tensor, _ in self.returned:
            if tensor.untyped_storage().data_ptr() not in own:
                storage_bytes(tensor).fill_(1 if tensor.dtype is torch.bool else POISON)
        for (_, tensor), data in zip(self.mine.tensors(), parts, strict=True):
            if data:
                storage_bytes(tensor).copy_(torch.frombuffer(data, dtype=torch.uint8))

    def _is_new(self, before: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """Two results of two calls are two pieces of memory, unless they are the arguments'."""
        own = {tensor.untyped_storage().data_ptr() for _, tensor in self.mine.tensors()}
        earlier = {tensor.untyped_storage().data_ptr() for tensor, _ in before if tensor.numel()} - own
        if any(tensor.untyped_storage().data_ptr() in earlier for tensor, _ in self.returned if tensor.numel()):
            self.note(Tampering("replay", "the memory of an earlier result was returned again"))

    def note_settings(self, changes: list[str]) -> None:
        for change in changes:
            kind = "late" if change.startswith(_THREADS) else "environment"
            self.note(Tampering(kind, change))


def strangeness(tensor: torch.Tensor) -> str:
    """Why a result is no plain tensor with memory of its own; empty when it is one."""
    if type(tensor) is not torch.Tensor:
        return f"a {type(tensor).__name__} was returned, which is no plain torch.Tensor"
    if tensor.is_meta or tensor.layout is not torch.strided or torch._is_functional_tensor(tensor):  # noqa: SLF001
        return "a tensor without memory was returned"
    return ""


def raises_itself(error: BaseException, is_entrys: Callable[[str], bool]) -> bool:
    """Whether the innermost code of an exception is an entry's own `raise`, and what it raises is a gap or looks like one."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not is_entrys(trace.tb_frame.f_code.co_filename):
        return False
    instruction = trace.tb_frame.f_code.co_code[trace.tb_lasti]
    return isinstance(error, EmulationGap) or instruction == dis.opmap["RAISE_VARARGS"]
