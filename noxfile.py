"""Two commands for everybody: `nox -s matrix` runs the matrix, `nox -s tests` checks the project.

`nox -s matrix -- --here` runs it in the interpreter that a lab has already, with the packages that are in it: nothing is
built and nothing is downloaded (docs/lab-kit.md).

There is one environment for each stack (`backends/stacks/`), in `.nox/<stack>`. It is built once, shared by the
sessions, and touched again only when a pin changes. A stack that is laid over another one has an environment that sees the
other's, and before it the packages that differ, each installed once for all stacks in `.nox/packages`. Nothing of the
project is imported here: nox runs this file in an environment of its own, where the project's folders are not on the
import path.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["matrix"]
nox.options.error_on_missing_interpreters = True

STACKS = Path("backends/stacks")
ENVIRONMENTS = Path(".nox")
RUNS = Path(".matrix")
LOCKED = STACKS / "locked" / "vllm-cpu.txt"
# The column that stacks are tried with: it needs nothing but the stack itself.
TRIED = "cpu-interpreter"
# Options of `challenge judge` whose value is a path.
PATHS = ("--out", "--weights", "--evidence")
# How long an interrupted run may take to write down what it knows before nox ends it, in seconds.
PATIENCE = 60.0
ADVICE = "Install it there (docs/lab-kit.md says how without a network), or name another Python: --here=PATH"
# Asked of a lab's own interpreter, whatever its version: who it is, and what is installed in it.
ASK = """
import importlib.util, json, sys
try:
    from importlib.metadata import PackageNotFoundError, version
except ImportError:
    sys.exit("it is older than Python 3.8")
found = {}
for package, module in json.loads(sys.argv[1]).items():
    if importlib.util.find_spec(module) is not None:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
print("found:" + json.dumps([list(sys.version_info[:3]), sys.executable, found]))
"""


@nox.session(venv_backend="none")
def matrix(session: nox.Session) -> None:
    """Run the matrix. What follows `--` goes to `python -m matrix run`, but for `--stack NAME` and `--here[=PYTHON]`."""
    python, arguments = chosen_python(session)
    session.run(python, "-m", "matrix", "run", *arguments, external=True, interrupt_timeout=PATIENCE)


@nox.session(venv_backend="none")
def validate(session: nox.Session) -> None:
    """Which level a profile's evidence amounts to: nox -s validate -- --profile X; what follows `--` as of `matrix`."""
    python, arguments = chosen_python(session)
    session.run(python, "-m", "matrix", "validate", *arguments, external=True, interrupt_timeout=PATIENCE)


@nox.session(venv_backend="none")
def throughput(session: nox.Session) -> None:
    """The inference track: measure, judge, score: nox -s throughput -- --profile X; what follows `--` as of `matrix`."""
    asked = any(argument.partition("=")[0] == "--tasks" for argument in session.posargs)
    python, arguments = chosen_python(session, *(["accuracy"] if asked else []))
    session.run(python, "-m", "matrix", "throughput", *arguments, external=True, interrupt_timeout=PATIENCE)


@nox.session(venv_backend="none")
def annotate(session: nox.Session) -> None:
    """The annotation track: nox -s annotate -- run|pack|check|score|rank ...; `--stack` and `--here` as of `matrix`."""
    python, arguments = chosen_python(session)
    session.run(python, "-m", "matrix", "annotate", *arguments, external=True, interrupt_timeout=PATIENCE)


@nox.session(venv_backend="none")
def vllm(session: nox.Session) -> None:
    """Inference by vLLM's CPU build, in an environment of its own over the default one. What follows `--` as of `matrix`."""
    python = locked_over(session, environment(session, "run"), LOCKED)
    rows = [] if "--workload" in session.posargs else ["--workload", "throughput-chat-1k", "--workload", "accuracy"]
    column = [] if "--profile" in session.posargs else ["--profile", TRIED]
    arguments = [*column, *rows, "--tier", "full", "--setting", "vllm-*", *session.posargs]
    session.run(python, "-m", "matrix", "run", *arguments, external=True, interrupt_timeout=PATIENCE)


@nox.session(venv_backend="none")
def challenge(session: nox.Session) -> None:
    """Judge an entry of the operator challenge: nox -s challenge -- DIR; what follows goes to `matrix challenge judge`."""
    python, arguments = chosen_python(session, "lint")
    arguments = from_where_the_user_stands(session, arguments)
    session.run(python, "-m", "matrix", "challenge", "judge", *arguments, external=True, interrupt_timeout=PATIENCE)


