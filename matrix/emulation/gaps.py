"""Whose fault an exception is: the emulation's (a gap) or the provider's.

EmulationError              never raised itself
|- EmulationGap             the emulation cannot do what the chip's software does: outcome INFRA, with the gap's name
|  '- MissingOnStandIn      an attribute that a stand-in object has not (also an AttributeError, so hasattr works)
'- KernelFault              the kernel does what no chip allows: the provider's fault
   |- OutOfBounds           a load, store or atomic outside of every tensor of the launch
   |- NotCompilable         Triton's compiler would have refused it
   |  '- StaticAssertion    `tl.static_assert` does not hold
   |- LaunchRefused         the driver would have refused the launch: grid or arguments
   '- Refused               the compiler of the target refused the kernel, or it exceeds a limit of the target
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

from matrix.emulation.package_folders import package_folders


class EmulationError(Exception):
    """Base of what the emulation raises on purpose."""


class EmulationGap(EmulationError):  # noqa: N818 - a gap is not an error of anyone's
    """Something the emulation cannot do. `name` is short and stable (`libdevice:j0`), `detail` says what was met."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class MissingOnStandIn(EmulationGap, AttributeError):  # type: ignore[misc]  # noqa: N818 - both have a `name`
    """A stand-in object was asked for something it does not have."""


class KernelFault(EmulationError):  # noqa: N818 - named for whose fault it is
    """What a kernel must not do."""


class OutOfBounds(KernelFault):
    """A memory access outside of the tensors that the kernel was given. No call is refused by it: a chip would go on."""

    memory_fault = True


class NotCompilable(KernelFault):
    """Triton's compiler refuses this."""


class StaticAssertion(NotCompilable):
    """`tl.static_assert` does not hold."""


class LaunchRefused(KernelFault):
    """The driver or Triton's launcher refuses this launch."""


class Refused(KernelFault):
    """The target's compiler refuses a kernel, or the target has not what it wants (`wanted`, if that is a number)."""

    def __init__(self, reason: str, wanted: int | None = None) -> None:
        super().__init__(reason)
        self.wanted = wanted


_EMULATION = tuple(str(Path(__file__).parents[1] / name) for name in ("emulation", "compilation"))
_CALCULATORS = tuple(str(folder) for folder in package_folders("numpy", "scipy"))

TORCH_DEVICE = "torch-device"
# What torch says when host code meets the CPU where it expects the chip. A provider cannot be blamed for it.
_HOST_MESSAGES = (
    (re.compile(r"\"(?P<name>[\w:]+)\" not implemented for '(?P<what>\w+)'"), "torch-cpu:{name}-{what}"),
    (re.compile(r"Could not run 'aten::(?P<name>[\w.]+)' with arguments from the '(?P<what>\w+)'"), "torch-cpu:{name}"),
    (re.compile(r"Torch not compiled with|Found no \w+ driver"), TORCH_DEVICE),
)


def classify(exception: BaseException, chip: str = "cuda") -> EmulationGap | None:
    """The gap that an exception stands for, or None when the provider (or the machine: MemoryError) is to blame.

    `chip` is torch's name of the device: where that is not CUDA's, torch has no CUDA beside the chip either.

    What the emulation raises on purpose says so itself. Of other exceptions the innermost frame decides: raised in
    the emulation, or in numpy called by it, it is a gap; raised in Triton's language (it would not compile), in a kernel
    or in the provider's host code, it is not, except where torch says that it misses the device.
    """
    for link in _chain(exception):
        if isinstance(link, EmulationGap):
            return link
        if isinstance(link, KernelFault | MemoryError | RecursionError):
            return None
    for pattern, name in _HOST_MESSAGES:
        if (match := pattern.search(str(exception))) and (name != TORCH_DEVICE or chip == "cuda"):
            return EmulationGap(name.format(**match.groupdict()), str(exception).splitlines()[0])
    frame = _deciding_frame(exception.__traceback__)
    if frame is None or not frame.f_code.co_filename.startswith(_EMULATION):
        return None
    place = f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"
    return EmulationGap(f"{place}:{type(exception).__name__}", str(exception) or repr(exception))


def _chain(exception: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from, and what was being handled when it was raised."""
    link: BaseException | None = exception
    while link is not None:
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _deciding_frame(traceback: TracebackType | None) -> FrameType | None:
    """The innermost frame outside of numpy and SciPy: who called them is to blame."""
    frames = []
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    for frame in reversed(frames):
        if not frame.f_code.co_filename.startswith(_CALCULATORS):
            return frame
    return None
