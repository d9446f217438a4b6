"""Whether a column can be filled here: every answer is a sentence, and a refusal says what to do."""

from dataclasses import replace

import pytest

from backends.availability import can_run
from backends.machine import Devices, Machine
from backends.profile import Emulation, Probe, Profile
from backends.profiles import load_profiles

PACKAGES = {"torch": "2.13.0", "triton": "3.7.1", "flag_gems": "5.0.2"}
LAPTOP = Machine("laptop", "Linux", "x86_64", "A processor", 2, 8.0, "CPython 3.11.7", PACKAGES)
CHIP = Profile(
    *("newchip", "A chip", "Tomorrow", "tmr", "PrivateUse1", ("run", "time")),
    software="the kit",
    probe=Probe("tmr", module="torch_tmr", commands=("tmr-smi", "tmr-info")),
)
LAB = replace(
    LAPTOP,
    packages=PACKAGES | {"torch_tmr": "1"},
    commands=("tmr-info",),
    devices={"newchip": Devices(("TMR 1", "TMR 1"))},
)


def test_a_laptop_fills_the_columns_that_need_no_device() -> None:
    profiles = load_profiles().values()
    possible = [profile.name for profile in profiles if can_run(profile, LAPTOP).possible]
    assert possible == [profile.name for profile in profiles if profile.emulation is not None]
    assert "cpu-interpreter" in possible


@pytest.mark.parametrize("profile", load_profiles().values(), ids=lambda profile: profile.name)
def test_every_column_says_in_one_line_why(profile: Profile) -> None:
    possible, why = can_run(profile, LAPTOP)
    assert why
    assert "\n" not in why
    todo = (
        "; install one newer than " if profile.unknown_up_to else "; run on a machine with the chip and its software ("
    )
    assert possible or todo in why


def test_a_refusal_names_all_that_is_missing_and_what_to_do() -> None:
    possible, why = can_run(CHIP, LAPTOP)
    assert not possible
    assert why == (
        "no device: `tmr-smi` or `tmr-info` is not on the PATH and module torch_tmr is not installed; "
        "run on a machine with the chip and its software (the kit)"
    )


def test_a_chip_that_answers_is_named() -> None:
    assert can_run(CHIP, LAB) == (True, "2 x TMR 1")
    assert can_run(CHIP, replace(LAB, devices={"newchip": Devices(("TMR 1",))})) == (True, "TMR 1")


def test_a_driver_without_a_device_is_told_as_the_probe_told_it() -> None:
    machine = replace(LAB, devices={"newchip": Devices(problem="torch sees no tmr device")})
    possible, why = can_run(CHIP, machine)
    assert not possible
    assert why.startswith("no device: torch sees no tmr device; run on")


def test_what_is_not_installed_is_named() -> None:
    bare = replace(LAPTOP, packages={"torch": "2.13.0"})
    possible, why = can_run(load_profiles()["cpu-interpreter"], bare)
    assert not possible
    assert why == (
        "triton and flag_gems are not installed in this Python; run `nox -s matrix`, which installs what is needed"
    )
    assert can_run(CHIP, replace(LAB, packages={"torch": "2", "triton": "3", "torch_tmr": "1"})) == (
        False,
        "flag_gems is not installed in this Python; install what fits",
    )


def test_a_processor_is_a_chip_too() -> None:
    arm = replace(load_profiles()["arm"], unknown_up_to=None)
    possible, why = can_run(arm, LAPTOP, "run")
    assert not possible
    assert why.startswith("no device: this machine is x86_64, not aarch64 or arm64 and module triton.backends.cpu")
    board = replace(LAPTOP, machine="aarch64", packages=PACKAGES | {"triton.backends.cpu": "3"})
    assert can_run(arm, board, "run") == (True, "A processor")


def test_each_evidence_is_answered_for_itself() -> None:
    both = replace(CHIP, evidence=("interpret", "run"), emulation=Emulation("tmr"))
    assert can_run(both, LAPTOP) == (True, "needs no device")
    assert can_run(both, LAPTOP, "interpret").possible
    assert not can_run(both, LAPTOP, "run").possible
    assert can_run(both, LAPTOP, "time") == (False, "newchip gives interpret, run, not time")


@pytest.mark.parametrize(
    ("installed", "possible"),
    [("5.0.2", False), ("4.10", False), ("5.0.2+cu130", False), ("5.0.10", True), ("5.1", True)],
)
def test_a_vendor_that_the_installed_provider_does_not_know_is_said_to_be_so(*, installed: str, possible: bool) -> None:
    machine = replace(LAB, packages={**LAB.packages, "flag_gems": installed})
    answer = can_run(replace(CHIP, unknown_up_to="5.0.2"), machine)
    assert answer.possible is possible
    said = f"flag_gems {installed} does not know Tomorrow: it cannot be selected; install one newer than 5.0.2"
    assert possible or answer.why == said
    assert can_run(CHIP, machine).possible


def test_a_vendor_that_the_emulation_enters_is_interpreted_and_not_run() -> None:
    machine = replace(LAB, packages={**LAB.packages, "flag_gems": "5.0.2"})
    evidence = ("interpret", "run")
    stranger = replace(CHIP, unknown_up_to="5.0.2", evidence=evidence, emulation=Emulation("tmr"))
    assert not can_run(stranger, machine, "interpret").possible
    entered = replace(stranger, emulation=Emulation("tmr", enter_vendor=True))
    assert can_run(entered, machine, "interpret") == (True, "needs no device")
    assert "does not know Tomorrow" in can_run(entered, machine, "run").why
