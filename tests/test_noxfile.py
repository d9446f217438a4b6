"""The environment of a stack: built once, touched again only when a pin changes, and refused under another Python."""

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
