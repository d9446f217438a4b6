"""Checking an entry: what must be right before it can be judged, all of it at once. Its code runs in a child process only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from backends.profile import Profile
from backends.reading import Problem
from matrix.challenge.child import ask
from matrix.challenge.entry import Entry, find_entry
from matrix.challenge.mutating import kernels_of
from matrix.challenge.schema import Parameter, differences, parse_schema
from matrix.usage import UsageError

WORKER = "matrix.challenge.examination"
SECONDS, MEMORY_GIB = 120.0, 2.0
HEAD = 5  # lines in which a file names its licence
LARGEST = 1024 * 1024
MARK = "SPDX-License-Identifier:"
# What an operator may import besides files of its entry: nothing that reads files, starts processes or changes modules.
ALLOWED = frozenset(
    {"__future__", "collections", "contextlib", "dataclasses", "enum", "flag_gems", "functools", "itertools", "logging"}
    | {"math", "numbers", "operator", "torch", "triton", "typing", "warnings"}
)
# What tests may import besides: they compare, and are run by pytest.
ALLOWED_IN_TESTS = ALLOWED | {"numpy", "pytest", "random", "scipy"}
FORBIDDEN = frozenset({"__import__", "breakpoint", "compile", "eval", "exec", "open"})


class Concern(StrEnum):
    """What a problem of an entry is about."""

    ENTRY = "entry"
    FILES = "files"
    LICENCE = "licence"
    DOCUMENTATION = "documentation"
    IMPORTS = "imports"
    SCHEMA = "schema"
    TESTS = "tests"


class Complaint(NamedTuple):
    """A problem, in a sentence. `place`: the file or the function that it is about."""

    concern: Concern
    place: str
    text: str


@dataclass(frozen=True)
class Checked:
    """What was found: `complaints` keep the entry from being judged, `missing` is still to be done; each one sentence."""

    folder: Path
    entry: Entry | None
    complaints: tuple[Complaint, ...]
    missing: tuple[str, ...]
    tests: int

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(complaint.text for complaint in self.complaints)


def check(folder: Path, profile: Profile) -> Checked:
    """Check an entry. Raises UsageError where there is no folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; name the folder of an entry, or make one: challenge new TASK")
    read: list[Problem] = []
    entry = find_entry(folder.resolve(), read)
    problems = [Complaint(Concern.ENTRY, "entry.toml", str(problem)) for problem in read]
    if entry is None or not entry.provider or not re.fullmatch(r"\w+\.py:\w+", entry.provider):
        return Checked(folder, entry, tuple(problems), (), 0)
    if not entry.files[0].is_file():
        text = f"{entry.files[0].name}: there is no such file; provider names the file with the operator"
        problems.append(Complaint(Concern.ENTRY, "entry.toml", text))
        return Checked(folder, entry, tuple(problems), (), 0)
    sources = [source for path in (*entry.files, *entry.tests) if (source := _read(path, problems)) is not None]
    for source in sources:
        problems += _of_source(source, entry)
    if not any(list(kernels_of(source.tree)) for source in sources if source.path in entry.files):
        text = f"{entry.files[0].name}: holds no @triton.jit function; an operator is written in Triton"
        problems.append(Complaint(Concern.FILES, entry.files[0].name, text))
    if not any(path.name != "conftest.py" for path in entry.tests):
        text = "test_*.py: there is none; an entry brings its tests"
        problems.append(Complaint(Concern.TESTS, "test_*.py", text))
    tests = _examine(entry, profile, problems) if len(sources) == len(entry.files) + len(entry.tests) else 0
    return Checked(folder, entry, tuple(problems), tuple(_missing(sources, entry)), tests)


@dataclass(frozen=True)
class Source:
    """A file of an entry that Python can read."""

    path: Path
    text: str
    tree: ast.Module


def _read(path: Path, problems: list[Complaint]) -> Source | None:
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            text = f"{path.name}: is a link or larger than {LARGEST} bytes; put the file itself there"
            problems.append(Complaint(Concern.FILES, path.name, text))
            return None
        text = path.read_text(encoding="utf-8")
        return Source(path, text, ast.parse(text))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        problems.append(Complaint(Concern.FILES, path.name, f"{path.name}: cannot be read as Python ({error})"))
        return None


