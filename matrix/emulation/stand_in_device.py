"""What stands in for the chip: the device object host code asks about it, Triton's driver, and lies told in a window.

The object answers from the profile's target. Whatever it is asked that it has no answer to is a gap with that name.
Tensors that say that they are on the chip, and `torch.cuda` that says there is one, do so only inside of the window:
torch itself and the judge must not be lied to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

from backends.profile import Target
from matrix.emulation.gaps import EmulationGap, MissingOnStandIn
from matrix.emulation.random_state import Generators

_NAME = "emulated device"


class Window:
    """Open while provider code runs."""

    def __init__(self) -> None:
        self.depth = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1


@dataclass(frozen=True)
class Properties:
    """Device properties under the names of `torch.cuda.get_device_properties`."""

    name: str
    major: int
    minor: int
    multi_processor_count: int
    warp_size: int
    shared_memory_per_block: int
    shared_memory_per_block_optin: int
    shared_memory_per_multiprocessor: int
    regs_per_multiprocessor: int
    max_threads_per_multi_processor: int = 2048
    total_memory: int = 16 * 2**30
    L2_cache_size: int = 40 * 2**20
    is_integrated: bool = False
    others: dict[str, object] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self.others:
            return self.others[name]
        raise MissingOnStandIn(f"device-properties:{name}", "the stand-in device does not know it")


class _Context:
    """`with device(0):` and `with stream(s):` mean nothing here."""

    def __init__(self, *_arguments: Any, **_named: Any) -> None: ...

    def __enter__(self) -> _Context:
        return self

    def __exit__(self, *_exception: object) -> None: ...


class _Stream(_Context):
    device_index = 0
    cuda_stream = 0

    def synchronize(self) -> None: ...

    def wait_stream(self, _other: Any) -> None: ...

    def record_event(self, _event: Any = None) -> None: ...


class StandInDevice:
    """Stands for `torch.cuda` and its like."""

    device = _Context
    _DeviceGuard = _Context  # the older name of the same, which generated code of some vendors uses
    stream = _Context
    Stream = _Stream

    def __init__(self, target: Target, generators: Generators) -> None:
        self.target = target
        self.generators = generators
        self.default_generators = (generators.default,)
        major, minor = target.capability
        self._properties = Properties(
            name=_NAME,
            major=major,
            minor=minor,
            multi_processor_count=target.multiprocessors,
            warp_size=target.warp_size,
            shared_memory_per_block=min(target.shared_memory, 49152),
            shared_memory_per_block_optin=target.shared_memory,
            shared_memory_per_multiprocessor=target.shared_memory,
            regs_per_multiprocessor=65536,
            others=target.properties,
        )

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def device_count(self) -> int:
        return 1

    def current_device(self) -> int:
        return 0

    def set_device(self, _device: Any) -> None: ...

    def get_device_properties(self, _device: Any = None) -> Properties:
        return self._properties

    def get_device_name(self, _device: Any = None) -> str:
        return _NAME

    def get_device_capability(self, _device: Any = None) -> tuple[int, int]:
        return self.target.capability

    def synchronize(self, _device: Any = None) -> None: ...

    def empty_cache(self) -> None: ...

    def current_stream(self, _device: Any = None) -> _Stream:
        return _Stream()

    def is_bf16_supported(self, *_arguments: Any, **_named: Any) -> bool:
        return True

    def is_current_stream_capturing(self) -> bool:
        return False

    def manual_seed(self, seed: int) -> None:
        self.generators.default.manual_seed(seed)

    manual_seed_all = manual_seed

    def __getattr__(self, name: str) -> Any:
        raise MissingOnStandIn(f"device:{name}", "the stand-in device has no such attribute")


class StandInDriver:
    """Triton's active driver: it knows a target and reaches no device."""

    def __init__(self, target: Target, functions: Iterable[str] = ()) -> None:
        """`functions` are those that the vendor's own driver has besides; each is a gap when it is called."""
        from triton.backends.compiler import GPUTarget

        self._target = GPUTarget(target.backend, target.arch, target.warp_size)
        properties = {
            "max_shared_mem": target.shared_memory,
            "multiprocessor_count": target.multiprocessors,
            "max_num_regs": 65536,
            "warpSize": target.warp_size,
            "sm_clock_rate": 1000000,
            "mem_clock_rate": 1000000,
            "mem_bus_width": 256,
            **target.properties,
        }
        missing = {name: partial(_missing_function, name) for name in functions}
        self.utils = SimpleNamespace(get_device_properties=lambda _device: properties, **missing)

    def get_current_target(self) -> Any:
        return self._target

    def get_current_device(self) -> int:
        return 0

    def set_current_device(self, _device: int) -> None: ...

    def get_current_stream(self, _device: int = 0) -> int:
        return 0

    def get_active_torch_device(self) -> Any:
        import torch

        return torch.device("cpu")

    def get_device_interface(self) -> Any:
        raise MissingOnStandIn("driver:get_device_interface", "there is no device")

    def __getattr__(self, name: str) -> Any:
        raise MissingOnStandIn(f"driver:{name}", "the stand-in driver has no such attribute")


def _missing_function(name: str, *_arguments: Any, **_named: Any) -> Any:
    raise EmulationGap(f"driver:{name}", "a function of the vendor's Triton driver, which is not here")


# The functions of `torch.cuda` that providers call, whatever their own device is named.
_TORCH_CUDA = (
    "device",
    "is_available",
    "is_initialized",
    "device_count",
    "current_device",
    "get_device_properties",
    "get_device_name",
    "get_device_capability",
    "synchronize",
    "empty_cache",
    "current_stream",
    "is_bf16_supported",
    "is_current_stream_capturing",
)


def install_lies(window: Window, device: StandInDevice, chip: str, *, moved: bool = False) -> None:
    """Make torch answer for the chip while the window is open, and seed the stand-in generator with torch's own.

    `chip` is torch's name of the device. Where torch does not know it, `torch.<chip>` is the stand-in device. `moved` says that
    the vendor's plug-in lets `torch.cuda` answer for its device too.
    """
    import torch

    known = getattr(torch.Tensor, f"is_{chip}", None)
    elsewhere = known.__get__ if known is not None else lambda _tensor: False

    def is_here(tensor: Any) -> bool:
        return window.depth > 0 or bool(elsewhere(tensor))

    setattr(torch.Tensor, f"is_{chip}", property(is_here))
    if not hasattr(torch, chip):
        setattr(torch, chip, device)
        setattr(torch.Tensor, chip, lambda tensor, *_arguments, **_named: tensor)  # it moves a tensor to where it is
    if moved:
        torch.Tensor.is_cuda = property(is_here)  # type: ignore[assignment]
    if moved or chip == "cuda":
        for name in _TORCH_CUDA:
            setattr(torch.cuda, name, _either(window, getattr(device, name), getattr(torch.cuda, name)))
    torch.cuda.manual_seed_all = device.manual_seed


def _either(window: Window, inside: Callable[..., Any], outside: Callable[..., Any]) -> Callable[..., Any]:
    def answer(*arguments: Any, **named: Any) -> Any:
        return (inside if window.depth else outside)(*arguments, **named)

    return answer
