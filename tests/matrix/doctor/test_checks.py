"""What answers mean: the provider's vendor, its folder, kernels, packages."""

from __future__ import annotations

from typing import Any

import pytest

from backends.profiles import load_profiles
from matrix.columns import choose
from matrix.doctor import packages
from matrix.doctor.asking import Answer
from matrix.doctor.check import Check, Page
from matrix.doctor.examination import asked_of, look_at_kernel, look_at_provider
from matrix.outcome import Evidence

PROFILE = load_profiles()["ascend"]
TOOK = {"provider": "5.0.2", "vendor": "ascend", "folder": "_ascend", "files": 91, "taken": 78, "failed": []}


def test_a_vendor_whose_folder_loaded_is_well() -> None:
    check = look_at_provider(PROFILE, Answer(TOOK))
    assert not check.stops
    assert check.found == "FlagGems 5.0.2, vendor ascend; 78 of 91 files of _ascend imported"


@pytest.mark.parametrize(
    ("known", "why"), [(["nvidia"], "does not know 'ascend'"), (["nvidia", "ascend"], "something overrules it")]
)
def test_another_vendor_than_the_profiles_stops(known: list[str], why: str) -> None:
    facts: dict[str, Any] = TOOK | {"vendor": "nvidia", "vendors": known}
    check = look_at_provider(PROFILE, Answer(facts))
    assert check.stops
    assert "the profile expects 'ascend'" in check.found
    assert why in check.todo


def test_what_fell_back_is_said_with_the_import_that_failed() -> None:
    failed = [["_ascend.ops", 41, "ModuleNotFoundError: No module named 'acl'"]]
    check = look_at_provider(PROFILE, Answer(TOOK | {"failed": failed}))
    assert "41 functions fell back to generic ones: import _ascend.ops: ModuleNotFoundError" in check.found
    assert check.todo


def test_a_provider_that_dies_says_where() -> None:
    assert look_at_provider(PROFILE, Answer({}, "import flag_gems: ended by SIGSEGV")).stops


def test_a_kernel_that_answers_wrongly_stops() -> None:
    assert look_at_kernel(Evidence.RUN, Answer({"unwell": "a known kernel gave a wrong answer"})).stops
    assert not look_at_kernel(Evidence.RUN, Answer({"unwell": None})).stops


def test_without_the_chips_driver_its_stand_in_is_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert asked_of(choose(["ascend"])[0]) == [Evidence.INTERPRET]
    assert asked_of(choose(["ascend@run"])[0]) == [Evidence.RUN]
    assert asked_of(choose(["cuda"])[0]) == [Evidence.RUN, Evidence.TIME]


def test_missing_and_old_packages_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "is_installed", lambda module: module not in {"xdist", "triton"})
    monkeypatch.setattr(packages, "_version", lambda name: "7.4" if name == "pytest" else "99")
    check = packages.look_at_packages()
    assert check.stops
    assert "pytest-xdist is not installed; pytest 7.4 is too old (8.0 or newer works)" in check.found
    assert "pip install pytest-xdist==3.8.0 pytest==9.2.0; install the vendor's build of triton" in check.todo


def test_a_page_is_ready_when_something_is_possible() -> None:
    good, bad = Check("torch", "2.9"), Check("torch", "none", stops=True)
    assert Page("chip", "", [good], {"run": ""}).ready
    assert not Page("chip", "", [good], {"run": "no"}).ready
    assert not Page("chip", "", [bad], {"run": ""}).ready
