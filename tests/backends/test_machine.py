"""Observing a host: what is installed, what is on the PATH, and devices asked for in another process that may misbehave."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import backends.machine
from backends.machine import (
    NO_VERSION,
    PACKAGES,
    Devices,
    Machine,
    ask_devices,
    installed,
    is_installed,
    observe_machine,
)
from backends.profile import Probe, Profile

PROBE = Probe("tmr", module="torch_tmr", commands=("tmr-smi",))
PROFILE = Profile("newchip", "A chip", "Tomorrow", "tmr", "PrivateUse1", ("run",), probe=PROBE)
TORCH = """
class tmr:
    is_available = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 2)
    get_device_name = staticmethod(lambda i: f"TMR {i}")
"""


def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch: str = TORCH, plugin: str = "") -> None:
    """A machine with the chip's command, its plug-in and a torch of ours, as far as another process can tell."""
    (tmp_path / "torch.py").write_text(torch)
    (tmp_path / "torch_tmr.py").write_text(plugin)
    command = tmp_path / "tmr-smi"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))


def test_this_host_is_observed() -> None:
    machine = observe_machine([])
    assert machine.cores >= 1
    assert machine.memory_gib > 0.1
    assert machine.python.endswith(".".join(map(str, sys.version_info[:3])))
    assert set(machine.packages) <= set(PACKAGES)
    assert machine.devices == {}


def test_every_shipped_column_is_looked_for_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(tmp_path, monkeypatch)
    for command in ("tmr-smi", "hy-smi"):
        (tmp_path / command).write_text("#!/bin/sh\n")
        (tmp_path / command).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(backends.machine, "ask_devices", lambda profile, _: Devices((profile.title,)))
    machine = observe_machine()
    assert machine.commands == ("hy-smi",)
    assert machine.devices == {"hygon": Devices(("Hygon DCU",))}


def test_the_facts_are_texts_with_a_digest() -> None:
    machine = observe_machine()
    facts = machine.facts()
    assert all(isinstance(value, str) and value for value in facts.values())
    assert facts["digest"] == machine.digest
    assert len(machine.digest) == 16


def test_the_digest_changes_with_any_fact() -> None:
    machine = Machine("h", "s", "m", "p", 1, 2.0, "3")
    assert machine.digest == replace(machine).digest
    changed = [replace(machine, host="i"), replace(machine, packages={"torch": "2"}), replace(machine, memory_gib=3.0)]
    assert len({machine.digest, *(other.digest for other in changed)}) == 4


def test_a_device_is_found_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(tmp_path, monkeypatch, plugin="print('a plug-in that chats')")
    machine = observe_machine([PROFILE])
    assert machine.commands == ("tmr-smi",)
    assert machine.devices == {"newchip": Devices(("TMR 0", "TMR 1"))}
    assert machine.facts()["devices of newchip"] == "TMR 0, TMR 1"
    assert machine.packages["torch_tmr"] == NO_VERSION


def test_no_device_is_asked_for_where_the_command_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(tmp_path, monkeypatch)
    (tmp_path / "tmr-smi").unlink()
    monkeypatch.setattr(backends.machine, "ask_devices", lambda *_: pytest.fail("asked"))
    assert observe_machine([PROFILE]).devices == {}


def test_no_device_is_asked_for_without_the_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(tmp_path, monkeypatch)
    (tmp_path / "torch_tmr.py").unlink()
    assert observe_machine([PROFILE]).devices == {}


@pytest.mark.parametrize(
    ("torch", "plugin", "problem"),
    [
        (TORCH.replace("True", "False"), "", "torch sees no tmr device"),
        (TORCH.replace("2", "0"), "", "torch sees no tmr device"),
        ("", "", "torch could not be asked for tmr devices: AttributeError: module 'torch' has no attribute 'tmr'"),
        (TORCH, "raise OSError('libtmr.so')", "torch could not be asked for tmr devices: OSError: libtmr.so"),
        (TORCH, "import os; os.abort()", "torch could not be asked for tmr devices: "),
        (TORCH, "import os; os._exit(0)", "torch sees no tmr device"),
    ],
)
def test_a_broken_driver_is_a_reason_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch: str, plugin: str, problem: str
) -> None:
    stage(tmp_path, monkeypatch, torch, plugin)
    devices = ask_devices(PROFILE, PROBE)
    assert devices.names == ()
    assert devices.problem is not None
    assert devices.problem.startswith(problem)


def test_a_driver_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(tmp_path, monkeypatch, plugin="import time; time.sleep(60)")
    monkeypatch.setattr(backends.machine, "PROBE_SECONDS", 0.3)
    assert ask_devices(PROFILE, PROBE).problem == "torch did not say within 0.3 s which tmr devices there are"


def test_the_profiles_environment_reaches_the_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(tmp_path, monkeypatch, plugin="import os; os.environ['WANTED']")
    assert ask_devices(PROFILE, PROBE).problem is not None
    assert ask_devices(replace(PROFILE, environment={"WANTED": "1"}), PROBE).names == ("TMR 0", "TMR 1")


def test_modules_are_found_without_importing_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "plug" / "backends" / "cpu"
    package.mkdir(parents=True)
    (tmp_path / "plug" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "plug" / "single.py").write_text("")
    assert is_installed("plug")
    assert is_installed("plug.backends.cpu")
    assert is_installed("plug.single")
    assert not is_installed("plug.backends.gpu")
    assert not is_installed("plog")
    assert not is_installed("plog.backends")
    assert installed(["plug", "plog"]) == {"plug": NO_VERSION}
