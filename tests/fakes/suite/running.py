"""A suite that misbehaves, in a folder of its own, and the real pytest with the plugin over it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SUITE = ROOT / "tests" / "fakes" / "suite"
PROFILE = f"""
name = "here"
title = "This processor"
vendor = "nobody"
device = "cpu"
dispatch_key = "CPU"
evidence = ["run"]

[environment]
OF_THE_PROFILE = "set"

[probe]
machines = ["{platform.machine()}"]

[limits]
seconds = 4
"""


def environment() -> dict[str, str]:
    """Ours without what the pytest that runs these tests has set for itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MATRIX_"))}
    return kept | {"PYTHONPATH": str(ROOT)}


def make_suite(folder: Path) -> Path:
    """Make the folder of the suite, with its conftest and no test."""
    folder.mkdir()
    shutil.copy(SUITE / "hooks.py", folder / "conftest.py")
    (folder / "here.toml").write_text(PROFILE)
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = ignore\n")
    return folder


def add_candidates(folder: Path) -> Path:
    """Put every way to misbehave into it."""
    shutil.copy(SUITE / "candidates.py", folder / "test_candidates.py")
    return folder


def run_suite(folder: Path, out: str, *arguments: str, profile: str = "here.toml") -> subprocess.CompletedProcess[str]:
    """`pytest -p matrix.adopt`, as a user starts it."""
    ours = [sys.executable, "-P", "-m", "pytest", "-q", "--tb=short", "-p", "matrix.adopt"]
    ours += ["--profile", profile, "--adopt-out", out, *arguments]
    return subprocess.run(ours, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=120)