@nox.session(venv_backend="none")
def stacks(session: nox.Session) -> None:
    """Which versions work together: the smoke tier on every stack of the axes. What follows `--` goes to each run."""
    folder = RUNS / f"stacks-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for name, declared in declared_stacks().items():
        if "axis" in declared:
            try_stack(session, name, folder / name)
    python = environment(session, "run")
    session.run(python, "-m", "matrix", "stacks", str(folder), external=True)


def try_stack(session: nox.Session, name: str, folder: Path) -> None:
    """Run the smoke tier on a stack; one that cannot be installed leaves a note instead of a run."""
    try:
        python = environment(session, "run", stack=name)
    except CommandFailed as error:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "not-installed.txt").write_text(f"{error}\n")
        return
    arguments = ["--profile", TRIED, *session.posargs, "--out", str(folder)]
    session.run(
        python, "-m", "matrix", "run", *arguments, external=True, success_codes=[0, 1], interrupt_timeout=PATIENCE
    )


@nox.session(venv_backend="none")
def rerun(session: nox.Session) -> None:
    """Repeat one cell in the foreground: nox -s rerun -- 'CELL_ID', as reports print it; `--stack` and `--here` as above."""
    python, arguments = chosen_python(session)
    session.run(python, "-m", "matrix", "rerun", *arguments, external=True)


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Check the project: lint, types, tests. What follows `--` goes to pytest, and then only pytest is run."""
    python = environment(session, "run", "test", "lint")
    if session.posargs:
        session.run(python, "-m", "pytest", *session.posargs, external=True)
        return
    check(session, python)
    # What needs no torch comes first: most mistakes show there, in seconds.
    quick = [
        "tests/backends",
        "tests/benchmarks",
        "tests/operators",
        "tests/reports",
        *map(str, sorted(Path("tests").glob("test_*.py"))),
    ]
    session.run(python, "-m", "pytest", "-q", "-n", "2", *quick, external=True)
    rest = ["tests/workloads", "tests/matrix"]
    session.run(python, "-m", "pytest", "-q", "-n", "2", "-m", "not long", *rest, external=True)


@nox.session(venv_backend="none")
def long_tests(session: nox.Session) -> None:
    """The tests that judge whole entries and models, and take minutes. What follows `--` goes to pytest."""
    python = environment(session, "run", "test", "lint")
    session.run(python, "-m", "pytest", "-q", "-n", "2", "-m", "long", "tests/matrix", *session.posargs, external=True)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Check style and types only."""
    check(session, environment(session, "run", "test", "lint"))


def check(session: nox.Session, python: str) -> None:
    """Style, layout of the text, types."""
    session.run(python, "-m", "ruff", "check", ".", external=True)
    session.run(python, "-m", "ruff", "format", "--check", ".", external=True)
    session.run(python, "-m", "mypy", external=True)


def environment(session: nox.Session, *groups: str, stack: str = "default") -> str:
    """The interpreter of a stack's environment, with the stack and the groups of pyproject.toml installed in it."""
    declared = declared_stacks()[stack]
    refuse_other_pythons(session, declared)
    if "on" in declared:
        return laid_over(session, declared, environment(session, *groups, stack=declared["on"]))
    requirements = [f"{name}=={version}" for name, version in declared["packages"].items()]
    requirements += nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), *groups)
    folder = ENVIRONMENTS / stack
    python, record = folder / "bin" / "python", folder / "installed.json"
    installed = json.loads(record.read_text()) if record.exists() and python.exists() else {}
    if installed.get("python") != sys.version:
        session.run(sys.executable, "-m", "virtualenv", "-q", "--clear", str(folder), external=True, silent=True)
        installed = {"python": sys.version}
    if any(installed.get(name_of(requirement)) != requirement for requirement in requirements):
        session.log(f"installing {declared['title']} and what runs it into {folder}: once, a few minutes")
        record.unlink(missing_ok=True)
        session.run(str(python), "-m", "pip", "install", "-q", *requirements, external=True, silent=True)
        record.write_text(json.dumps(installed | {name_of(requirement): requirement for requirement in requirements}))
    return str(python.absolute())


