"""A machine: the host as *observed*, hashed into every run. Nothing is imported to find out; torch is asked elsewhere.

A device is asked for only where a command of the profile is on the PATH, and then in a process of its own: a broken
driver may hang, print or die, and must do that there.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from backends.profile import Probe, Profile
from backends.profiles import load_profiles

PACKAGES = ("torch", "triton", "flag_gems", "numpy", "scipy")
NO_VERSION = "installed, of unknown version"  # a fork may bring a module under another distribution's name
# A cold import of torch with a plug-in takes 5 to 20 seconds; a driver that takes longer than this hangs.
PROBE_SECONDS = 120.0
_ANSWER = "devices:"
_ASK = f"""
import importlib, json, sys
module, device = sys.argv[1:]
if module:
    importlib.import_module(module)
torch = importlib.import_module("torch")
backend = getattr(torch, device)
count = backend.device_count() if backend.is_available() else 0
print("\\n{_ANSWER}" + json.dumps([backend.get_device_name(i) for i in range(count)]))
"""


@dataclass(frozen=True)
class Devices:
    """What a profile's probe found: the devices' names, or why there are none."""

    names: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Machine:
    """A host as observed.

    machine    the kind of processor, as `platform.machine()` names it;  cores: those this process may use
    packages   module name -> version of what is installed in this Python, of what matters to a run
    commands   probe commands that are on the PATH;  devices: profile name -> what its probe found
    """

    host: str
    system: str
    machine: str
    processor: str
    cores: int
    memory_gib: float
    python: str
    packages: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    devices: Mapping[str, Devices] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change with any fact."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def facts(self) -> dict[str, str]:
        """The facts as texts, for the header of a run; what is installed is apart, in `packages`."""
        found = {name: ", ".join(devices.names) for name, devices in self.devices.items() if devices.names}
        return {
            "host": self.host,
            "system": self.system,
            "machine": self.machine,
            "processor": self.processor,
            "cores": str(self.cores),
            "memory": f"{self.memory_gib:g} GiB",
            "python": self.python,
            **{f"devices of {name}": names for name, names in found.items()},
            "digest": self.digest,
        }


def observe_machine(profiles: Iterable[Profile] | None = None) -> Machine:
    """Look at this host, and at the devices of the profiles (None: all shipped ones) whose commands are here."""
    asked = load_profiles().values() if profiles is None else profiles
    columns = [(profile, profile.probe) for profile in asked if profile.probe is not None]
    modules = {probe.module for _, probe in columns if probe.module is not None}
    commands = {command for _, probe in columns for command in probe.commands if shutil.which(command)}
    packages = installed([*PACKAGES, *sorted(modules)])
    return Machine(
        host=socket.gethostname(),
        system=platform.platform(),
        machine=platform.machine(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages=packages,
        commands=tuple(sorted(commands)),
        devices={
            profile.name: ask_devices(profile, probe)
            for profile, probe in columns
            if commands & set(probe.commands) and {"torch", probe.module or "torch"} <= set(packages)
        },
    )


def installed(modules: Iterable[str]) -> dict[str, str]:
    """Module name -> version, of those that can be imported here; none of them is."""
    return {module: _version(module) for module in modules if is_installed(module)}


def is_installed(module: str) -> bool:
    """Whether a module could be imported. `find_spec` of a dotted name would import its parent; this does not."""
    top, *rest = module.split(".")
    if top in sys.modules and sys.modules[top] is None:
        return False
    spec = importlib.util.find_spec(top)
    if spec is None or not rest:
        return spec is not None
    folders = [Path(folder, *rest[:-1]) for folder in spec.submodule_search_locations or ()]
    return any((folder / rest[-1]).is_dir() or any(folder.glob(f"{rest[-1]}.*")) for folder in folders)


def ask_devices(profile: Profile, probe: Probe) -> Devices:
    """The devices that torch sees, asked for in another process."""
    command = [sys.executable, "-c", _ASK, probe.module or "", profile.device]
    environment = os.environ | profile.environment
    try:
        answer = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return Devices(problem=f"torch did not say within {PROBE_SECONDS:g} s which {profile.device} devices there are")
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        return Devices(problem=f"torch could not be asked for {profile.device} devices: {last[:200]}")
    lines = [line for line in answer.stdout.splitlines() if line.startswith(_ANSWER)]
    names = tuple(json.loads(lines[-1].removeprefix(_ANSWER))) if lines else ()
    return Devices(names) if names else Devices(problem=f"torch sees no {profile.device} device")


def _version(module: str) -> str:
    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        return NO_VERSION


def _processor() -> str:
    """The processor's name where the system tells it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "uarch", "Model"))]
    return names[0] if names else platform.processor() or platform.machine()
