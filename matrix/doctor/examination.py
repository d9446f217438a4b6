"""The examination: every question in order, and what each answer means for the evidences that are asked of a profile.

On a machine with the chip's driver the chip's own stack is examined; elsewhere what stands in for it is, where the profile
declares that. Nothing of the vendor's is imported in this process.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

from backends.machine import Machine, observe_machine
from backends.profile import ON_DEVICE, Profile
from matrix.columns import Choice
from matrix.doctor.asking import Answer, answer_of, ask
from matrix.doctor.check import Check, Page
from matrix.doctor.packages import look_at_packages
from matrix.outcome import Evidence

COMMAND_SECONDS = 30.0
OLDEST = (3, 11)
KERNEL = "kernel"


def examine(choice: Choice, seconds: float) -> Page:
    """Everything about one profile; `seconds` is how long each question may take."""
    profile = choice.profile
    evidences = asked_of(choice)
    machine = observe_machine(())
    checks = [*_host(machine), *_kind(profile, machine), look_at_packages()]
    usable = not checks[-1].stops
    if set(evidences) & ON_DEVICE:
        checks += _chip(profile, seconds) if usable else _commands(profile, seconds)
    possible: dict[str, str] = {}
    if usable and not any(check.stops for check in checks):
        checks.append(look_at_provider(profile, ask(profile, seconds, "provider", evidences[0])))
        for check, covered in _kernels(profile, evidences, seconds):
            checks.append(check)
            possible |= dict.fromkeys(map(str, covered), check.found if check.stops else "")
    before = [check.name for check in checks if check.stops and not check.name.startswith(KERNEL)]
    for evidence in evidences:
        if before or str(evidence) not in possible:
            possible[str(evidence)] = f"stopped by {', '.join(before)}"
    return Page(profile.name, profile.title, checks, possible)


def asked_of(choice: Choice) -> list[Evidence]:
    """The evidences that are examined: those named, else the chip's where its driver is, else what needs no chip."""
    if choice.evidences is not None:
        return list(choice.evidences)
    profile = choice.profile
    here = profile.probe is not None and any(shutil.which(command) for command in profile.probe.commands)
    on_device = [Evidence(name) for name in profile.evidence if name in ON_DEVICE]
    without = [Evidence(name) for name in profile.evidence if name not in ON_DEVICE]
    return on_device if on_device and (here or not without) else without


def _host(machine: Machine) -> Iterator[Check]:
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") / 2**30
    memory = f"{machine.memory_gib:g} GiB of memory, {free:.1f} free"
    yield Check("host", f"{machine.host}: {machine.system}, {machine.processor}, {machine.cores} cores, {memory}")
    old = sys.version_info[:2] < OLDEST
    todo = "run it with Python 3.11 or newer" if old else ""
    yield Check("python", f"{machine.python}, {sys.executable}", stops=old, todo=todo)


def _kind(profile: Profile, machine: Machine) -> Iterator[Check]:
    """The kind of processor, where the chip is one."""
    kinds = profile.probe.machines if profile.probe is not None else ()
    if kinds and machine.machine not in kinds:
        found = f"this machine is {machine.machine}, not {' or '.join(kinds)}"
        yield Check("processor", found, stops=True, todo=f"run it on a {kinds[0]} machine")


def _chip(profile: Profile, seconds: float) -> list[Check]:
    """The chip, from its driver up to Triton; what cannot be asked for lack of what is below it is left out."""
    checks = [*_commands(profile, seconds), _one_device(profile)]
    checks.append(look_at_torch(profile, ask(profile, seconds, "torch")))
    if not checks[-1].stops:
        checks.append(look_at_triton(ask(profile, seconds, "triton")))
    return checks


def _commands(profile: Profile, seconds: float) -> list[Check]:
    """What the vendor's commands say of driver and devices: one of them must be here, and answer."""
    probe = profile.probe
    if probe is None or not probe.commands:
        return []
    answers = {command: answer_of(command, min(seconds, COMMAND_SECONDS)) for command in probe.commands}
    found = [f"`{command}`: {answer['said'] or 'says nothing'}" for command, answer in answers.items() if answer.facts]
    problems = [answer.problem for answer in answers.values() if answer.problem]
    if not found or any("not answer" in problem for problem in problems):
        todo = f"install {profile.vendor}'s driver ({profile.software or 'its software'}), or see why it hangs"
        return [Check("driver", "; ".join([*found, *problems]), stops=True, todo=todo)]
    return [Check("driver", "; ".join(found))]


