"""The chip's software stack, stood in for in this process: what both `interpret` and `compile` need before the provider is
imported. What becomes of a launch is for each of them to say.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from backends.profile import Emulation
from matrix.emulation import flag_gems_hooks, start_up, vendor_stack
from matrix.emulation.random_state import Generators
from matrix.emulation.stand_in_device import StandInDevice, StandInDriver, Window, install_lies

PROVIDER = "flag_gems"


@dataclass(frozen=True)
class StandInStack:
    """What was put in place of the chip."""

    window: Window
    generators: Generators
    device: StandInDevice


_INSTALLED: list[StandInStack] = []


def install(emulation: Emulation) -> StandInStack:
    """Stand in for device, driver and vendor modules, for good; once in a process.

    Raises RuntimeError when a stack is in place already, or the provider was imported without one.
    """
    from triton.runtime.driver import driver

    if _INSTALLED:
        raise RuntimeError("this process stands in for a chip already; start another one")
    if PROVIDER in sys.modules:
        raise RuntimeError(f"{PROVIDER} was imported before the emulation was activated")
    start_up.install()
    generators = Generators()
    window = Window()
    device = StandInDevice(emulation.target, generators)
    driver.set_active(StandInDriver(emulation.target, emulation.driver_functions))
    vendor_stack.install(emulation, device)
    install_lies(window, device, emulation.device, moved="torch.cuda" in emulation.device_modules)
    flag_gems_hooks.register(emulation, device, generators)
    sys.meta_path.insert(0, _WindowedImport(window))
    stack = StandInStack(window, generators, device)
    _INSTALLED.append(stack)
    return stack


class _WindowedImport(MetaPathFinder):
    """Imports the provider with the window open: it asks about the device while it is imported."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def find_spec(self, name: str, _path: Any = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if name != PROVIDER:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _WindowedLoader(spec.loader, self.window)
        return spec


class _WindowedLoader(Loader):
    def __init__(self, loader: Loader, window: Window) -> None:
        self.loader = loader
        self.window = window

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with self.window.open():
            self.loader.exec_module(module)
