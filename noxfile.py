"""Two commands for everybody: `nox -s matrix` runs the matrix, `nox -s tests` checks the project.

There is one environment for each stack (`backends/stacks/*.toml`), in `.nox/<stack>`. It is built once, shared by the
sessions, and touched again only when a pin changes. Nothing of the project is imported here: nox runs this file in an
environment of its own, where the project's folders are not on the import path.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["matrix"]
nox.options.error_on_missing_interpreters = True

STACKS = Path("backends/stacks")
ENVIRONMENTS = Path(".nox")
# How long an interrupted run may take to write down what it knows before nox ends it, in seconds.
PATIENCE = 60.0


@nox.session(venv_backend="none")
def matrix(session: nox.Session) -> None:
    """Run the matrix. Everything after `--` goes to `python -m matrix run`."""
    python = environment(session, "run")
    session.run(python, "-m", "matrix", "run", *session.posargs, external=True, interrupt_timeout=PATIENCE)


@nox.session(venv_backend="none")
def rerun(session: nox.Session) -> None:
    """Repeat one cell in the foreground: nox -s rerun -- 'CELL_ID', as the reports print it."""
    session.run(environment(session, "run"), "-m", "matrix", "rerun", *session.posargs, external=True)


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Check the project: lint, types, tests. What follows `--` goes to pytest, and then only pytest is run."""
    python = environment(session, "run", "test", "lint")
    if session.posargs:
        session.run(python, "-m", "pytest", *session.posargs, external=True)
        return
    check(session, python)
    # What needs no torch comes first: most mistakes show there, in seconds.
    quick = ["tests/backends", "tests/operators", "tests/reports", *map(str, sorted(Path("tests").glob("test_*.py")))]
    session.run(python, "-m", "pytest", "-q", "-n", "2", *quick, external=True)
    session.run(python, "-m", "pytest", "-q", "-n", "2", "tests/matrix", external=True)


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
    declared = nox.project.load_toml(STACKS / f"{stack}.toml")
    refuse_other_pythons(session, declared)
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


def refuse_other_pythons(session: nox.Session, declared: dict[str, list[str]]) -> None:
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
