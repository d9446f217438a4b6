"""A vendor's module that does not import leaves generic operators to answer: their cells say nothing about the vendor."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backends.profiles import load_profiles
from matrix import providers
from matrix.cell import Cell
from matrix.judging.fallback import failed_imports, fallen_back, given_names
from matrix.judging.judge import judge
from matrix.outcome import Evidence, Outcome

MakeCell = Callable[..., Cell]
ROOT = Path(__file__).parents[3]

# A provider in miniature: it replaces its generic functions by the vendor's as FlagGems does, and fails as silently.
PROVIDER = {
    "minigems/__init__.py": "from minigems.runtime import backend\ndef double(x): return x + x\ndef other(x): return x + x\n",
    "minigems/runtime/__init__.py": "",
    "minigems/runtime/backend/__init__.py": (
        "import importlib, sys\n"
        "sys.path.append(__path__[0])\n"
        "vendor_module = importlib.import_module('_tomorrow')\n"
        "ops_module = fused_module = None\n"
        "try: ops_module = importlib.import_module('_tomorrow.ops')\n"
        "except ModuleNotFoundError: print('[Note] none found')\n"
    ),
    "minigems/runtime/backend/_tomorrow/__init__.py": "",
    "minigems/runtime/backend/_tomorrow/ops/__init__.py": "import torch\nfrom .double import double as double\n",
    "minigems/runtime/backend/_tomorrow/ops/double.py": "import torch_tomorrow\ndef double(x): return 2 * x\n",
}


@pytest.fixture
def minigems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in PROVIDER.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(providers.REGISTRIES, "minigems", ("minigems", "_FULL_CONFIG"))
    yield
    failed_imports.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] in {"minigems", "_tomorrow", "torch_tomorrow"}]:
        del sys.modules[name]


def provided_by(cell: Cell, address: str) -> Cell:
    operator = replace(cell.case.operator, providers={"minigems": address})
    return replace(cell, case=replace(cell.case, operator=operator, provider="minigems"), evidence=Evidence.RUN)


@pytest.mark.usefixtures("minigems")
def test_on_a_device_too_a_generic_answer_for_a_specialised_operator_is_undispatched(make_cell: MakeCell) -> None:
    result = judge(provided_by(make_cell("double"), "minigems:double"), lambda _: None)
    assert result.outcome is Outcome.UNDISPATCHED
    assert "`import _tomorrow.ops` failed with ModuleNotFoundError: No module named 'torch_tomorrow'" in result.detail
    other = judge(provided_by(make_cell("double"), "minigems:other"), lambda _: None)
    assert other.outcome is Outcome.PASS, "the vendor does not specialise this one"


@pytest.mark.usefixtures("minigems")
def test_what_another_module_of_the_vendor_gives_is_the_vendors(make_cell: MakeCell, tmp_path: Path) -> None:
    other = tmp_path / "minigems" / "runtime" / "backend" / "_tomorrow" / "fused" / "double.py"
    other.parent.mkdir()
    other.write_text("def double(x): return 2 * x\n")
    provider = importlib.import_module("minigems")
    cell = provided_by(make_cell("double"), "minigems:double")
    assert fallen_back(cell, provider.double)
    provider.double = importlib.import_module("_tomorrow.fused.double").double  # type: ignore[attr-defined]
    assert fallen_back(cell, provider.double) == ""


@pytest.mark.usefixtures("minigems")
def test_an_adapter_of_ours_of_the_same_name_is_not_the_providers(make_cell: MakeCell) -> None:
    importlib.import_module("minigems")
    assert fallen_back(provided_by(make_cell("double"), "minigems:double"), len)
    assert fallen_back(provided_by(make_cell("double"), "operators.adapters.modules:double"), len) == ""


@pytest.mark.usefixtures("minigems")
def test_a_vendor_whose_modules_import_is_not_asked_twice(make_cell: MakeCell, tmp_path: Path) -> None:
    (tmp_path / "torch_tomorrow.py").write_text("")
    cell = provided_by(make_cell("double"), "minigems:double")
    function = importlib.import_module("minigems").double
    assert fallen_back(cell, function) == ""
    assert failed_imports("minigems") == ()


def test_a_provider_without_vendors_has_none_to_fall_back_from(make_cell: MakeCell) -> None:
    cell = make_cell("double")
    assert fallen_back(cell, print) == ""
    assert failed_imports("json") == ()


def test_the_names_that_a_package_gives_are_read_from_its_source(tmp_path: Path) -> None:
    source = tmp_path / "__init__.py"
    source.write_text(
        "import torch\nfrom torch_chip import current_device\nfrom .a import add, mul as multiply\n"
        "if current_device():\n    from .b import mm\nfrom .c import *\nfrom .absent import lost\ndef own(): pass\n"
    )
    for module in "abc":
        (tmp_path / f"{module}.py").write_text("")
    assert given_names(source) == {"add", "multiply", "mm", "own"}
    assert given_names(tmp_path / "absent.py") == frozenset()


def test_a_profile_without_its_stand_in_is_undispatched_by_the_real_runner(tmp_path: Path) -> None:
    """`softmax` is among Ascend's own operators, `neg` is not; without torch_npu generic kernels answer for both."""
    declared = load_profiles()["ascend"]
    assert declared.path is not None
    text = Path(declared.path).read_text(encoding="utf-8").replace("[emulation.stand_ins]\ntorch_npu = {}\n", "")
    text = re.sub(r"^name = .*", 'name = "bare"', text, flags=re.MULTILINE)
    text = re.sub(r"^evidence = .*", 'evidence = ["interpret"]', text, flags=re.MULTILINE)
    profile = tmp_path / "bare.toml"
    profile.write_text(text)
    chosen = ["--profile", str(profile), "--operator", "_softmax", "--operator", "neg", "--tier", "smoke"]
    where = ["--workers", "1", "--dtype", "float32", "--out", str(tmp_path / "run")]
    command = [sys.executable, "-m", "matrix", "run", *chosen, *where]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    cells = json.loads((tmp_path / "run" / "matrix.json").read_text())["cells"]
    outcomes = {(cell["id"].split("/")[0].split(":")[1], cell["outcome"]) for cell in cells}
    assert outcomes == {("_softmax", "UNDISPATCHED"), ("neg", "PASS")}
    refused = next(cell for cell in cells if cell["outcome"] == "UNDISPATCHED")
    assert "`import _ascend.ops` failed with ModuleNotFoundError: No module named 'torch_npu'" in json.dumps(refused)
