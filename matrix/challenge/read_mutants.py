"""Mutants of our own kernels that were read: those that nothing can tell from the kernel, and those that only a chip can.

They are declared in `operators/challenge/mutants/<kernel's file>.toml`, each with its reason, by the text of its line and of
the change. What is declared and yet noticed by a case, or is no mutant any more, is said: a declaration cannot rot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.reading import Problem, Table, read_table, refuse
from matrix.challenge.mutant import Mutant
from matrix.challenge.task import FOLDER, task_names

READ = FOLDER / "mutants"
EQUIVALENT, CHIPS = "equivalent", "chips"


@dataclass(frozen=True)
class ReadMutant:
    """A change that somebody has read.

    line    the source line that the change is in, without the spaces around it
    change  `before -> after`, as a mutant is printed, or a kind: all changes of that kind in the line
    kernel  the function that the line is in; empty: any of the file's
    tasks   those for which it holds; none: all whose kernels have that line
    chips   it can be told from the kernel, but by no case that an interpreter does in minutes
    """

    file: str
    line: str
    change: str
    kernel: str
    tasks: tuple[str, ...]
    reason: str
    chips: bool

    def is_of(self, mutant: Mutant, line: str, task: str) -> bool:
        """Whether a mutant, whose line has this text, is meant."""
        there = (self.file, self.line) == (mutant.file, line.strip()) and self.change in (changed(mutant), mutant.kind)
        inside = not self.kernel or self.kernel == mutant.function
        return there and inside and (not self.tasks or task in self.tasks)


def changed(mutant: Mutant) -> str:
    """The change as it is declared."""
    return f"{mutant.before} -> {mutant.after}"


def load_read_mutants(files: Iterable[Path], root: Path) -> tuple[ReadMutant, ...]:
    """What is declared of these kernel files. Raises ReadingError with every problem of every declaration."""
    problems: list[Problem] = []
    found: list[ReadMutant] = []
    for file in files:
        path = READ / f"{file.stem}.toml"
        if path.is_file():
            found += _read(path, file.relative_to(root).as_posix(), problems)
    refuse(problems)
    return tuple(found)


def _read(path: Path, file: str, problems: list[Problem]) -> Iterable[ReadMutant]:
    top = read_table(path, problems)
    for name in (EQUIVALENT, CHIPS):
        for table in top.tables(name) if name in top.data else ():
            yield from _declared(table, file, chips=name == CHIPS)
    top.finish()


def _declared(table: Table, file: str, *, chips: bool) -> Iterable[ReadMutant]:
    line, reason = table.text("line"), table.text("reason")
    changes, tasks = table.texts("changes"), table.texts("tasks", choices=task_names()) if "tasks" in table.data else ()
    if not changes:
        table.complain(
            "changes", "none", "at least one `before -> after` or kind", "copy it from what survived, or name a kind"
        )
    kernel = table.optional_text("kernel") or ""
    table.finish()
    return [ReadMutant(file, line, change, kernel, tasks, reason, chips) for change in changes]


@dataclass(frozen=True)
class Reading:
    """What was read of the kernels of a task, with the text of their lines by file."""

    task: str
    declared: tuple[ReadMutant, ...]
    lines: dict[str, list[str]]

    @classmethod
    def of(cls, task: str, files: Sequence[Path], root: Path) -> Reading:
        """The declarations for the kernels in these files."""
        texts = {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8").splitlines() for file in files}
        return cls(task, load_read_mutants(files, root), texts)

    def find(self, mutant: Mutant) -> ReadMutant | None:
        """What is declared of a mutant."""
        line = self.lines[mutant.file][mutant.line - 1]
        return next((each for each in self.declared if each.is_of(mutant, line, self.task)), None)

    def gone(self, mutants: Iterable[Mutant]) -> list[ReadMutant]:
        """What is declared of a mutant that there is not: of all mutants of the kernels, none is meant."""
        left = {each for each in self.declared if not each.tasks or self.task in each.tasks}
        for mutant in mutants:
            line = self.lines[mutant.file][mutant.line - 1]
            left -= {each for each in left if each.is_of(mutant, line, self.task)}
        return sorted(left, key=lambda each: (each.file, each.line, each.change))
