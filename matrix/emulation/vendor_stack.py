"""What a chip's own software stack has and this machine has not, as its profile declares it.

Modules that exist only beside the chip are stood in for, with the attributes that the profile gives them; arguments that
only the vendor's Triton knows are taken and kept, and mean nothing on a CPU.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import wraps
from types import ModuleType
from typing import Any

from backends.profile import Emulation
from matrix.emulation.gaps import MissingOnStandIn


def install(emulation: Emulation) -> None:
    """Stand in for modules and accept arguments, for good."""
    for name, attributes in emulation.stand_ins.items():
        stand_in(name, attributes)
    _accept_configuration(emulation.config_arguments)
    _accept_autotune(emulation.autotune_arguments)


class StandInModule(ModuleType):
    """A module of the declared attributes; any other is a gap with its name."""

    def __getattr__(self, name: str) -> Any:
        raise MissingOnStandIn(f"stand-in:{self.__name__}.{name}", "the profile declares no such attribute")


def stand_in(name: str, attributes: Mapping[str, object]) -> None:
    """Make a module importable that is not there, and the packages above it. A real one is left alone."""
    parent: ModuleType | None = None
    path = ""
    for part in name.split("."):
        path = f"{path}.{part}" if path else part
        module = sys.modules.get(path)
        if module is None:
            module = StandInModule(path)
            module.__path__ = []
            sys.modules[path] = module
        if parent is not None and not hasattr(parent, part):
            setattr(parent, part, module)
        parent = module
    for key, value in attributes.items():
        setattr(parent, key, value)


def _accept_configuration(names: tuple[str, ...]) -> None:
    """`triton.Config(..., num_ldmatrixes=8)`: the argument becomes an attribute."""
    if not names:
        return
    from triton.runtime.autotuner import Config

    make = Config.__init__

    @wraps(make)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        extra = {name: kwargs.pop(name) for name in names if name in kwargs}
        make(self, *args, **kwargs)
        vars(self).update(extra)

    Config.__init__ = init


def _accept_autotune(names: tuple[str, ...]) -> None:
    """`triton.autotune(..., generate_configs="gemm")`: the argument is dropped."""
    if not names:
        return
    import triton
    from triton.runtime import autotuner

    original = autotuner.autotune

    @wraps(original)
    def autotune(*args: Any, **kwargs: Any) -> Any:
        return original(*args, **{name: value for name, value in kwargs.items() if name not in names})

    for holder in (triton, triton.runtime, autotuner):
        holder.autotune = autotune
