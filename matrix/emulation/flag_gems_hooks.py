"""What FlagGems must be told to run on stand-ins. Applied as its modules are imported; no file of it is changed.

Its own choices stay its own: which vendor's kernels replace which, which architecture's, which heuristics. Only what needs a
chip is replaced: finding the device, caching compiled kernels, benchmarking, the data base of tuned configurations.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import io
import sys
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from backends.profile import Emulation
from matrix.emulation.random_state import Generators
from matrix.emulation.stand_in_device import StandInDevice

# Functions of FlagGems that ask whether a tensor is on the host by the literal "cpu", which here all tensors are.
CPU_CHECKS = {"flag_gems.ops.to": ("to_copy",), "flag_gems.ops.where": ("where_self_out",)}
# Functions of FlagGems that ask whether a tensor is on a chip by the literal name of one chip's device.
CHIP_CHECKS = {
    "flag_gems.fused.mhc.hc_split_sinkhorn": ("hc_split_sinkhorn",),
    "flag_gems.fused.DSA.bin_topk": ("bucket_sort_topk",),
}
CHIP_LITERAL = "cuda"
HOST = "cpu"


def register(emulation: Emulation, device: StandInDevice, generators: Generators) -> None:
    """Hook the modules of FlagGems that are imported from now on."""
    import wrapt

    vendor, chip, library = emulation.vendor, emulation.device, emulation.target.backend

    hooks: dict[str, Callable[[ModuleType], None]] = {
        "flag_gems.runtime.common": lambda module: _enter(module, vendor) if emulation.enter_vendor else None,
        "flag_gems.runtime.backend": lambda module: _backend(module, library, device),
        "flag_gems.runtime.backend.device": lambda module: _detector(module, vendor),
        "flag_gems.utils.code_cache": lambda module: _generated_code(module, f"{vendor}-{emulation.target.arch}"),
        "flag_gems.utils.models": _models,
        "flag_gems.utils.libentry": _entries,
        "flag_gems.utils.random_utils": lambda module: _random(module, generators),
    }
    for name, hook in hooks.items():
        wrapt.register_post_import_hook(hook, name)
    if chip == HOST:  # a tensor is where the provider's code says that it is
        return
    nowhere, here = "no device", DeviceName("cpu", chip)
    for name, functions in CPU_CHECKS.items():
        wrapt.register_post_import_hook(partial(_relabel, functions, "cpu", nowhere), name)
    if chip == CHIP_LITERAL:  # on any other chip these functions refuse their arguments, and do so here
        for name, functions in CHIP_CHECKS.items():
            wrapt.register_post_import_hook(partial(_relabel, functions, CHIP_LITERAL, here), name)
    labels = {chip: here, "cpu": HostName("cpu")}
    if "torch.cuda" in emulation.device_modules:
        labels[CHIP_LITERAL] = DeviceName("cpu", CHIP_LITERAL)
    sys.meta_path.insert(0, _VendorImports(vendor, labels))


class _VendorImports(MetaPathFinder):
    """Imports the vendor's own modules with names of devices understood: the chip is where the tensors are, the host is not.

    All but the one that says who the vendor is: that may be the same word.
    """

    def __init__(self, vendor: str, labels: Mapping[str, str]) -> None:
        self.folders = (f"_{vendor}.", f"flag_gems.runtime.backend._{vendor}.", *_architectures(vendor))
        self.labels = labels

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(self.folders):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Relabelling(name, spec.loader.path, self.labels)
        return spec


def _architectures(vendor: str) -> list[str]:
    """Folders of the vendor's for one architecture each, which are imported as packages of their own."""
    provider = importlib.util.find_spec("flag_gems")
    if provider is None or provider.origin is None:
        return []
    folders = (Path(provider.origin).parent / "runtime" / "backend" / f"_{vendor}").glob("*/ops")
    return [f"{folder.parent.name}." for folder in folders]


class _Relabelling(SourceFileLoader):
    def __init__(self, name: str, path: str, labels: Mapping[str, str]) -> None:
        super().__init__(name, path)
        self.labels = labels

    def get_code(self, fullname: str) -> CodeType | None:
        code = super().get_code(fullname)
        return None if code is None else _relabelled(code, self.labels)


