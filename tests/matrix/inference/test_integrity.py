"""What was measured is what was installed: its files, its functions."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matrix.inference.integrity import files_of, functions_of, own_digest
from tests.fakes.engine_package import NAME, install


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module(f"{NAME}.benchmark")
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def test_an_installed_engine_is_itself(engine: Any) -> None:
    assert files_of(NAME) == "as installed: 3 files of tinyengine"
    assert functions_of(NAME, (NAME,)).startswith("as installed: 2 modules")


def test_a_changed_file_an_added_one_and_a_missing_one_show(engine: Any) -> None:
    folder = Path(engine.__file__).parent
    (folder / "benchmark.py").write_text("fast = True\n")
    (folder / "shortcut.py").write_text("")
    (folder / "entrypoints.py").unlink()
    assert files_of(NAME) == (
        "2 changed: tinyengine/benchmark.py, tinyengine/entrypoints.py; 1 added: tinyengine/shortcut.py; "
    )


def test_an_engine_that_nobody_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lonely_engine").mkdir()
    (tmp_path / "lonely_engine" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert "which no installed distribution recorded" in files_of("lonely_engine")
    assert files_of("no_engine_of_this_name") == "no_engine_of_this_name is not there"


def test_a_replaced_function_shows(engine: Any) -> None:
    engine.clock = lambda: 0.0
    assert functions_of(NAME, (NAME,)) == f"1 replaced: {NAME}.benchmark.clock (from test_integrity.py)"
    engine.clock = 7
    assert functions_of(NAME, (NAME,)) == f"1 replaced: {NAME}.benchmark.clock"
    del engine.clock
    assert "no function by now" in functions_of(NAME, (NAME,))


def test_the_measuring_source_has_a_digest(tmp_path: Path) -> None:
    assert own_digest() == own_digest()
    (tmp_path / "workloads").mkdir()
    (tmp_path / "workloads" / "load.py").write_text("1")
    first = own_digest(tmp_path)
    (tmp_path / "workloads" / "load.py").write_text("2")
    assert own_digest(tmp_path) != first
