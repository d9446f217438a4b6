"""The architecture, held by tests: who may import whom, what planning may load, what may be named where, and sizes."""

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.profiles import load_profiles

ROOT = Path(__file__).parents[1]
# Floor -> the floors below it. Nothing downstream is imported upstream.
BELOW = {
    "backends": set[str](),
    "operators": set[str](),
    "workloads": set[str](),
    "matrix": {"backends", "operators", "workloads"},
    "reports": {"backends", "operators", "workloads", "matrix"},
}
# The commands tie the floors together, so they alone may look up.
TIES = "matrix/commands/"
NEUTRAL = ("matrix", "operators", "workloads", "reports")  # the floors that know no vendor
LINES = 400
BROAD = 13
# Words that are a profile's or vendor's name and something else too: torch's device type, verbs, a tag of HTML.
OTHER_MEANINGS = {"cuda", "arm", "ascend", "thead"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(module: ast.AST) -> Iterator[str]:
    """The first part of every name that is imported, wherever the import stands."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").partition(".")[0]


def spoken(module: ast.AST) -> Iterator[str]:
    """What the code says: its identifiers and texts, without docstrings and comments, in lower-case words."""
    documents = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value.lower()
        for field in ("id", "attr", "name", "arg"):
            if isinstance(value := getattr(node, field, None), str):
                yield value.lower()


def vendor_words() -> set[str]:
    """Names of profiles and of vendors, in lower case, as FlagGems spells them and as people do."""
    profiles = load_profiles().values()
    names = {profile.name for profile in profiles} | {profile.vendor for profile in profiles}
    names |= {profile.environment.get("GEMS_VENDOR", profile.name) for profile in profiles}
    return {name.lower() for name in names} - OTHER_MEANINGS


@pytest.mark.parametrize("floor", [floor for floor in BELOW if (ROOT / floor).is_dir()])
def test_a_floor_imports_only_itself_and_what_lies_below(floor: str) -> None:
    above = set(BELOW) - BELOW[floor] - {floor} | {"tests", "benchmarks", "noxfile"}
    found = {relative(path): above & set(imported(tree(path))) for path in sources(floor)}
    assert {path: names for path, names in found.items() if names and not path.startswith(TIES)} == {}


def test_planning_loads_no_torch() -> None:
    modules = ["matrix.plan", "matrix.declared", "matrix.verdict", "matrix.record", "operators.catalogue"]
    modules += ["workloads.catalogue", "workloads.engine", "matrix.inference.case"]
    modules += [f"backends.{path.stem}" for path in sources("backends") if path.stem != "__init__"]
    heavy = "{'torch', 'triton', 'flag_gems', 'numpy'} & set(sys.modules)"
    code = f"import sys, {', '.join(modules)}; sys.exit(str({heavy}) if {heavy} else 0)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("command", [["profiles"], ["plan", "--operator", "add.Tensor"], ["--help"]])
def test_commands_that_only_plan_work_without_torch(command: list[str], tmp_path: Path) -> None:
    """As on a machine whose vendor stack is broken."""
    (tmp_path / "torch.py").write_text("raise ImportError('libvendor.so: cannot open shared object file')")
    (tmp_path / "triton.py").write_text("raise ImportError('broken too')")
    answer = subprocess.run(
        [sys.executable, "-m", "matrix", *command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip()


@pytest.mark.parametrize("floor", [floor for floor in NEUTRAL if (ROOT / floor).is_dir()])
def test_no_vendor_is_named_outside_of_its_file(floor: str) -> None:
    word = re.compile(rf"(?<![a-z0-9-])({'|'.join(map(re.escape, sorted(vendor_words())))})(?![a-z0-9-])")
    found = {
        relative(path): names
        for path in sources(floor)
        if (names := sorted({match[0] for text in spoken(tree(path)) for match in word.finditer(text)}))
    }
    assert found == {}, "a vendor belongs in backends/<profile>.toml"


def test_a_word_with_other_meanings_is_not_compared_with() -> None:
    """`arm` the verb is fine, `if name == "arm"` is not."""
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in sources(*(floor for floor in NEUTRAL if (ROOT / floor).is_dir()))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in OTHER_MEANINGS - {"cuda"}
    ]
    assert found == []


def test_files_are_short_enough_to_read() -> None:
    files = [*sources(*BELOW, "tests", "benchmarks"), ROOT / "noxfile.py"]
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files if path.exists()}
    assert {path: lines for path, lines in lengths.items() if lines > LINES} == {}


def test_names_say_what_a_thing_is() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|common|managers?|handlers?|misc)(_|$)|(Manager|Handler|Helper|Utils?)$")
    files = sources(*BELOW, "tests", "benchmarks")
    found = {relative(path) for path in files if any(vague.search(part) for part in path.with_suffix("").parts[-3:])}
    classes = {
        f"{relative(path)}:{node.name}"
        for path in files
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and vague.search(node.name)
    }
    assert found | classes == set()


def test_broad_excepts_are_few_and_each_says_why() -> None:
    broad = [
        (path, node.lineno)
        for path in [*sources(*BELOW), ROOT / "noxfile.py"]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        if node.type is None or {"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node.type)))
    ]
    silent = [
        f"{relative(path)}:{line}"
        for path, line in broad
        if not re.search(r"noqa: BLE001 - \w", path.read_text(encoding="utf-8").splitlines()[line - 1])
    ]
    assert silent == []
    assert len(broad) <= BROAD, [f"{relative(path)}:{line}" for path, line in broad]


def test_every_module_opens_with_what_it_is_for() -> None:
    files = [path for path in sources(*BELOW, "tests", "benchmarks") if path.read_text(encoding="utf-8").strip()]
    assert [relative(path) for path in files if ast.get_docstring(tree(path)) is None] == []


def test_tests_are_no_package() -> None:
    """Else `tests/backends` would shadow `backends`."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []
