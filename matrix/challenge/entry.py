"""An entry: a folder with the operator's files, its tests and `entry.toml`, which is read strictly, all problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from backends.reading import Problem, Table, read_table, refuse
from matrix.challenge.task import Task, load_task, task_names

FILE = "entry.toml"
ADDRESS = r"[A-Za-z_]\w*\.py:[A-Za-z_]\w*"
LARGEST_TEAM = 3
# Licences under which others may take an entry up, by their SPDX ids.
LICENCES = ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "MulanPSL-2.0")


@dataclass(frozen=True)
class Entry:
    """What `entry.toml` says. `provider` is the address of the main form's function: `roll.py:roll`."""

    folder: Path
    task: Task
    team: tuple[str, ...]
    licence: str
    provider: str

    @property
    def files(self) -> tuple[Path, ...]:
        """The operator's files, the one with the main function first."""
        first = self.folder / self.provider.partition(":")[0]
        others = [path for path in sorted(self.folder.glob("*.py")) if not is_test(path) and path != first]
        return (first, *others)

    @property
    def tests(self) -> tuple[Path, ...]:
        """What pytest reads of the folder."""
        return tuple(path for path in sorted(self.folder.glob("*.py")) if is_test(path))

    @property
    def functions(self) -> dict[str, str]:
        """By row of the task, the address of the function that answers it, with the file's whole path."""
        return self.task.functions(f"{self.folder / self.provider.partition(':')[0]}:{self.provider.partition(':')[2]}")


def is_test(path: Path) -> bool:
    return path.name.startswith("test_") or path.name == "conftest.py"


def read_entry(folder: Path) -> Entry:
    """The entry of a folder. Raises ReadingError with everything that is wrong with its `entry.toml`."""
    problems: list[Problem] = []
    entry = find_entry(folder.resolve(), problems)
    refuse(problems)
    assert entry is not None
    return entry


def find_entry(folder: Path, problems: list[Problem]) -> Entry | None:
    """The entry as far as it can be read; None where the task is not known."""
    table = read_table(folder / FILE, problems)
    if not table.data:
        if not problems:
            problems.append(Problem(table.path, "", "nothing", "task, licence, provider and [[team]]", "write them"))
        return None
    task = table.text("task", choices=task_names())
    licence = table.text("licence", choices=LICENCES)
    provider = table.text("provider", pattern=ADDRESS)
    team = _team(table)
    table.finish()
    return Entry(folder, load_task(task), team, licence, provider) if task in task_names() else None


def _team(table: Table) -> tuple[str, ...]:
    members = table.tables("team")
    names = []
    for member in members:
        names.append(member.text("name"))
        member.optional_text("affiliation")
        member.finish()
    if not 1 <= len(members) <= LARGEST_TEAM:
        allowed = f"1 to {LARGEST_TEAM} people"
        table.complain("team", f"{len(members)} people", allowed, "write one [[team]] with a name for each person")
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        table.complain("team", f"{name!r} more than once", "different people", "leave one of them")
    return tuple(names)
