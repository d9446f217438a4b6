"""Which packages this interpreter has of those that a run needs. None of them is imported."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Mapping

from backends.availability import NEEDED
from backends.machine import NO_VERSION, is_installed
from backends.stack import load_stacks
from matrix.doctor.check import Check
from matrix.runner.spawn import ROOT


def look_at_packages() -> Check:
    """The packages with their versions; all that are missing or too old at once, with one command that brings them."""
    pins, lowest = _pinned()
    found = {name: _version(name) for name in pins if is_installed(module_of(name))}
    absent = [name for name in pins if name not in found]
    old = [
        name for name, version in found.items() if release(version) < release(lowest.get(name, "")) and release(version)
    ]
    told = ", ".join(f"{name} {version}" for name, version in found.items())
    if not absent and not old:
        return Check("packages", told)
    lacks = [f"{name} is not installed" for name in absent]
    lacks += [f"{name} {found[name]} is too old ({lowest[name]} or newer works)" for name in old]
    wanted = " ".join(f"{name}=={pins[name]}" for name in [*absent, *old] if name not in NEEDED)
    todo = [f"{sys.executable} -m pip install {wanted}"] if wanted else []
    vendors = [name for name in absent if name in NEEDED]
    todo += [f"install the vendor's build of {', '.join(vendors)}"] if vendors else []
    return Check("packages", f"{'; '.join(lacks)}; there are {told or 'none'}", stops=True, todo="; ".join(todo))


def module_of(package: str) -> str:
    """`xdist` of `pytest-xdist`."""
    return package.removeprefix("pytest-").replace("-", "_")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return NO_VERSION


def release(version: str) -> tuple[int, ...]:
    """`2.11.0+cu128` -> (2, 11, 0); nothing of a text that is no version."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _pinned() -> tuple[dict[str, str], Mapping[str, str]]:
    """The pins of what is run and what runs it, and the lowest versions of the latter."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = dict(pin.split("==") for pin in project["dependency-groups"]["run"])
    lowest: Mapping[str, str] = project["tool"]["matrix"]["here"]
    needed = {package: pin for package, pin in pins.items() if package in lowest}
    return dict(load_stacks()["default"].packages) | needed, lowest