class HostName(str):
    """`cpu` as an address that is not where a tensor is: equal to no other name."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = str.__hash__


class DeviceName(str):
    """The device's name: `cpu`, which is where the tensors are, and equal to the chip's own name as well.

    Host code compares it with the device of a tensor, and to choose a kernel's configuration with the chip's name.
    """

    __slots__ = ("chip",)
    chip: str

    def __new__(cls, here: str, chip: str) -> DeviceName:
        name = super().__new__(cls, here)
        name.chip = chip
        return name

    def __eq__(self, other: object) -> bool:
        return other in (str(self), self.chip) if type(other) is str else super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__()


def _backend(module: Any, library: str, device: StandInDevice) -> None:
    """The vendor stays who it is; its device is called cpu and its object is the stand-in."""
    original = module.get_vendor_info
    arch_of = module.BackendArchEvent.get_arch

    def get_vendor_info(vendor_name: Any = None, query: bool = False) -> Any:  # noqa: FBT001, FBT002 - its signature
        info = original(vendor_name, query)
        chip = getattr(info.device_name, "chip", info.device_name)  # the vendor's own module names it relabelled
        named = info.triton_extra_name or chip
        extra = named if find_library(named) else library
        name = DeviceName("cpu", chip)
        return dataclasses.replace(info, device_name=name, dispatch_key="CPU", triton_extra_name=extra)

    def get_arch(event: Any, device: int = 0) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a note where it has no specialisation
            return arch_of(event, device)

    module.get_vendor_info = get_vendor_info
    module.BackendArchEvent.get_arch = get_arch
    module.torch_device_object = device
    module.set_torch_backend_device_fn = lambda _vendor_name=None: None


def find_library(name: str) -> bool:
    """Whether this Triton has that vendor's device library."""
    try:
        return importlib.util.find_spec(f"triton.language.extra.{name}.libdevice") is not None
    except ModuleNotFoundError:
        return False


def _enter(module: Any, vendor: str) -> None:
    """Enter a vendor into the provider's list, if need be: its folder ships, and only the list keeps it from being chosen."""
    known = module.vendors
    if vendor in known.get_all_vendors():
        return
    numbers = {member.name: member.value for member in known}
    make: Any = Enum  # from names that are known only here
    entered = make(known.__name__, {**numbers, vendor.upper(): max(numbers.values()) + 1})
    entered.get_all_vendors = classmethod(known.get_all_vendors.__func__)
    module.vendors = entered


def _detector(module: Any, vendor: str) -> None:
    module.DeviceDetector._get_vendor_from_env = lambda _self: vendor  # noqa: SLF001


def _relabel(functions: tuple[str, ...], literal: str, label: str, module: Any) -> None:
    """Let the literal in some functions of a module be a label that compares as this process needs it."""
    for name in functions:
        function = getattr(module, name)
        function.__code__ = _relabelled(function.__code__, {literal: label})


def _relabelled(code: CodeType, labels: Mapping[str, str]) -> CodeType:
    constants = [
        _relabelled(value, labels)
        if isinstance(value, CodeType)
        else labels.get(value, value)
        if type(value) is str
        else value
        for value in code.co_consts
    ]
    return code.replace(co_consts=tuple(constants))


def _generated_code(module: Any, folder: str) -> None:
    """Code that is generated for one chip is not another one's, though FlagGems names the file alike."""
    everywhere = module.cache_dir_path
    module.cache_dir_path = lambda: everywhere() / folder


class ForgetfulModel:
    """The data base of tuned configurations, remembering nothing."""

    def __init__(self, *_arguments: Any, **_named: Any) -> None: ...

    def get_config(self, *_key: Any) -> None: ...

    def put_config(self, *_key: Any) -> None: ...

    def get_benchmark(self, *_key: Any) -> None: ...

    def put_benchmark(self, *_key: Any) -> None: ...


def _models(module: Any) -> None:
    module.SQLPersistantModel = ForgetfulModel


def _entries(module: Any) -> None:
    """Entries pass through, tuners run as Triton's own autotuner does in this process."""
    from triton.runtime.jit import JITFunction

    def make_entry(entry: Any, fn: Any) -> None:
        entry.fn = fn
        entry.arg_names = fn.arg_names
        while not isinstance(fn, JITFunction):
            fn = fn.fn
        entry.jit_function = fn
        entry.signature = fn.signature

    def make_tuner(tuner: Any, fn: Any, arg_names: Any, configs: Any, key: Any, *args: Any, **named: Any) -> None:
        strategy = named.pop("strategy", None)
        for dated in ("warmup", "rep", "use_cuda_graph", "do_bench"):
            named.pop(dated, None)
        super(module.LibTuner, tuner).__init__(fn, arg_names, configs, key, *args[:2], **named)
        tuner.__name__ = tuner.base_fn.__name__
        tuner.keys = key
        strategies = strategy if isinstance(strategy, list | tuple) else [strategy] * len(key)
        known = module.LibTuner.get_strategy
        tuner.strategy = [each if callable(each) else known(each) for each in strategies]

    def run_tuner(tuner: Any, *args: Any, **kwargs: Any) -> Any:
        """The tuner's own key is computed first: it may refuse the arguments, as it would on a chip."""
        if len(tuner.configs) > 1:
            given = {**dict(zip(tuner.arg_names, args, strict=False)), **kwargs}
            tuner.get_key({name: value for name, value in given.items() if name in tuner.arg_names})
        return super(module.LibTuner, tuner).run(*args, **kwargs)

    module.LibEntry.__init__ = make_entry
    module.LibEntry.run = lambda entry, *args, **kwargs: (entry.fn.run(*args, **kwargs), {})
    module.LibTuner.__init__ = make_tuner
    module.LibTuner.run = run_tuner


def _random(module: Any, generators: Generators) -> None:
    """A CPU generator that a case hands over has no Philox state: its counterpart has."""
    original = module.philox_backend_seed_offset

    def seed_and_offset(increment: int, generator: Any = None) -> Any:
        return original(increment, generators.for_generator(generator))

    module.philox_backend_seed_offset = seed_and_offset
