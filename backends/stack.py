"""A stack: the versions of torch, Triton and FlagGems that are installed together, as declared in `backends/stacks/`.

A stack is a file, or a point of an axis (`backends/stacks/axes/`): versions to be tried with each other, laid over a stack
that is a file. noxfile.py builds one environment for each. It reads the same files with nox's own reader, because nox runs
it outside of the project; tests/test_noxfile.py holds the two readings together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from backends.reading import NAME, Problem, Table, read_table, refuse

FOLDER = Path(__file__).parent / "stacks"
AXES = "axes"
PYTHON = r"3\.\d+"
VERSION = r"\d[\w.+!-]*"


@dataclass(frozen=True)
class Stack:
    """Versions that are installed together.

    python    the versions of Python it can be installed under;  packages: name on the index -> exact version
    on        the stack over whose environment it is laid; None: it has an environment to itself
    """

    name: str
    title: str
    python: tuple[str, ...]
    packages: dict[str, str]
    on: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def requirements(self) -> tuple[str, ...]:
        """What an installer is asked for."""
        return tuple(f"{package}=={version}" for package, version in self.packages.items())


@dataclass(frozen=True)
class Axis:
    """Versions of two packages, each to be tried with each. `stack` is the pattern of the stacks' names."""

    name: str
    title: str
    on: str
    stack: str
    versions: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.name)

    def name_of(self, packages: Mapping[str, str]) -> str:
        """The stack of these versions."""
        return self.stack.format(**packages)

    def points(self) -> Iterator[dict[str, str]]:
        """The versions of each stack, the last package's changing first."""
        for versions in product(*self.versions.values()):
            yield dict(zip(self.versions, versions, strict=True))


def load_stacks(folder: Path = FOLDER) -> dict[str, Stack]:
    """All stacks by name, those of the axes last.

    Raises ReadingError with every problem of every file.
    """
    problems: list[Problem] = []
    stacks = {path.stem: _read(path, problems) for path in sorted(folder.glob("*.toml"))}
    refuse(problems)
    for axis in load_axes(folder).values():
        base = stacks[axis.on]
        for packages in axis.points():
            name = axis.name_of(packages)
            title = ", ".join(f"{package} {version}" for package, version in (base.packages | packages).items())
            stacks[name] = Stack(name, title, base.python, base.packages | packages, axis.on)
    return stacks


def load_axes(folder: Path = FOLDER) -> dict[str, Axis]:
    """All axes by name.

    Raises ReadingError with every problem of every file.
    """
    problems: list[Problem] = []
    known = tuple(path.stem for path in sorted(folder.glob("*.toml")))
    axes = [_read_axis(path, known, problems) for path in sorted((folder / AXES).glob("*.toml"))]
    refuse(problems)
    return {axis.name: axis for axis in axes}


def stack_of(packages: Mapping[str, str], stacks: Mapping[str, Stack]) -> str | None:
    """The stack whose versions are just those that are installed; a build's local part (`+cpu`) does not matter."""
    for name, stack in stacks.items():
        if all(packages.get(package, "").partition("+")[0] == version for package, version in stack.packages.items()):
            return name
    return None


def _read(path: Path, problems: list[Problem]) -> Stack:
    table = read_table(path, problems)
    stack = Stack(
        name=table.text("name", pattern=NAME, choices=(path.stem,)),
        title=table.text("title"),
        python=table.texts("python", pattern=PYTHON),
        packages=table.mapping("packages", pattern=NAME),
    )
    table.finish()
    for package, version in stack.packages.items():
        _check_version(table, f"packages.{package}", version)
    if not stack.python or not stack.packages:
        table.complain("packages", "too little", "[packages] and python = [...] with an entry each", "add them")
    return stack


def _read_axis(path: Path, known: tuple[str, ...], problems: list[Problem]) -> Axis:
    table = read_table(path, problems)
    listed = table.table("versions")
    versions = {name: listed.texts(name) for name in listed.keys_like(NAME)} if listed is not None else {}
    axis = Axis(
        name=table.text("name", pattern=NAME, choices=(path.stem,)),
        title=table.text("title"),
        on=table.text("on", choices=known),
        stack=table.text("stack", pattern=r"[\w.{}-]+"),
        versions=versions,
    )
    table.finish()
    for package, choices in versions.items():
        for version in choices:
            _check_version(table, f"versions.{package}", version)
        if f"{{{package}}}" not in axis.stack or not choices:
            allowed = f"a name with {{{package}}}, and at least one version of it"
            table.complain("stack", repr(axis.stack), allowed, "else two stacks would have one name, or none")
    if len(versions) != 2:
        table.complain(
            "versions", f"{len(versions)} packages", "two: the rows and the columns of a table", "list their versions"
        )
    if set(re.findall(r"\{(\w*)\}", axis.stack)) != set(versions):
        table.complain("stack", repr(axis.stack), f"the packages of [versions]: {', '.join(versions)}", "name these")
    return axis


def _check_version(table: Table, key: str, version: str) -> None:
    if not re.fullmatch(VERSION, version):
        table.complain(key, repr(version), "one exact version, like 3.7.1", "pin it")