def laid_over(session: nox.Session, declared: dict[str, Any], base: str) -> str:
    """The interpreter of an environment that has the packages in which a stack differs, and for the rest its base's."""
    below = declared_stacks()[declared["on"]]["packages"]
    own = {name: version for name, version in declared["packages"].items() if below.get(name) != version}
    if not own:
        return base
    folder = ENVIRONMENTS / declared["name"]
    python = folder / "bin" / "python"
    site = Path("lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
    layers = [installed_package(session, base, name, version) for name, version in own.items()]
    if not python.exists() or not (folder / site).is_dir():
        bare = ["-q", "--clear", "--no-seed", str(folder)]
        session.run(sys.executable, "-m", "virtualenv", *bare, external=True, silent=True)
    (folder / site).mkdir(parents=True, exist_ok=True)
    lines = [*(str(layer.absolute()) for layer in layers), str(Path(base).parents[1] / site)]
    (folder / site / "layers.pth").write_text("\n".join(lines) + "\n")
    return str(python.absolute())


def locked_over(session: nox.Session, base: str, locked: Path) -> str:
    """The interpreter of an environment that has the packages of a locked list, each with its digest, before its base's."""
    name = locked.stem
    folder, packages = ENVIRONMENTS / name, ENVIRONMENTS / "packages" / name
    site = Path("lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
    python, done = folder / "bin" / "python", packages / "installed"
    if not done.exists() or done.read_text() != locked.read_text():
        session.log(f"installing {name} and what it needs into {packages}: once, about a gigabyte, some minutes")
        shutil.rmtree(packages, ignore_errors=True)
        pinned = ["--no-deps", "--require-hashes", "--target", str(packages), "-r", str(locked)]
        session.run(base, "-m", "pip", "install", "-q", *pinned, external=True, silent=True)
        done.write_text(locked.read_text())
    if not python.exists():
        bare = ["-q", "--clear", "--no-seed", str(folder)]
        session.run(sys.executable, "-m", "virtualenv", *bare, external=True, silent=True)
    lines = [str(packages.absolute()), str(Path(base).parents[1] / site)]
    (folder / site / "layers.pth").write_text("\n".join(lines) + "\n")
    return str(python.absolute())


def installed_package(session: nox.Session, python: str, name: str, version: str) -> Path:
    """The folder that holds one version of one package and nothing else, for this Python; installed at first use."""
    folder = ENVIRONMENTS / "packages" / f"{name}-{version}-py{sys.version_info.major}.{sys.version_info.minor}"
    done = folder / "installed"
    if not done.exists():
        session.log(f"installing {name} {version} into {folder}: once")
        shutil.rmtree(folder, ignore_errors=True)
        target = ["--no-deps", "--target", str(folder)]
        session.run(python, "-m", "pip", "install", "-q", *target, f"{name}=={version}", external=True, silent=True)
        folder.mkdir(parents=True, exist_ok=True)
        done.touch()
    return folder


def declared_stacks() -> dict[str, dict[str, Any]]:
    """Every stack by name: those that are files, and the points of the axes (`backends/stack.py` says what these are)."""
    found: dict[str, dict[str, Any]] = {
        path.stem: nox.project.load_toml(path) for path in sorted(STACKS.glob("*.toml"))
    }
    for path in sorted((STACKS / "axes").glob("*.toml")):
        axis: dict[str, Any] = nox.project.load_toml(path)
        base = found[axis["on"]]
        for versions in itertools.product(*axis["versions"].values()):
            own = dict(zip(axis["versions"], versions, strict=True))
            name = axis["stack"].format(**own)
            packages = base["packages"] | own
            title = ", ".join(f"{package} {version}" for package, version in packages.items())
            point = {"name": name, "title": title, "on": axis["on"], "packages": packages, "axis": axis["name"]}
            found[name] = base | point
    return found


def chosen_stack(session: nox.Session) -> tuple[str, list[str]]:
    """The stack that `--stack NAME` asks for, and what else was asked."""
    arguments = list(session.posargs)
    name = "default"
    for place, argument in enumerate(arguments):
        option, equals, value = argument.partition("=")
        if option == "--stack":
            name = value if equals else "".join(arguments[place + 1 : place + 2])
            del arguments[place : place + (1 if equals else 2)]
            break
    if name not in (known := declared_stacks()):
        session.error(f"no stack is named {name!r}; there are {', '.join(known)}")
    return name, arguments


def chosen_python(session: nox.Session, *groups: str) -> tuple[str, list[str]]:
    """The interpreter that runs the matrix, the lab's own or that of a stack's environment, and what else was asked.

    groups  of pyproject.toml, besides that which runs the matrix
    """
    stack, arguments = chosen_stack(session)
    arguments = [absolute(session, argument) for argument in arguments]
    for place, argument in enumerate(arguments):
        option, _, path = argument.partition("=")
        if option == "--here":
            del arguments[place]
            if "--stack" in {given.partition("=")[0] for given in session.posargs}:
                session.error(
                    "--here takes what is installed and --stack installs what it names; leave out one of them"
                )
            return own_python(session, path), arguments
    return environment(session, "run", *groups, stack=stack), arguments


def own_python(session: nox.Session, path: str) -> str:
    """The lab's interpreter: of `--here=PATH`, else of $MATRIX_PYTHON, else `python3` on the PATH. nox has one of its own."""
    name = path or os.environ.get("MATRIX_PYTHON") or "python3"
    why = "--here" if path else "$MATRIX_PYTHON" if os.environ.get("MATRIX_PYTHON") else "python3 on the PATH"
    python = shutil.which(name)
    if python is None:
        session.error(
            f"{why} names {name!r}, which is no program; say which Python the lab's packages are in: --here=PATH"
        )
    project = nox.project.load_toml("pyproject.toml")
    lowest: dict[str, str] = project["tool"]["matrix"]["here"]
    pins = dict(pin.split("==") for pin in nox.project.dependency_groups(project, "run"))
    pins = {package: pin for package, pin in pins.items() if package in lowest}
    pins |= declared_stacks()["default"]["packages"]
    modules = {package: package.removeprefix("pytest-").replace("-", "_") for package in pins}
    said = session.run(python, "-c", ASK, json.dumps(modules), external=True, silent=True, log=False)
    line = next((line for line in str(said).splitlines() if line.startswith("found:")), None)
    if line is None:
        session.error(
            f"{python} ({why}) could not be asked what is installed in it; it said {str(said).strip()[-300:]!r}"
        )
    version, executable, found = json.loads(line.removeprefix("found:"))
    if problems := missing(version, found, lowest, pins):
        listed = "".join(f"\n  {problem}" for problem in problems)
        session.error(f"{executable} ({why}) lacks what the matrix needs; nothing was run:{listed}\n{ADVICE}")
    packages = ", ".join(f"{name} {found[name] or 'of unknown version'}" for name in found)
    session.log(f"here: {executable} ({why}), Python {'.'.join(map(str, version))}; {packages}")
    return str(executable)


def missing(version: list[int], found: dict[str, str], lowest: dict[str, str], pins: dict[str, str]) -> list[str]:
    """All that keeps an interpreter from running the matrix. Other versions than the pinned ones may; older may not."""
    problems = [] if version >= [3, 11] else [f"Python {'.'.join(map(str, version))}: 3.11 or newer is needed"]
    for package, pin in pins.items():
        least = lowest.get(package, "")
        if package not in found:
            older = f", {least} or newer works" if least else ", or the vendor's build of it"
            problems.append(f"{package} is not installed (pinned: {package}=={pin}{older})")
        elif least and found[package] and release(found[package]) < release(least):
            problems.append(f"{package} {found[package]} is too old: {least} or newer is needed (pinned: {pin})")
    return problems


def release(version: str) -> list[int]:
    """`2.11.0+cu128` -> [2, 11, 0]"""
    return [int(number) for number in re.findall(r"\d+", re.split(r"[^\d.]", version)[0])]


def absolute(session: nox.Session, argument: str) -> str:
    """A profile's file as the user named it, from where the user stands: a session runs where this file is."""
    option, equals, value = argument.rpartition("=")
    file, at, evidence = value.partition("@")
    standing = Path(session.invoked_from) / file
    return (
        f"{option}{equals}{standing.resolve()}{at}{evidence}"
        if file.endswith(".toml") and standing.exists()
        else argument
    )


def from_where_the_user_stands(session: nox.Session, arguments: list[str]) -> list[str]:
    """The entry's folder and other paths of `challenge judge`, as the user named them, made absolute."""
    found: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        option, equals, value = argument.partition("=")
        if equals and option in PATHS:
            found.append(f"{option}={(Path(session.invoked_from) / value).resolve()}")
        elif before in PATHS or not (argument.startswith("-") or before.startswith("--")):
            found.append(str((Path(session.invoked_from) / argument).resolve()))
        else:
            found.append(argument)
    return found


def refuse_other_pythons(session: nox.Session, declared: dict[str, Any]) -> None:
    """Say at once, and in one sentence, what an installer would say late and at length."""
    here, allowed = f"{sys.version_info.major}.{sys.version_info.minor}", declared["python"]
    if here not in allowed:
        session.error(
            f"nox runs under Python {here}; the stack {declared['name']!r} is for Python {' or '.join(allowed)}: "
            f"python{allowed[-1]} -m pip install nox && python{allowed[-1]} -m nox -s {session.name}"
        )


def name_of(requirement: str) -> str:
    """`torch` of `torch==2.13.0`."""
    return requirement.partition("==")[0]
