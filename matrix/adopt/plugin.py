"""The plugin's hooks: options, the profile's environment before anything of the suite is imported, and who is who.

In the controller of pytest-xdist it keeps the ledger and oversees, in a worker it carries. Without pytest-xdist (`-n 0`,
`--pdb`) one process is both, and then a crash ends the run: what was done until then is on record all the same.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backends.availability import device_absence
from backends.machine import observe_machine
from backends.profile import Profile
from backends.profiles import UnknownProfileError, select_profiles
from backends.reading import ReadingError
from matrix.adopt.adoption import EVIDENCE, Adoption, load_adoption
from matrix.adopt.carrier import Carrier, LeftOut
from matrix.adopt.ledger import Ledger
from matrix.adopt.naming import ROWS
from matrix.adopt.options import arguments_of
from matrix.adopt.overseer import Overseer
from matrix.adopt.shield import Shield
from matrix.runner.directory import BusyError, end_leftovers, locked, next_run
from matrix.runner.output import Inherited, Output
from matrix.runner.processes import SESSION_VARIABLE, end_marked
from matrix.runner.session import RunSettings, Session

VARIABLE = "MATRIX_ADOPTION"
WORKER = "PYTEST_XDIST_WORKER"
START_SECONDS = 900.0  # a suite of thousands of tests imports for minutes, where many workers do so at once
RESTARTS = "1000000"

carrier_key = pytest.StashKey[Carrier]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("matrix.adopt", "the suite as rows of the compatibility matrix")
    group.addoption("--profile", dest="adopt_profile", metavar="NAME", help="the column: a profile's name or TOML file")
    group.addoption(
        "--adopt-out", type=Path, metavar="DIR", help="where the journal goes (default: .matrix/<time>-<id>)"
    )
    group.addoption(
        "--adopt-rows", choices=ROWS, default="auto", help="what a row is: the operator's mark, or the file"
    )
    group.addoption(
        "--adopt-kernels", default="", metavar="PACKAGE", help="a test that passes must have launched a kernel of it"
    )
    group.addoption(
        "--adopt-devices", default="", metavar="A,B", help="devices that the workers take in turn (default: all share)"
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Set the environment before the suite's conftest, which may import the vendor's stack; be a worker where we are one."""
    known = early_config.known_args_namespace
    path = os.environ.get(VARIABLE)
    if WORKER in os.environ and path:
        adoption = load_adoption(Path(path))
        name = os.environ[WORKER]
        known.capture = "no"  # what a test prints goes to a file that outlives it
        early_config.stash[carrier_key] = Carrier(adoption, name, Output(adoption.session.output(name)))
    else:
        os.environ.update(profile_of(known.adopt_profile).environment)
        os.environ["PYTHONHASHSEED"] = "0"  # of the workers: what a suite takes from a set has one order in all of them
        if not early_config.pluginmanager.hasplugin("xdist"):
            early_config.pluginmanager.consider_pluginarg("xdist.plugin")
    return (yield)


def profile_of(name: str | None) -> Profile:
    """The one column that a suite is judged on."""
    if not name:
        raise pytest.UsageError("matrix.adopt needs --profile NAME; `python -m matrix profiles` lists them")
    try:
        chosen = select_profiles([name])
    except (UnknownProfileError, ReadingError) as error:
        raise pytest.UsageError(f"matrix: {error}") from None
    if len(chosen) != 1:
        raise pytest.UsageError(f"matrix: --profile {name!r} selects {len(chosen)} profiles; a suite is judged on one")
    if EVIDENCE not in chosen[0].evidence:
        given = ", ".join(chosen[0].evidence)
        raise pytest.UsageError(f"matrix: {name} gives {given}; a suite takes a profile that gives {EVIDENCE}")
    return chosen[0]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """One worker unless others are asked for: a suite that kills its process must not kill the run."""
    option = config.option
    if WORKER not in os.environ and hasattr(option, "numprocesses") and not option.collectonly and not option.usepdb:
        if option.numprocesses is None and not option.tx:
            option.numprocesses = 1
        if option.dist == "no":
            option.dist = "worksteal"
        option.maxworkerrestart = option.maxworkerrestart or RESTARTS
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    if config.option.collectonly:
        return
    if carrier_key in config.stash:
        carrier = config.stash[carrier_key]
        config.pluginmanager.register(carrier, "matrix-adopt-carrier")
        config.pluginmanager.register(LeftOut(carrier.adoption), "matrix-adopt-left-out")
        carrier.isolate(config)
        return
    adoption = adopt(config)
    if getattr(config.option, "tx", None):
        spread(config, adoption.profile)
        config.pluginmanager.register(Overseer(adoption, config), "matrix-adopt-overseer")
        config.pluginmanager.register(Shield(), "matrix-adopt-shield")
    else:
        carrier = Carrier(adoption, f"main{os.getpid()}", Inherited())
        config.pluginmanager.register(carrier, "matrix-adopt-carrier")


def adopt(config: pytest.Config) -> Adoption:
    """Take the directory, write the header, and leave for the workers what they must know."""
    option = config.option
    profile = profile_of(option.adopt_profile)
    machine = observe_machine((profile,))
    if absent := device_absence(profile, machine):
        raise pytest.UsageError(f"matrix: {profile.name} cannot run here: {absent}")
    directory = Path(option.adopt_out or Path(".matrix") / f"suite-{uuid.uuid4().hex[:10]}").absolute()
    closing = ExitStack()
    try:
        closing.enter_context(locked(directory))
    except BusyError as error:
        raise pytest.UsageError(f"matrix: {error}") from None
    if next_run(directory) > 1:
        closing.close()
        raise pytest.UsageError(f"matrix: {directory} holds a run already; name another with --adopt-out")
    end_leftovers(directory)
    mark = uuid.uuid4().hex
    closing.callback(end_marked, mark)
    config.add_cleanup(closing.close)
    settings = RunSettings(start_seconds=START_SECONDS)
    limits = replace(profile.limits, memory_gib=machine.memory_gib)  # its tests are not cut into cases of known size
    session = Session(f"{next_run(directory):03d}", directory, mark, os.getpid(), limits, settings, ())
    adoption = Adoption(session, profile, option.adopt_rows, option.adopt_kernels)
    adoption.save()
    os.environ.update({VARIABLE: str(adoption.path), SESSION_VARIABLE: mark})
    ledger = Ledger(adoption, machine, arguments_of(option.adopt_profile, config.invocation_params.args))
    config.pluginmanager.register(ledger, "matrix-adopt-ledger")
    return adoption


def spread(config: pytest.Config, profile: Profile) -> None:
    """Give each worker one of the devices, by the variable that the profile names for it."""
    devices = [device for device in config.option.adopt_devices.split(",") if device]
    if not devices:
        return
    if not profile.one_device:
        raise pytest.UsageError(f"matrix: {profile.name} names no variable `one_device`; leave out --adopt-devices")
    config.option.tx = [
        f"popen//env:{profile.one_device}={devices[place % len(devices)]}" for place in range(len(config.option.tx))
    ]
