"""Columns: which evidence a command asks of which profile, named or not, with the chip and without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backends.machine import Devices, Machine
from backends.profile import Emulation, Probe, Profile
from matrix.columns import Choice, Column, UnknownEvidenceError, choose, fitting, remembered
from matrix.declared import Declared
from matrix.outcome import Evidence
from operators.operator import Operator, Sample

PACKAGES = {"torch": "2", "triton": "3", "flag_gems": "5"}
LAPTOP = Machine("here", "Linux", "x86_64", "cpu", 2, 8.0, "CPython 3.11.7", packages=PACKAGES)
CHIP = Profile(
    *("chip", "A chip", "maker", "npu", "PrivateUse1", ("compile", "interpret", "run", "time")),
    probe=Probe("npu", commands=("chip-smi",)),
    emulation=Emulation("maker"),
)
SAMPLE = Sample("typical-0", "T[2]")
LAB = replace(LAPTOP, commands=("chip-smi",), devices={"chip": Devices(("chip 1",))})


def names(columns: tuple[Column, ...]) -> list[str]:
    return [str(column) for column in columns]


def test_without_the_chip_a_profile_is_asked_for_everything_that_needs_none() -> None:
    assert names(Choice(CHIP).columns(LAPTOP)) == ["chip@compile", "chip@interpret"]


def test_with_the_chip_it_is_asked_to_run() -> None:
    assert names(Choice(CHIP).columns(LAB)) == ["chip@run"]


def test_what_takes_the_chip_and_nothing_else_is_asked_for_anywhere_and_says_that_it_cannot() -> None:
    assert fitting(replace(CHIP, evidence=("run", "time")), LAPTOP) == (Evidence.RUN,)


def test_a_named_evidence_is_asked_for_whatever_the_machine_has() -> None:
    assert names(Choice(CHIP, (Evidence.TIME,)).columns(LAPTOP)) == ["chip@time"]


def test_patterns_name_profiles_and_evidences() -> None:
    (choice,) = choose(["cpu-interpreter@interpret"])
    assert (choice.profile.name, choice.evidences) == ("cpu-interpreter", (Evidence.INTERPRET,))
    (choice,) = choose(["cpu-interpreter"])
    assert choice.evidences is None


def test_a_glob_takes_those_that_give_the_evidence() -> None:
    found = [choice.profile.name for choice in choose(["*@interpret"])]
    assert "cpu-interpreter" in found
    assert "cuda" not in found


def test_a_profile_that_is_named_twice_has_both_evidences_or_is_open() -> None:
    (choice,) = choose(["cuda@time", "cuda@run"])
    assert choice.evidences == (Evidence.RUN, Evidence.TIME)
    (choice,) = choose(["cuda@time", "cuda"])
    assert choice.evidences is None


def test_what_is_expected_of_an_evidence_that_is_not_asked_for_is_about_cells_of_the_full_plan() -> None:
    operators = {"neg": Operator("neg", "neg", "pointwise", {"p": "aten"}, "aten", "float64", ("int8",), (SAMPLE,))}
    declared = Declared((Choice(CHIP, (Evidence.COMPILE,)),), operators)
    assert [identity.evidence for identity in declared.full_ids()] == [Evidence.COMPILE]
    asked = declared.full_ids({"chip": {"compile", "interpret", "fly"}, "other": {"run"}})
    assert [identity.evidence for identity in asked] == [Evidence.COMPILE, Evidence.INTERPRET]


@pytest.mark.parametrize("pattern", ["cuda@interpret", "cuda@fly", "cuda@"])
def test_an_evidence_that_is_not_given_is_refused_with_those_that_are(pattern: str) -> None:
    with pytest.raises(UnknownEvidenceError, match=r"run, time$"):
        choose([pattern])


def test_no_pattern_asks_every_profile_for_what_it_names_as_its_default() -> None:
    found = {choice.profile.name: choice.evidences for choice in choose([])}
    assert found["cpu-interpreter"] == (Evidence.INTERPRET,)
    assert "cuda" not in found


def test_a_file_may_be_named_with_an_evidence(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "backends" / "cuda.toml").read_text().replace('"cuda"\ntitle', '"mine"\ntitle')
    path = tmp_path / "mine.toml"
    path.write_text(text)
    (choice,) = choose([f"{path}@time"])
    assert (choice.profile.name, choice.evidences) == ("mine", (Evidence.TIME,))


def test_the_columns_of_a_record_are_taken_again_and_nonsense_in_it_is_not() -> None:
    names_found = ["chip@run", "chip@fly", "gone@run", "chip"]
    assert names(remembered(names_found, [Choice(CHIP)])) == ["chip@run"]
