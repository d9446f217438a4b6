"""The doctor's page of real stacks and of broken ones: what breaks does so in a real child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from matrix.runner.processes import alive

ROOT = Path(__file__).parents[3]
PROFILE = """
name = "fakechip"
title = "A chip that is not there"
vendor = "Nobody"
device = "fakechip"
dispatch_key = "PrivateUse1"
evidence = ["run"]
one_device = "FAKECHIP_VISIBLE"
software = "torch 2.9 with torch_fakechip"

[environment]
GEMS_VENDOR = "nvidia"
OF_THE_PROFILE = "set"

[probe]
commands = ["fakechip-smi"]
"""
RAISES = "raise ImportError('libvendor.so: cannot open shared object file')"
FALLS = "import ctypes\nctypes.string_at(0)"
HANGS = "import time\nprint('waiting for the driver')\ntime.sleep(600)"
LEAVES = "import os\nos._exit(0)"
PRINTS = "print('a banner ' * 1000000)\nraise RuntimeError('after the banner')"
WORKS = """
import os
assert os.environ["OF_THE_PROFILE"] == "set"
__version__ = "2.9.0+vendor"
class fakechip:
    is_available = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 2)
    get_device_name = staticmethod(lambda place: "Fake 9000")
    mem_get_info = staticmethod(lambda: (3 * 2**30, 4 * 2**30))
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A machine with the vendor's command, and a place for modules that come before the real ones."""
    (tmp_path / "fakechip.toml").write_text(PROFILE)
    command = tmp_path / "bin" / "fakechip-smi"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho '+-----+'\necho '| Driver Version: 25.1 |'\n")
    command.chmod(0o755)
    return tmp_path


