"""A stack: the versions of torch, Triton and FlagGems that are installed together, as declared in `backends/stacks/`.

noxfile.py builds one environment for each. It reads the same files with nox's own reader, because nox runs it outside
of the project; tests/test_packaging.py holds the two readings together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from backends.reading import NAME, Problem, read_table, refuse

FOLDER = Path(__file__).parent / "stacks"
PYTHON = r"3\.\d+"
VERSION = r"\d[\w.+!-]*"


@dataclass(frozen=True)
class Stack:
    """Versions that are installed together.

    python    the versions of Python it can be installed under;  packages: name on the index -> exact version
    """

    name: str
    title: str
    python: tuple[str, ...]
    packages: dict[str, str]

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def requirements(self) -> tuple[str, ...]:
        """What an installer is asked for."""
        return tuple(f"{package}=={version}" for package, version in self.packages.items())


def load_stacks(folder: Path = FOLDER) -> dict[str, Stack]:
    """All stacks by name.

    Raises ReadingError with every problem of every file.
    """
    problems: list[Problem] = []
    stacks = [_read(path, problems) for path in sorted(folder.glob("*.toml"))]
    refuse(problems)
    return {stack.name: stack for stack in stacks}


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
        if not re.fullmatch(VERSION, version):
            table.complain(f"packages.{package}", repr(version), "one exact version, like 3.7.1", "pin it")
    if not stack.python or not stack.packages:
        table.complain("packages", "too little", "[packages] and python = [...] with an entry each", "add them")
    return stack
