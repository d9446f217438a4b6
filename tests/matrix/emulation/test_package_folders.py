"""Packages are found where they are, side by side or not, and none is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.emulation.package_folders import package_folders


def test_packages_are_found_in_different_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("first", "second"):
        package = tmp_path / folder / f"package_of_the_{folder}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise RuntimeError('imported')")
        monkeypatch.syspath_prepend(tmp_path / folder)
    found = list(package_folders("package_of_the_first", "no_such_package", "package_of_the_second"))
    assert found == [tmp_path / "first" / "package_of_the_first", tmp_path / "second" / "package_of_the_second"]
