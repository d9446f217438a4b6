"""Checking an entry, and the starter that passes."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from matrix.addresses import resolve
from matrix.challenge.checking import check
from matrix.challenge.entry import read_entry
from matrix.challenge.mutating import candidates_of
from matrix.challenge.schema import Parameter, differences, parse_schema
from matrix.challenge.starter import CALLS, write_starter
from matrix.challenge.task import interpreter, load_task, task_names
from matrix.usage import UsageError
from tests.fakes.entries import HEAD, KERNEL, STRONG, TOML, write_entry


def found(folder: Path) -> str:
    return "\n".join(check(folder, interpreter()).problems)


def test_a_good_entry_has_no_problems_and_nothing_missing(tmp_path: Path) -> None:
    checked = check(write_entry(tmp_path), interpreter())
    assert checked.problems == ()
    assert checked.missing == ()
    assert checked.tests == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["entry.toml", "shuffle.py", "test_shuffle.py"]


def test_all_problems_of_an_entry_come_at_once(tmp_path: Path) -> None:
    kernel = KERNEL.replace("MIT", "ISC").replace("import torch\n", "import os\nimport torch\nfrom . import a\n", 1)
    kernel = kernel.replace("upscale_factor: int)", "factor: int = 2)").replace("from . import a", "")
    kernel = kernel.replace("    *batch", "    eval('1')\n    *batch")
    tests = STRONG.replace(HEAD, "").replace(
        "import pytest", "import subprocess\nimport pytest\nimport nowhere_to_be_found"
    )
    said = found(write_entry(tmp_path, tests, shuffle=kernel, entry=TOML.replace("Ada", "")))
    for sentence in (
        "entry.toml: team[0].name: found ''",
        "shuffle.py:1: names the licence ISC; entry.toml says MIT",
        "shuffle.py:6: imports os; allowed are",
        "uses eval; an entry reads no files",
        "test_shuffle.py:1: names no licence",
        "test_shuffle.py:3: imports subprocess",
        "shuffle.py: pixel_shuffle: parameter 2 is 'factor'; the schema has 'upscale_factor'",
        "test_*.py: tests cannot be collected: test_shuffle.py",
    ):
        assert sentence in said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"shuffle": "def f(:"}, "shuffle.py: cannot be read as Python"),
        ({"entry": TOML.replace("shuffle.py", "other.py")}, "other.py: there is no such file"),
        ({"entry": TOML.replace(":pixel_shuffle", ":other")}, "shuffle.py has no 'other'"),
        ({"shuffle": HEAD + '"""None."""\ndef pixel_shuffle(self, upscale_factor): ...\n'}, "holds no @triton.jit"),
        ({"shuffle": KERNEL + "raise SystemExit(3)\n"}, "raises while it is imported: SystemExit: 3"),
        ({"shuffle": KERNEL + "import torch\n__import__('os')._exit(4)\n"}, "cannot be imported: the process"),
        ({"test_shuffle": HEAD + '"""None."""\n'}, "the test files hold no test"),
        ({"conftest": HEAD + '"""None."""\nimport os\n'}, "conftest.py:3: imports os"),
        ({"test_shuffle": HEAD + '"""One."""\nfrom .shuffle import f\n'}, "imports a relative module"),
    ],
)
def test_each_problem_is_said(tmp_path: Path, files: dict[str, str], said: str) -> None:
    assert said in found(write_entry(tmp_path, **files))


def test_an_entry_sees_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "of ours")
    kernel = KERNEL + "import torch\nraise ValueError(sorted(torch.os.environ), torch.os.environ['HOME'])\n"
    said = found(write_entry(tmp_path, shuffle=kernel))
    assert "HOME" in said
    assert "A_SECRET" not in said
    assert str(Path.home()) + "'" not in said


def test_an_entry_without_tests_is_refused(tmp_path: Path) -> None:
    write_entry(tmp_path)
    (tmp_path / "test_shuffle.py").unlink()
    assert "test_*.py: there is none" in found(tmp_path)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        check(tmp_path / "nowhere", interpreter())


def test_a_starter_passes_and_says_what_is_missing(tmp_path: Path) -> None:
    write_starter(load_task("leaky_relu"), tmp_path / "new")
    checked = check(tmp_path / "new", interpreter())
    assert checked.problems == ()
    assert checked.tests == 1
    said = "\n".join(checked.missing)
    assert said.count("raises NotImplementedError; write the operator") == 2  # leaky_relu and leaky_relu_
    assert "write the names of 1 to 3 people" in said


def test_a_starter_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(UsageError, match="is there already"):
        write_starter(load_task("roll"), tmp_path)


@pytest.mark.parametrize("name", task_names())
def test_every_task_has_a_starter_whose_functions_are_as_the_schemas_want_them(tmp_path: Path, name: str) -> None:
    assert name in CALLS
    write_starter(load_task(name), tmp_path / name)
    entry = read_entry(tmp_path / name)
    for path in (*entry.files, *entry.tests):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
    assert candidates_of(entry.files, entry.folder).found
    for address in set(entry.functions.values()):
        rows = [row for row, own in entry.functions.items() if own == address]
        parameters = [
            Parameter(
                each.name, None if each.default is each.empty else repr(each.default), each.kind is each.KEYWORD_ONLY
            )
            for each in inspect.signature(resolve(address)).parameters.values()
        ]
        assert differences([parse_schema(entry.task.rows[row].schema or "") for row in rows], parameters) == []
