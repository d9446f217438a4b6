"""Which devices a run's workers are spread over, and how many workers a machine carries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.machine import Devices, Machine
from backends.profile import Profile
from matrix.commands.job import devices_of, run_settings
from matrix.usage import UsageError

CHIP = Profile("chip", "A chip", "nobody", "chip", "PrivateUse1", ("run", "time"), one_device="CHIP_VISIBLE")


def machine(*names: str) -> Machine:
    devices = {CHIP.name: Devices(names)} if names else {}
    return Machine("host", "Linux", "x86_64", "a processor", 2, 8.0, "CPython 3.11", devices=devices)


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHIP_VISIBLE", raising=False)


def test_all_that_are_seen_share_the_work() -> None:
    assert devices_of(CHIP, machine("A1", "A1", "A1")) == ("0", "1", "2")


def test_of_one_device_nothing_need_be_said() -> None:
    assert devices_of(CHIP, machine("A1")) == ()
    assert devices_of(CHIP, machine()) == ()
    assert devices_of(replace(CHIP, one_device=None), machine("A1", "A1")) == ()


def test_what_the_user_may_use_is_what_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHIP_VISIBLE", "4,6")
    assert devices_of(CHIP, machine("A1", "A1")) == ("4", "6")
    assert devices_of(CHIP, machine("A1", "A1"), ["6"]) == ("6",)


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--devices names 7; chip has 0, 1 here \(CHIP_VISIBLE\)"):
        devices_of(CHIP, machine("A1", "A1"), ["0", "7"])


def test_more_workers_than_a_machine_carries_are_refused() -> None:
    with pytest.raises(UsageError, match="--workers 4000 is more than this machine carries; allowed are 1 to"):
        run_settings(4000)
