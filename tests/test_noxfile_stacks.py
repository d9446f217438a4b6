"""Stacks that are laid over another: what is shared, what is installed once, and which stack a command asks for."""

import sys
from pathlib import Path
from typing import cast

import nox
import pytest
from nox.command import CommandFailed

import noxfile
from backends.stack import load_stacks

ROOT = Path(__file__).parents[1]
OTHER = "flag-gems-5.0.0-triton-3.6.0"
NAMED = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


class RefusedError(Exception):
    """What a session raises when it gives up."""


class Session:
    """Writes down what is run; an installer that is asked for a version that `missing` names fails."""

    name = "matrix"
    invoked_from = str(ROOT)

    def __init__(self, *posargs: str, missing: str = "nothing") -> None:
        self.posargs = posargs
        self.commands: list[tuple[str, ...]] = []
        self.missing = missing

    def run(self, *command: str, **options: object) -> None:
        self.commands.append(command)
        if self.missing in command:
            raise CommandFailed(f"no version {self.missing}")
        if "virtualenv" in command:
            python = Path(command[-1], "bin", "python")
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()

    def log(self, message: str) -> None:
        assert "installing" in message

    def error(self, message: str) -> None:
        raise RefusedError(message)

    def said(self, word: str) -> list[tuple[str, ...]]:
        return [command for command in self.commands if word in command]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project as it is, with environments and runs of its own."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(noxfile, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr(noxfile, "RUNS", tmp_path / "runs")


def build(stack: str, missing: str = "nothing") -> tuple[Session, str]:
    session = Session(missing=missing)
    return session, noxfile.environment(cast("nox.Session", session), "run", stack=stack)


def test_both_readings_of_the_stacks_agree() -> None:
    stacks = load_stacks()
    declared = noxfile.declared_stacks()
    assert list(declared) == list(stacks)
    for name, stack in stacks.items():
        assert declared[name]["packages"] == stack.packages
        assert (declared[name]["title"], declared[name].get("on")) == (stack.title, stack.on)
        assert tuple(declared[name]["python"]) == stack.python


def test_only_the_packages_that_differ_are_installed_and_without_their_dependencies(tmp_path: Path) -> None:
    session, python = build(OTHER)
    assert python == str(tmp_path / OTHER / "bin" / "python")
    own = [command for command in session.said("install") if "--target" in command]
    assert [command[-1] for command in own] == ["triton==3.6.0", "flag_gems==5.0.0"]
    assert all("--no-deps" in command for command in own)


def test_the_packages_come_before_those_of_the_base(tmp_path: Path) -> None:
    build(OTHER)
    first, second, last = (tmp_path / OTHER / NAMED / "layers.pth").read_text().splitlines()
    assert "triton-3.6.0" in first
    assert "flag_gems-5.0.0" in second
    assert last == str(tmp_path / "default" / NAMED)


def test_a_package_is_installed_once_for_all_stacks() -> None:
    build(OTHER)
    session, _ = build("flag-gems-4.2.0-triton-3.6.0")
    assert [command[-1] for command in session.said("--target")] == ["flag_gems==4.2.0"]
    session, _ = build(OTHER)
    assert session.commands == []


def test_a_package_whose_installation_failed_is_installed_again() -> None:
    with pytest.raises(CommandFailed):
        build(OTHER, missing="triton==3.6.0")
    assert build(OTHER)[0].said("triton==3.6.0")


def test_a_stack_that_is_its_base_has_the_bases_environment(tmp_path: Path) -> None:
    assert build("flag-gems-5.0.2-triton-3.7.1")[1] == str(tmp_path / "default" / "bin" / "python")


@pytest.mark.parametrize("option", [["--stack", OTHER], [f"--stack={OTHER}"]])
def test_the_stack_is_asked_for_among_the_arguments_of_the_run(tmp_path: Path, option: list[str]) -> None:
    session = Session("--tier", "quick", *option, "--operator", "add")
    noxfile.matrix(cast("nox.Session", session))
    python = str(tmp_path / OTHER / "bin" / "python")
    assert session.commands[-1] == (python, "-m", "matrix", "run", "--tier", "quick", "--operator", "add")


@pytest.mark.parametrize("arguments", [["--stack", "nothing"], ["--stack"]])
def test_a_stack_that_is_not_declared_is_refused(arguments: list[str]) -> None:
    with pytest.raises(RefusedError, match="there are default, flag-gems"):
        noxfile.matrix(cast("nox.Session", Session(*arguments)))


def test_every_point_of_the_axes_is_tried_and_then_compared(tmp_path: Path) -> None:
    session = Session("--dtype", "float32", missing="triton==3.8.0")
    noxfile.stacks(cast("nox.Session", session))
    runs = session.said("run")
    points = [name for name, declared in noxfile.declared_stacks().items() if "axis" in declared]
    missing = [name for name in points if "3.8.0" in name]
    assert [Path(command[-1]).name for command in runs] == [name for name in points if name not in missing]
    assert all(command[4:8] == ("--profile", "cpu-interpreter", "--dtype", "float32") for command in runs)
    folder = Path(runs[0][-1]).parent
    assert {path.parent.name for path in folder.glob("*/not-installed.txt")} == set(missing)
    assert session.commands[-1][1:] == ("-m", "matrix", "stacks", str(folder))