def _of_source(source: Source, entry: Entry) -> Iterator[Complaint]:
    name = source.path.name
    yield from _of_head(source, entry)
    for text in _of_code(source, entry):
        yield Complaint(Concern.IMPORTS, name, f"{name}:{text}")


def _of_code(source: Source, entry: Entry) -> Iterator[str]:
    test = source.path in entry.tests
    own = {path.stem for path in (*entry.files, *entry.tests)}
    allowed = (ALLOWED_IN_TESTS if test else ALLOWED) | own
    for line, module in _imports(source.tree):
        if module.partition(".")[0] not in allowed:
            listed = ", ".join(sorted(ALLOWED_IN_TESTS if test else ALLOWED))
            yield f"{line}: imports {module or 'a relative module'}; allowed are files of the entry and {listed}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id in FORBIDDEN:
            yield f"{node.lineno}: uses {node.id}; an entry reads no files and runs no text"
        elif isinstance(node, ast.Attribute) and re.fullmatch(
            r"__(globals|builtins|subclasses|code|loader)__", node.attr
        ):
            yield f"{node.lineno}: uses {node.attr}; an entry does not reach into Python"


def _of_head(source: Source, entry: Entry) -> Iterator[Complaint]:
    head, name = "\n".join(source.text.splitlines()[:HEAD]), source.path.name
    found = re.search(rf"{MARK}\s*(\S+)", head)
    if found is None:
        text = f"{name}:1: names no licence; write `# {MARK} {entry.licence}` on its first line"
        yield Complaint(Concern.LICENCE, name, text)
    elif entry.licence and found[1] != entry.licence:
        text = f"{name}:1: names the licence {found[1]}; entry.toml says {entry.licence}"
        yield Complaint(Concern.LICENCE, name, text)
    if not ast.get_docstring(source.tree):
        text = f"{name}:1: has no docstring; say in a sentence what the file is for"
        yield Complaint(Concern.DOCUMENTATION, name, text)


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "" if node.level else node.module or ""


def _examine(entry: Entry, profile: Profile, problems: list[Complaint]) -> int:
    """Import the entry in a child; the number of its tests."""
    functions = entry.functions
    request = {
        "profile": profile.name,
        "folder": str(entry.folder),
        "addresses": sorted(set(functions.values())),
        "memory_gib": MEMORY_GIB,
    }
    told = ask(WORKER, request, profile, SECONDS, entry.folder)
    answers = {line["address"]: line for line in told.lines if "address" in line}
    for address in sorted(set(functions.values())):
        rows = [row for row, own in functions.items() if own == address]
        name = address.rpartition(":")[2]
        problems += [
            Complaint(Concern.SCHEMA, name, text)
            for text in _of_function(address, rows, answers.get(address), entry, told.ending)
        ]
    counted = next((line for line in told.lines if "tests" in line), None)
    if counted is None:
        text = f"the tests cannot be collected: the process that imports them {told.ending}"
        problems.append(Complaint(Concern.TESTS, "test_*.py", text))
    elif counted["problem"]:
        problems.append(Complaint(Concern.TESTS, "test_*.py", f"test_*.py: {counted['problem']}"))
    return int(counted["tests"]) if counted is not None else 0


def _of_function(address: str, rows: Sequence[str], answer: object, entry: Entry, ending: str) -> Iterator[str]:
    file, _, name = address.rpartition(":")
    place = f"{Path(file).name}: {name}"
    if not isinstance(answer, dict):
        yield f"{place}: cannot be imported: the process that imports it {ending}"
        return
    if "problem" in answer:
        yield f"{place}: {str(answer['problem']).replace(str(entry.folder) + '/', '')}"
        return
    texts = [entry.task.rows[row].schema or "" for row in rows]
    found = [Parameter(each["name"], each["default"], each["keyword"]) for each in answer["parameters"]]
    for difference in differences([parse_schema(text) for text in texts], found):
        yield f"{place}: {difference}; the schema is {texts[0]}"


def _missing(sources: Sequence[Source], entry: Entry) -> Iterator[str]:
    """What a person has still to do: marks that they, or the starter, left."""
    for source in sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if "TODO" in line:
                yield f"{source.path.name}:{number}: {line.strip().removeprefix('#').strip()}"
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node):
                yield f"{source.path.name}:{node.lineno}: raises NotImplementedError; write the operator"
    if "Your Name" in entry.team:
        yield "entry.toml: the team is `Your Name`; write the names of 1 to 3 people"
