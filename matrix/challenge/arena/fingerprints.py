"""What the judge's code in a child is made of, by identity: taken before an entry is loaded, and looked at again after.

Functions and classes of the modules that the judge relies on, the code of the functions, the entries of `sys.modules`. An
entry can change these, and every change shows. It is looked for by code that was bound before.
"""

from __future__ import annotations

import builtins
import operator
import sys
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

# Modules with all that lies below them, and modules alone.
TREES = ("matrix", "operators", "triton.runtime", "triton.compiler")
ALONE = (
    "torch",
    "torch._C",
    "torch._tensor",
    "torch._ops",
    "torch.functional",
    "torch.random",
    "torch.cuda",
    "torch.cuda.random",
    "torch.cuda.streams",
    "torch.library",
    "torch.overrides",
    "torch.testing",
    "torch.utils._python_dispatch",
    "builtins",
    "io",
    "json",
    "os",
    "pickle",
    "posix",
    "select",
    "socket",
    "statistics",
    "struct",
    "sys",
    "threading",
    "time",
    "numpy",
    "triton",
    "triton.language",
    "triton.language.core",
)
# Of these the classes too; of other single modules there are thousands that nobody relies on.
WITH_CLASSES = (
    "torch._ops",
    "torch._tensor",
    "torch.cuda.streams",
    "torch.utils._python_dispatch",
    "socket",
    "threading",
)
CLOCKS = (
    "time.",
    "torch.cuda.Event",
    "torch.cuda.Stream",
    "torch.cuda.synchronize",
    "torch.cuda.streams",
    "matrix.timing",
)
_BELOW = tuple(f"{name}." for name in TREES)
_CALLABLE = (FunctionType, BuiltinFunctionType, type)
# Set by Python itself as it goes along.
_MOVING = {"sys": ("stdout", "stderr", "stdin", "excepthook", "displayhook", "last_exc")}

# Modules whose functions are held to their code too: what counts launches and takes times. Elsewhere the audit hook sees
# that code is set.
BY_CODE = ("matrix.challenge.arena", "matrix.judging", "matrix.timing", "matrix.emulation.launch", "triton.runtime.jit")

Place = tuple[Any, str, tuple[str, ...], tuple[Any, ...]]


class Fingerprints:
    """The identities of what is relied on, as it is now. Further modules, such as the device's own, may be named.

    `changed` says what is another than it was.
    """

    def __init__(self, *further: str) -> None:
        modules = {name: module for name, module in list(sys.modules.items()) if _watched(name, further)}
        places = [_place(owner, title) for module in modules.values() for owner, title in _owners(module)]
        codes = [found for place in places if place[1].startswith(BY_CODE) for found in _codes(place)]
        self.changed = _looker(modules, places, codes)


def _looker(
    modules: dict[str, ModuleType], places: list[Place], codes: list[tuple[str, FunctionType, CodeType, Any]]
) -> Callable[[], list[str]]:
    """It uses no global name that could be changed meanwhile, and makes its loops in C."""
    loaded, variables, same, each, every = sys.modules, builtins.vars, operator.is_, builtins.map, builtins.all
    pairs, nothing, same_code = builtins.zip, object(), _is_same

    def changed() -> list[str]:
        found = [f"sys.modules[{name!r}]" for name, module in modules.items() if loaded.get(name) is not module]
        for owner, title, names, values in places:
            now = variables(owner)
            if not every(each(same, each(now.get, names), values)):
                found += [
                    f"{title}.{name}" for name, value in pairs(names, values) if now.get(name, nothing) is not value
                ]
        found += [
            f"the code of {title}"
            for title, function, code, defaults in codes
            if not same_code(function, code, defaults)
        ]
        return found[:20]

    return changed


def _is_same(function: FunctionType, code: CodeType, defaults: Any) -> bool:
    return function.__code__ is code and function.__defaults__ is defaults


def _codes(place: Place) -> Iterator[tuple[str, FunctionType, CodeType, Any]]:
    _, title, names, values = place
    for name, value in zip(names, values, strict=True):
        if type(value) is FunctionType:
            yield f"{title}.{name}", value, value.__code__, value.__defaults__


def _watched(name: str, further: tuple[str, ...]) -> bool:
    return name in ALONE or name in further or f"{name}.".startswith(_BELOW)


def _owners(module: ModuleType) -> Iterator[tuple[Any, str]]:
    """The module, and the classes that were written in it."""
    yield module, module.__name__
    if module.__name__ == "torch":
        yield module.Tensor, "torch.Tensor"
    if module.__name__ in ALONE and module.__name__ not in WITH_CLASSES:
        return
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("__"):
            yield value, f"{module.__name__}.{name}"


def _place(owner: Any, title: str) -> Place:
    of_class = isinstance(owner, type)
    kept = {
        name: value
        for name, value in list(vars(owner).items())
        if name not in _MOVING.get(title, ())
        and (isinstance(value, _CALLABLE) or (of_class and not name.startswith("__abstract")))
        and not isinstance(value, str | int | dict)
    }
    return owner, title, tuple(kept), tuple(kept.values())


def kind_of(name: str) -> str:
    """The kind of tampering that a change to a name is."""
    return "timers" if name.removeprefix("the code of ").startswith(CLOCKS) else "patched"
