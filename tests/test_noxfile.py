"""The environment of a stack: built once, touched again only when a pin changes, and refused under another Python."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import nox
import pytest

import noxfile
from backends.stack import load_stacks

ROOT = Path(__file__).parents[1]


class RefusedError(Exception):
    """What a session raises when it gives up."""


class Session:
    """Writes down what is run, and makes the interpreter that `virtualenv` would make."""

    name = "matrix"
    invoked_from = str(ROOT)
    posargs: tuple[str, ...] = ("--tier", "quick")

    def __init__(self, failing: str = "nothing") -> None:
        self.commands: list[tuple[str, ...]] = []
        self.failing = failing

    def run(self, *command: str, **_: object) -> None:
        self.commands.append(command)
        if self.failing in command:
            raise RefusedError(self.failing)
        if "virtualenv" in command:
            python = Path(command[-1], "bin", "python")
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()

    def log(self, message: str) -> None:
        assert "installing" in message

    def error(self, message: str) -> None:
        raise RefusedError(message)

    @property
    def installed(self) -> list[str]:
        """What the installer was asked for, the last time."""
        return [word for command in self.commands if "install" in command for word in command if "==" in word]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project as it is, with environments of its own."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(noxfile, "ENVIRONMENTS", tmp_path)


def build(*groups: str, failing: str = "nothing") -> Session:
    session = Session(failing)
    noxfile.environment(cast("nox.Session", session), *groups)
    return session


def test_a_fresh_environment_gets_the_stack_and_the_groups() -> None:
    installed = build("run").installed
    assert installed[:3] == list(load_stacks()["default"].requirements)
    assert any(requirement.startswith("pytest-xdist==") for requirement in installed)
    assert not any(requirement.startswith("mypy==") for requirement in installed)


def test_a_second_run_installs_nothing() -> None:
    build("run", "test", "lint")
    assert build("run", "test", "lint").commands == []
    assert build("run").commands == []


def test_a_larger_group_is_added_to_what_is_there() -> None:
    build("run")
    session = build("run", "lint")
    assert any(requirement.startswith("mypy==") for requirement in session.installed)
    assert not any("virtualenv" in command for command in session.commands)


def test_a_changed_pin_is_installed(tmp_path: Path) -> None:
    build("run")
    record = tmp_path / "default" / "installed.json"
    record.write_text(record.read_text().replace("triton==3.7.1", "triton==3.6.0"))
    assert "triton==3.7.1" in build("run").installed
    assert build("run").commands == []


def test_an_installation_that_failed_is_done_again() -> None:
    build("run")
    with pytest.raises(RefusedError):
        build("run", "lint", failing="install")
    assert build("run", "lint").installed


@pytest.mark.parametrize("damage", ["python", "version"])
def test_another_interpreter_means_a_new_environment(tmp_path: Path, damage: str) -> None:
    build("run")
    if damage == "python":
        (tmp_path / "default" / "bin" / "python").unlink()
    else:
        record = tmp_path / "default" / "installed.json"
        record.write_text('{"python": "3.10.0"}')
    assert "--clear" in build("run").commands[0]


def test_another_python_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    version = SimpleNamespace(major=3, minor=13)
    monkeypatch.setattr(
        noxfile, "sys", SimpleNamespace(version_info=version, version="3.13", executable=sys.executable)
    )
    with pytest.raises(RefusedError) as error:
        build("run")
    assert str(error.value) == (
        "nox runs under Python 3.13; the stack 'default' is for Python 3.11 or 3.12: "
        "python3.12 -m pip install nox && python3.12 -m nox -s matrix"
    )


def test_what_follows_the_dashes_goes_to_the_run() -> None:
    build("run")
    session = Session()
    noxfile.matrix(cast("nox.Session", session))
    assert session.commands[-1][1:] == ("-m", "matrix", "run", "--tier", "quick")


def test_a_certificate_is_asked_for_in_the_same_way() -> None:
    build("run")
    session = Session()
    session.posargs = ("--profile", "cuda", "--hours", "72")
    noxfile.validate(cast("nox.Session", session))
    assert session.commands[-1][1:] == ("-m", "matrix", "validate", *session.posargs)


def test_an_entry_is_judged_where_the_user_stands(tmp_path: Path) -> None:
    build("run", "lint")
    session = Session()
    session.invoked_from = str(tmp_path)
    session.posargs = (
        "mine",
        "--profile",
        "cpu-interpreter@interpret",
        "--mutants",
        "0",
        "--out",
        "there",
        "--weights=w.toml",
    )
    noxfile.challenge(cast("nox.Session", session))
    asked = ("--profile", "cpu-interpreter@interpret", "--mutants", "0", "--out", str(tmp_path / "there"))
    due = ("-m", "matrix", "challenge", "judge", str(tmp_path / "mine"), *asked, f"--weights={tmp_path / 'w.toml'}")
    assert session.commands[-1][1:] == due


def test_arguments_for_pytest_skip_the_lint() -> None:
    build("run", "test", "lint")
    session = Session()
    noxfile.tests(cast("nox.Session", session))
    assert [command[1:] for command in session.commands] == [("-m", "pytest", "--tier", "quick")]


def test_without_arguments_every_folder_of_tests_is_run() -> None:
    build("run", "test", "lint")
    session = Session()
    session.posargs = ()
    noxfile.tests(cast("nox.Session", session))
    words = {word for command in session.commands for word in command}
    assert {"ruff", "mypy", "pytest"} <= words
    for path in (ROOT / "tests").rglob("test_*.py"):
        places = {path.relative_to(ROOT).as_posix(), *(parent.as_posix() for parent in path.relative_to(ROOT).parents)}
        assert places & words, f"{path} is run by no session"


class Lab(Session):
    """A session on a lab's machine: what asks its interpreter really does."""

    def __init__(self, *posargs: str, invoked_from: Path = ROOT) -> None:
        super().__init__()
        self.posargs = posargs
        self.invoked_from = str(invoked_from)
        self.logged: list[str] = []

    def run(self, *command: str, **_: object) -> str | None:  # type: ignore[override]
        self.commands.append(command)
        if "-c" not in command:
            return None
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def log(self, message: str) -> None:
        self.logged.append(message)

    @property
    def started(self) -> list[tuple[str, ...]]:
        """What was run besides the question."""
        return [command for command in self.commands if "-c" not in command]


