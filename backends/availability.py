"""Whether a column can be filled on a machine, and why not: a rule over what was declared and what was observed."""

from __future__ import annotations

import re
from typing import NamedTuple

from backends.machine import Machine
from backends.profile import ON_DEVICE, Probe, Profile

# What every evidence needs: the provider and what it runs on.
PROVIDER = "flag_gems"
NEEDED = ("torch", "triton", PROVIDER)


class Availability(NamedTuple):
    """Whether it can be done here, and in one sentence why, or why not and what to do."""

    possible: bool
    why: str


def can_run(profile: Profile, machine: Machine, evidence: str | None = None) -> Availability:
    """Whether a column can give an evidence on a machine; without one, whether it can give any."""
    asked = profile.evidence if evidence is None else (evidence,)
    if evidence is not None and evidence not in profile.evidence:
        given = ", ".join(profile.evidence)
        return Availability(possible=False, why=f"{profile.name} gives {given}, not {evidence}")
    answers = [_one(profile, machine, item) for item in asked]
    return next((answer for answer in answers if answer.possible), answers[-1])


def _unknown_vendor(profile: Profile, machine: Machine) -> str:
    """Why the provider that is installed cannot be told to be this vendor's; empty when it can, or none is installed."""
    installed = machine.packages.get(PROVIDER)
    last = profile.unknown_up_to
    if installed is None or last is None or _release(installed) > _release(last):
        return ""
    return (
        f"{PROVIDER} {installed} does not know {profile.vendor}: it cannot be selected; install one newer than {last}"
    )


def _release(version: str) -> tuple[int, ...]:
    """`5.0.2.post1+cu130` -> (5, 0, 2)."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _one(profile: Profile, machine: Machine, evidence: str) -> Availability:
    entered = profile.emulation is not None and profile.emulation.enter_vendor and evidence not in ON_DEVICE
    if not entered and (stranger := _unknown_vendor(profile, machine)):
        return Availability(possible=False, why=stranger)
    absent = [package for package in NEEDED if package not in machine.packages]
    if evidence not in ON_DEVICE:
        if absent:
            todo = "run `nox -s matrix`, which installs what is needed"
            return Availability(possible=False, why=f"{_listed(absent)} not installed in this Python; {todo}")
        return Availability(possible=True, why="needs no device")
    reasons = [] if profile.probe is None else _absences(profile, profile.probe, machine)
    if reasons:
        software = f" and its software ({profile.software})" if profile.software else " and its software"
        why = f"no device: {' and '.join(reasons)}; run on a machine with the chip{software}"
        return Availability(possible=False, why=why)
    if absent:
        return Availability(possible=False, why=f"{_listed(absent)} not installed in this Python; install what fits")
    names = machine.devices[profile.name].names if profile.name in machine.devices else (machine.processor,)
    return Availability(possible=True, why=f"{len(names)} x {names[0]}" if len(names) > 1 else names[0])


def device_absence(profile: Profile, machine: Machine) -> str:
    """Why a machine has not the profile's device, whatever else is installed; empty where it has, or none is asked for."""
    return " and ".join(_absences(profile, profile.probe, machine)) if profile.probe is not None else ""


def _absences(profile: Profile, probe: Probe, machine: Machine) -> list[str]:
    """What of a device's traces is missing, most telling first."""
    reasons = []
    if probe.machines and machine.machine not in probe.machines:
        reasons.append(f"this machine is {machine.machine}, not {' or '.join(probe.machines)}")
    if probe.commands and not set(probe.commands) & set(machine.commands):
        commands = " or ".join(f"`{command}`" for command in probe.commands)
        reasons.append(f"{commands} is not on the PATH")
    if probe.module is not None and probe.module not in machine.packages:
        reasons.append(f"module {probe.module} is not installed")
    problem = machine.devices[profile.name].problem if profile.name in machine.devices else None
    if not reasons and problem is not None:
        reasons.append(problem)
    return reasons


def _listed(names: list[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
