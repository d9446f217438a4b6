"""The child in which one answer of task 8 runs: `python -m matrix.annotation.operator_child REQUEST`.

It makes itself what the request's evidence needs (the interpreter of a profile's kernels, a compiler for its target, or
neither on a device), draws the inputs, calls the function and tells, for each call, its outputs, the kernels that were
launched and the torch operators that computed beside them. What is right is not known here: a source can forge nothing but
what it computes. The word that marks our lines is gone from the disk before the source is imported.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from backends.profile import Profile
from backends.profiles import load_profiles
from matrix.annotation.guarding import forbid
from matrix.compilation import Compiler
from matrix.compilation import activate as activate_compiler
from matrix.emulation import Emulator, activate
from matrix.judging.device_launches import device_launches
from matrix.judging.inputs import Arguments, draw, widened
from matrix.judging.outputs import flatten
from matrix.outcome import Evidence
from matrix.runner.limits import limit_files, limit_memory
from matrix.runner.processes import die_with_parent
from operators.call import parse_call

REFERENCE = "reference"
ELEMENTS = 1_000_000
# Torch operators that allocate, look at or move what is there: a launcher needs them, and they compute nothing.
MOVING: tuple[str, ...] = (
    "empty",
    "zeros",
    "ones",
    "full",
    "new_",
    "view",
    "_unsafe_view",
    "reshape",
    "as_strided",
    "expand",
    "permute",
    "t",
)
MOVING += ("transpose", "contiguous", "clone", "copy_", "_to_copy", "detach", "alias", "slice", "select", "squeeze")
MOVING += ("unsqueeze", "fill_", "zero_", "_local_scalar_dense", "resize_", "set_", "lift_fresh", "is_pinned", "arange")


class Beside(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch gives it no types
    """The torch operators that compute while it is on."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: dict[str, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func.overloadpacket.__name__)
        if not any(name == moving or (moving.endswith("_") and name.startswith(moving)) for moving in MOVING) and not (
            name.endswith("_like") and name.startswith(("empty", "zeros", "ones", "full"))
        ):
            self.names[name] = self.names.get(name, 0) + 1
        return func(*args, **(kwargs or {}))


class Told:
    """The lines that the parent believes: each carries a word that the source never sees."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._file = os.open(request["answers"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._word = request["word"]

    def say(self, **what: Any) -> None:
        os.write(self._file, json.dumps({"word": self._word, **what}).encode() + b"\n")


def load(path: str, name: str) -> Callable[..., Any]:
    """The function of a source."""
    specification = importlib.util.spec_from_file_location("prediction", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["prediction"] = module
    specification.loader.exec_module(module)
    return getattr(module, name)  # type: ignore[no-any-return]


def fields_of(returned: Any) -> list[dict[str, Any]]:
    """Outputs as what a line holds: form, and bytes. Raises ValueError for one that is too large."""
    found = []
    for label, tensor in flatten(returned):
        plain = tensor.detach().to("cpu").contiguous()
        if plain.numel() > ELEMENTS:
            raise ValueError(f"{label} has {plain.numel()} elements; at most {ELEMENTS} are compared")
        data = bytes(plain.reshape(-1).view(torch.uint8).numpy()) if plain.numel() else b""
        dtype = str(plain.dtype).removeprefix("torch.")
        found.append(
            {"label": label, "dtype": dtype, "shape": list(plain.shape), "data": base64.b64encode(data).decode()}
        )
    return found


def stand_in(profile: Profile, evidence: str) -> Emulator | Compiler | None:
    """What stands in for the chip."""
    if evidence == Evidence.COMPILE:
        return activate_compiler(profile)
    return activate(profile) if evidence == Evidence.INTERPRET else None


@contextmanager
def watched(emulator: Emulator | Compiler | None, device: str) -> Iterator[Sequence[Any]]:
    """The launches of the block."""
    seen: AbstractContextManager[Any] = nullcontext([]) if device == "cpu" else device_launches()
    with (
        emulator.launches() if emulator is not None else seen as found,
        emulator.window() if emulator is not None else nullcontext(),
    ):
        yield found


@dataclass(frozen=True)
class Trial:
    """How an answer's calls are made in this process."""

    source: str
    device: str
    emulator: Emulator | Compiler | None

    def call(self, function: Callable[..., Any], arguments: Arguments) -> dict[str, Any]:
        """One call of the answer: its outputs, the kernels that were launched, and what torch computed beside them."""
        mine = arguments.mapped(lambda leaf: leaf.to(self.device) if isinstance(leaf, torch.Tensor) else leaf)
        called = self.emulator.watched(function) if isinstance(self.emulator, Compiler) else function
        with watched(self.emulator, self.device) as launches:
            with torch.no_grad(), Beside() as beside:
                returned = called(*mine.args, **mine.kwargs)
            if self.device != "cpu":
                torch.accelerator.synchronize()
        outputs = [] if isinstance(self.emulator, Compiler) else fields_of(returned)
        own = Path(self.source).name
        kernels = [[each.kernel, each.file == own] for each in launches]
        return {"outputs": outputs, "kernels": kernels, "beside": sorted(beside.names)}


def reference(function: Callable[..., Any], arguments: Arguments) -> dict[str, Any]:
    """What is right: by torch's operators at the dtype, and in float64."""
    native = fields_of(function(*arguments.copied().args, **arguments.kwargs))
    wide = widened(arguments)
    return {"outputs": native, "exact": fields_of(function(*wide.args, **wide.kwargs))}


def main(path: Path) -> None:
    request = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    die_with_parent(request["parent"])
    torch.set_num_threads(1)
    told, evidence, source = Told(request), request["evidence"], request["source"]
    profile = load_profiles(request["profiles"])[request["profile"]]
    device = profile.device if evidence == Evidence.RUN else "cpu"
    trial = Trial(source, device, None if evidence == REFERENCE else stand_in(profile, evidence))
    limit_files()
    limit_memory(request["memory_gib"])
    if evidence in (Evidence.INTERPRET, REFERENCE):  # compilers start programs and write files
        forbid("an answer", [str(path.parent), str(Path(source).parent)])
    told.say(phase="import")
    function = load(source, request["function"])
    for number, call in enumerate(request["calls"]):
        told.say(phase="run", call=number)
        arguments = draw(parse_call(call), request["dtype"], f"{request['seed']}/{number}")
        done = reference(function, arguments) if evidence == REFERENCE else trial.call(function, arguments)
        told.say(call=number, done=done)
    told.say(finished=True)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