def run_matrix(session: Lab) -> Lab:
    noxfile.matrix(cast("nox.Session", session))
    return session


def lab_python(folder: Path, packages: dict[str, str], version: str = "3.12.4") -> Path:
    """An interpreter that answers as one of a lab's would."""
    answer = json.dumps([[int(part) for part in version.split(".")], str(folder / "python3"), packages])
    python = folder / "python3"
    python.write_text(f"#!/bin/sh\necho 'a word from the vendor'\necho 'found:{answer}'\n")
    python.chmod(0o755)
    return python


COMPLETE = {
    "pytest": "8.4.1",
    "pytest-xdist": "3.8.0",
    "scipy": "1.14.0",
    "tabulate": "0.9.0",
    "wrapt": "1.16.0",
    "torch": "2.11.0+cu128",
    "triton": "",
    "flag_gems": "5.0.2",
}


def test_here_takes_the_interpreter_that_is_there_and_builds_nothing(tmp_path: Path) -> None:
    python = lab_python(tmp_path, COMPLETE)
    session = run_matrix(Lab(f"--here={python}", "--tier", "full"))
    assert session.started == [(str(python), "-m", "matrix", "run", "--tier", "full")]
    assert "(--here), Python 3.12.4; pytest 8.4.1" in session.logged[0]
    assert "torch 2.11.0+cu128, triton of unknown version" in session.logged[0]
    assert not (tmp_path / "default").exists()


def test_which_interpreter_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab_python(tmp_path, COMPLETE)
    monkeypatch.delenv("MATRIX_PYTHON", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert "(python3 on the PATH)" in run_matrix(Lab("--here")).logged[0]
    (other := tmp_path / "other").mkdir()
    monkeypatch.setenv("MATRIX_PYTHON", str(lab_python(other, COMPLETE)))
    session = run_matrix(Lab("--here"))
    assert "($MATRIX_PYTHON)" in session.logged[0]
    assert session.started[0][0] == str(other / "python3")


def test_all_that_is_missing_is_said_at_once_before_anything_runs(tmp_path: Path) -> None:
    packages = {name: version for name, version in COMPLETE.items() if name not in {"pytest-xdist", "scipy", "triton"}}
    python = lab_python(tmp_path, packages | {"pytest": "7.4.4"}, "3.10.12")
    session = Lab(f"--here={python}")
    with pytest.raises(RefusedError) as error:
        run_matrix(session)
    said = str(error.value)
    assert "Python 3.10.12: 3.11 or newer is needed" in said
    assert "pytest 7.4.4 is too old: 8.0 or newer is needed (pinned: 9.2.0)" in said
    assert "pytest-xdist is not installed (pinned: pytest-xdist==3.8.0, 3.5 or newer works)" in said
    assert "scipy is not installed (pinned: scipy==1.17.1, 1.10 or newer works)" in said
    assert "triton is not installed (pinned: triton==3.7.1, or the vendor's build of it)" in said
    assert session.started == []


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--here=/no/such/python"], "--here names '/no/such/python', which is no program"),
        (["--here=/bin/true"], "could not be asked what is installed in it"),
        (["--here", "--stack", "default"], "leave out one of them"),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(asked: list[str], sentence: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(sentence)):
        run_matrix(Lab(*asked))


def test_our_own_interpreter_has_all_that_is_needed() -> None:
    assert run_matrix(Lab(f"--here={sys.executable}")).started[0][1:] == ("-m", "matrix", "run")


def test_a_profile_is_found_where_the_user_stands(tmp_path: Path) -> None:
    python = lab_python(tmp_path, COMPLETE)
    (tmp_path / "mine.toml").touch()
    session = Lab(f"--here={python}", "--profile", "mine.toml@run", "--profile=mine.toml", "x", invoked_from=tmp_path)
    mine = str(tmp_path / "mine.toml")
    assert run_matrix(session).started[0][4:] == ("--profile", f"{mine}@run", f"--profile={mine}", "x")


def test_a_cell_is_repeated_here_too(tmp_path: Path) -> None:
    python = lab_python(tmp_path, COMPLETE)
    session = Lab("chip:add", f"--here={python}")
    noxfile.rerun(cast("nox.Session", session))
    assert session.started == [(str(python), "-m", "matrix", "rerun", "chip:add")]
