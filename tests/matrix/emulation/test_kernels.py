"""Kernels, interpreted: activation is for good, so the checks run in processes of their own (*_checks.py)."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = ("kernel_checks.py", "language_checks.py", "provider_checks.py", "vendor_checks.py", "host_checks.py")
SCRIPTS = [Path(__file__).with_name(name) for name in CHECKS]
NAMES = [
    node.name
    for script in SCRIPTS
    for node in ast.parse(script.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="module")
def results() -> dict[str, str | None]:
    """What each check said: None, or its traceback."""
    answers: dict[str, str | None] = {}
    for script in SCRIPTS:
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        answers |= json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize("name", NAMES)
def test_kernels(results: dict[str, str | None], name: str) -> None:
    assert results[name] is None, results[name]


def test_importing_the_emulation_imports_neither_torch_nor_triton() -> None:
    code = "import sys, matrix.emulation; print([m for m in ('torch', 'triton', 'flag_gems') if m in sys.modules])"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"
