"""What a chip's own software stack has and this machine has not, as its profile declares it.

Modules that exist only beside the chip are stood in for, with the attributes that the profile gives them; arguments that
only the vendor's Triton knows are taken and kept, and mean nothing on a CPU.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from functools import wraps
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from backends.profile import Emulation
from backends.stand_in import OTHERS
from matrix.emulation.gaps import MissingOnStandIn
from matrix.emulation.stand_in_values import make_value


def install(emulation: Emulation, device: object) -> None:
    """Stand in for modules and accept arguments, for good. Modules that are declared to answer for the device do."""
    for name, attributes in emulation.stand_ins.items():
        stand_in(name, attributes, device if name in emulation.device_modules else None)
    _accept_configuration(emulation.config_arguments)
    _accept_autotune(emulation.autotune_arguments, emulation.generated_configurations)


class StandInModule(ModuleType):
    """A module of the declared attributes, and of the device's if it has one; any other is a gap with its name.

    Attributes are made when they are first asked for: what they stand for is in place by then.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []
        self.__spec__ = ModuleSpec(name, None, is_package=True)  # `find_spec` finds it
        self.declared: dict[str, object] = {}
        self.stands_for: object = None

    def __deepcopy__(self, _memo: object) -> StandInModule:
        """Triton copies what a kernel refers to, and knows only plain modules not to."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self.declared:
            value = make_value(f"{self.__name__}.{name}", self.declared[name])
            setattr(self, name, value)
            return value
        others = make_value(self.__name__, self.declared[OTHERS]) if OTHERS in self.declared else self.stands_for
        if others is not None and hasattr(others, name):
            return getattr(others, name)
        raise MissingOnStandIn(f"stand-in:{self.__name__}.{name}", "the profile declares no such attribute")


def stand_in(name: str, attributes: Mapping[str, object], device: object = None) -> None:
    """Make a module importable that is not there, and the packages above it. A real one gets the attributes besides."""
    parent: ModuleType | None = None
    path = ""
    for part in name.split("."):
        path = f"{path}.{part}" if path else part
        module = sys.modules.get(path)
        if module is None:
            module = sys.modules[path] = StandInModule(path)
        if parent is not None and not hasattr(parent, part):
            setattr(parent, part, module)
        parent = module
    if isinstance(parent, StandInModule):
        parent.stands_for = device
        parent.declared.update(attributes)
        return
    for key, declared in attributes.items():
        setattr(parent, key, make_value(f"{name}.{key}", declared))


def add_device_functions(library: str, functions: Mapping[str, str], as_builtin: Any, semantic: Any) -> None:
    """Give a device library the functions that only the vendor's has, each computed as the known function it is."""
    if not functions:
        return
    module = importlib.import_module(f"triton.language.extra.{library}.libdevice")
    for name, known in functions.items():
        setattr(module, name, as_builtin(_device_function(known, semantic)))


def _device_function(known: str, semantic: Any) -> Any:
    from triton.language import core

    def compute(*given: Any) -> Any:
        """Integers that go with a float become one of its type."""
        arguments = [semantic.to_tensor(argument) for argument in given]
        kind = arguments[0].dtype
        arguments = [semantic.cast(each, kind) if each.dtype.is_int() else each for each in arguments]
        floats = (core.float16, core.bfloat16, core.float32, core.float64)
        kinds = {(kind,) * len(arguments): (known, kind) for kind in floats}
        return core.extern_elementwise("", "", arguments, kinds, is_pure=True, _semantic=semantic)

    return compute


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


def _accept_autotune(names: tuple[str, ...], generated: Mapping[str, Mapping[str, object]]) -> None:
    """`triton.autotune(..., generate_configs="gemm")`: the argument is dropped.

    Where it asks the vendor's compiler for configurations, and the tuner has none, the declared one of that name is taken.
    """
    if not names:
        return
    import triton
    from triton.runtime import autotuner

    original = autotuner.autotune

    @wraps(original)
    def autotune(configs: Any, *args: Any, **kwargs: Any) -> Any:
        asked = [kwargs.pop(name) for name in names if name in kwargs]
        made = [triton.Config(dict(generated[name])) for name in asked if name in generated]
        return original(configs or made, *args, **kwargs)

    for holder in (triton, triton.runtime, autotuner):
        holder.autotune = autotune