def doctor(stack: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{stack / 'bin'}:{os.environ['PATH']}"
    variables = os.environ | {"PYTHONPATH": f"{stack}:{ROOT}", "PATH": path, "FAKECHIP_VISIBLE": "1"}
    command = [sys.executable, "-P", "-m", "matrix", "doctor", *arguments]
    return subprocess.run(command, cwd=stack, env=variables, capture_output=True, text=True, check=False, timeout=300)


def page(stack: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    answer = doctor(stack, "--json", *arguments)
    assert answer.stderr == ""
    (found,) = json.loads(answer.stdout)
    return answer.returncode, found | {"checks": {check["name"]: check for check in found["checks"]}}


@pytest.mark.parametrize(
    ("torch", "sentence"),
    [
        (RAISES, "import torch: ImportError: libvendor.so: cannot open shared object file"),
        (FALLS, "import torch: ended by SIGSEGV, in string_at ("),
        (HANGS, "import torch: no answer within 3 s, in <module> ("),
        (LEAVES, "import torch: the process left with status 0 before it had answered"),
        (PRINTS, "import torch: RuntimeError: after the banner"),
        ("__version__ = '2.9'", "torch 2.9; this torch has no torch.fakechip"),
        (WORKS.replace("lambda: True", "lambda: False"), "torch 2.9.0+vendor; sees no fakechip device"),
    ],
)
def test_a_broken_torch_is_one_line(stack: Path, torch: str, sentence: str) -> None:
    (stack / "torch.py").write_text(torch)
    code, found = page(stack, "--profile", "fakechip.toml", "--seconds", "3")
    assert code == 1
    check = found["checks"]["torch"]
    assert check["found"].startswith(sentence)
    assert check["stops"]
    assert "torch 2.9 with torch_fakechip" in check["todo"] or "container" in check["todo"]
    assert found["evidences"] == {"run": {"possible": False, "why_not": "stopped by torch"}}
    assert "Driver Version: 25.1" in found["checks"]["driver"]["found"]
    assert "'1'" in found["checks"]["one device"]["found"]


def test_a_triton_without_a_driver_is_told_from_a_torch_that_works(stack: Path) -> None:
    (stack / "torch.py").write_text(WORKS)
    code, found = page(stack, "--profile", "fakechip.toml")
    assert code == 1
    assert found["checks"]["torch"]["found"] == "torch 2.9.0+vendor; 2 x Fake 9000; 3.0 of 4.0 GiB free"
    assert "ask Triton for its active driver: " in found["checks"]["triton"]["found"]
    assert "back ends amd, nvidia" in found["checks"]["triton"]["found"]


def test_a_command_that_hangs_is_one_line(stack: Path) -> None:
    (stack / "bin" / "fakechip-smi").write_text("#!/bin/sh\nsleep 600 & echo $! > left\nwait\n")
    (stack / "torch.py").write_text(RAISES)
    _, found = page(stack, "--profile", "fakechip.toml", "--seconds", "2")
    assert found["checks"]["driver"]["stops"]
    assert "`fakechip-smi` does not answer within 2 s" in found["checks"]["driver"]["found"]
    assert not alive(int((stack / "left").read_text()), None)


def test_a_missing_plug_in_is_named(stack: Path) -> None:
    (stack / "fakechip.toml").write_text(PROFILE.replace("[probe]", '[probe]\nmodule = "torch_fakechip"'))
    (stack / "torch.py").write_text(WORKS)
    _, found = page(stack, "--profile", "fakechip.toml")
    assert found["checks"]["torch"]["found"].startswith("import torch_fakechip: ModuleNotFoundError: No module named")
    assert "torch_fakechip that fits it" in found["checks"]["torch"]["todo"]


def test_a_column_that_needs_no_chip_is_ready_here(stack: Path) -> None:
    answer = doctor(stack, "--profile", "cpu-interpreter")
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.splitlines()[-1] == "READY for interpret"
    assert "files of _nvidia imported" in answer.stdout
    assert "interpreted, and its answer is right" in answer.stdout


def test_a_vendor_that_flaggems_does_not_know_is_found_out(stack: Path) -> None:
    """FlagGems itself says nothing: it goes on with a vendor that it does know."""
    text = (ROOT / "backends" / "cpu-interpreter.toml").read_text()
    text = text.replace('name = "cpu-interpreter"', 'name = "mine"').replace(
        'GEMS_VENDOR = "nvidia"', 'GEMS_VENDOR = "mine"'
    )
    (stack / "mine.toml").write_text(text)
    code, found = page(stack, "--profile", "mine.toml")
    assert code == 1
    assert "vendor nvidia; the profile expects 'mine'" in found["checks"]["provider"]["found"]
    assert "does not know 'mine'" in found["checks"]["provider"]["todo"]
    assert found["evidences"] == {"interpret": {"possible": False, "why_not": "stopped by provider"}}


def test_a_compile_target_is_ready_here(stack: Path) -> None:
    answer = doctor(stack, "--profile", "sm_90@compile")
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.splitlines()[-1] == "READY for compile"


def test_a_chip_that_is_not_here_is_not_ready(stack: Path) -> None:
    answer = doctor(stack, "--profile", "arm")
    assert answer.returncode == 1
    assert "NOT READY: stopped by processor" in answer.stdout


def test_no_profile_is_one_sentence(stack: Path) -> None:
    answer = doctor(stack)
    assert answer.returncode == 2
    assert "doctor needs --profile NAME" in answer.stderr


def test_it_speaks_where_what_the_runner_needs_is_missing(stack: Path) -> None:
    """As in a container that has the vendor's stack and nothing else."""
    gone = ["pytest", "xdist", "tabulate", "scipy", "wrapt"]
    code = f"import sys; sys.modules.update(dict.fromkeys({gone})); from matrix.cli import main"
    code += "; sys.exit(main(['doctor', '--profile', 'cpu-interpreter']))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=stack,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1, answer.stderr
    assert "pytest is not installed; pytest-xdist is not installed; scipy" in answer.stdout
    assert "-m pip install pytest==" in answer.stdout
    assert "not interpret: stopped by packages" in answer.stdout
