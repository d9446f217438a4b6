"""A kernel is known by what its author wrote, also where the function that is launched was generated."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

from matrix.emulation.source_files import kernel_origin, relative_to_package

PACKAGES = Path(sysconfig.get_paths()["purelib"])


def load(file: str, text: str, **names: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"origin": kernel_origin, **names}
    exec(compile(text, file, "exec"), made)
    return made


def written(name: str, file: str) -> FunctionType:
    function = load(file, f"def {name}(): ...")[name]
    assert isinstance(function, FunctionType)
    return function


def test_a_function_of_a_package_is_itself() -> None:
    function = written("add_kernel", str(PACKAGES / "gems" / "ops" / "add.py"))
    assert kernel_origin(function) == ("add_kernel", "gems/ops/add.py")


def test_a_kernel_made_of_a_pointwise_function_is_that_function() -> None:
    scalar = SimpleNamespace(fn=written("add_func", str(PACKAGES / "gems" / "_acme" / "add.py")))
    made = load("generated/one.py", "def add_func_kernel_rank_3(): ...", add_func=scalar)
    assert kernel_origin(made["add_func_kernel_rank_3"]) == ("add_func", "gems/_acme/add.py")


def test_a_generated_kernel_belongs_to_the_file_that_called_what_is_in_it() -> None:
    made = load("generated/two.py", "def kernel(): ...\ndef wrapper(): return origin(kernel)")
    caller = load(str(PACKAGES / "gems" / "index.py"), "def index(): return wrapper()", wrapper=made["wrapper"])
    assert caller["index"]() == ("kernel", "gems/index.py")


def test_a_generated_kernel_that_nobody_called_for_keeps_its_file() -> None:
    made = load("generated/three.py", "def kernel(): ...\ndef wrapper(): return origin(kernel)")
    assert made["wrapper"]() == ("kernel", "three.py")


def test_files_are_named_from_their_package_on(tmp_path: Path) -> None:
    assert relative_to_package(str(PACKAGES / "gems" / "ops" / "add.py")) == "gems/ops/add.py"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").touch()
    assert relative_to_package(str(tmp_path / "mine" / "add.py")) == "mine/add.py"
    assert relative_to_package(str(tmp_path / "add.py")) == "add.py"