def _one_device(profile: Profile) -> Check:
    if not profile.one_device:
        return Check("one device", "the profile names no variable that shows a worker one device: all workers see all")
    value = os.environ.get(profile.one_device)
    return Check("one device", f"{profile.one_device} is {'not set: all are seen' if value is None else repr(value)}")


def look_at_torch(profile: Profile, answer: Answer) -> Check:
    """Torch, its device module and the devices in it."""
    devices = answer["devices"] or ()
    told = [f"torch {answer['torch']}"] if answer["torch"] else []
    told += [f"{len(devices)} x {devices[0]}"] if devices else []
    told += [answer["memory"]] if answer["memory"] else []
    plug_in = profile.probe.module if profile.probe is not None else None
    if problem := answer.problem or answer["problem"]:
        todo = f"install a torch with torch.{profile.device}" + (f" and {plug_in} that fits it" if plug_in else "")
        return Check(
            "torch", "; ".join([*told, problem]), stops=True, todo=f"{todo}: {profile.software or profile.vendor}"
        )
    if profile.device != "cpu" and not devices:
        variable = f"; is {profile.one_device} empty?" if profile.one_device else ""
        todo = f"see that the container was given the devices and the driver fits torch's runtime{variable}"
        return Check("torch", "; ".join([*told, f"sees no {profile.device} device"]), stops=True, todo=todo)
    return Check("torch", "; ".join([*told, *([f"after {plug_in}"] if plug_in else [])]))


def look_at_triton(answer: Answer) -> Check:
    """Triton, its back ends and the one that is active."""
    told = [f"Triton {answer['triton']}"] if answer["triton"] else []
    told += [f"back ends {', '.join(answer['backends']) or 'none'}"] if answer["backends"] is not None else []
    if answer.problem:
        todo = "install the Triton that the vendor builds for this torch; only one distribution may bring the module"
        return Check("triton", "; ".join([*told, answer.problem]), stops=True, todo=todo)
    return Check("triton", "; ".join([*told, f"active: {answer['target']}"]))


def look_at_provider(profile: Profile, answer: Answer) -> Check:
    """FlagGems: whether it chose this vendor, and whether the vendor's own kernels really loaded."""
    wanted = profile.environment.get("GEMS_VENDOR") or (profile.emulation.vendor if profile.emulation else None)
    told = [f"FlagGems {answer['provider']}, vendor {answer['vendor']}"] if answer["provider"] else []
    if wanted and answer["vendor"] and answer["vendor"] != wanted:
        known = answer["vendors"] or ()
        why = "knows that name, and something overrules it" if wanted in known else f"does not know {wanted!r}"
        told.append(f"the profile expects {wanted!r}")
        todo = f"FlagGems ignores a GEMS_VENDOR that it does not know; this one {why}"
        return Check("provider", "; ".join([*told, answer.problem][:2]), stops=True, todo=todo)
    if answer["files"]:
        told.append(f"{answer['taken']} of {answer['files']} files of {answer['folder']} imported")
    if answer.problem:
        todo = "this is the provider's own import: reinstall FlagGems, or the package that the message names"
        return Check("provider", "; ".join([*told, answer.problem]), stops=True, todo=todo)
    failed = [
        f"{names} functions fell back to generic ones: import {module}: {why}"
        for module, names, why in answer["failed"]
    ]
    todo = "install what the import lacks, else the column says nothing of the vendor's own kernels" if failed else ""
    return Check("provider", "; ".join([*told, *failed]), stops=False, todo=todo)


def _kernels(profile: Profile, evidences: list[Evidence], seconds: float) -> Iterator[tuple[Check, list[Evidence]]]:
    """A tiny kernel for each way in which kernels are run here."""
    ways = {evidence: [evidence] for evidence in evidences if evidence.emulated}
    if on_device := [evidence for evidence in evidences if not evidence.emulated]:
        ways[on_device[0]] = on_device
    for evidence, covered in ways.items():
        yield look_at_kernel(evidence, ask(profile, seconds, "kernel", evidence)), covered


def look_at_kernel(evidence: Evidence, answer: Answer) -> Check:
    """Whether a kernel whose answer is known is compiled, launched and right."""
    name = f"{KERNEL} ({evidence})"
    if problem := answer.problem or answer["unwell"]:
        todo = "compare the versions above with those that the profile is known with" if not evidence.emulated else ""
        return Check(name, problem, stops=True, todo=todo or "compare the versions above with the pinned ones")
    right = "compiled" if evidence is Evidence.COMPILE else "compiled, launched, and its answer is right"
    return Check(name, right if evidence is not Evidence.INTERPRET else "interpreted, and its answer is right")
