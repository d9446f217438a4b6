"""The orchestrator: quarantine, confirmation, what is known beforehand, and the last act."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backends.profile import Limits, Profile
from matrix.cell import Cell
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Result
from matrix.run import Header, Run
from matrix.runner.controller import Lanes, carry, groups, share_out
from matrix.runner.journal import read_run
from matrix.runner.session import RunSettings
from operators.operator import Sample
from tests.fakes.cells import CANDIDATES, JUDGE, PROFILE, fake

SETTINGS = RunSettings(judge=f"{JUDGE}:judge", warm="", probe=f"{JUDGE}:probe", workers=1, grace=0.5)


def outcomes(run: Run) -> dict[str, list[str]]:
    return {
        cell.partition("fake.")[2].partition("/")[0]: [each.outcome for each in found]
        for cell, found in run.results.items()
    }


def test_a_device_that_stays_unwell_is_put_in_quarantine_and_nobody_is_blamed(tmp_path: Path) -> None:
    cells = [fake("right"), *(fake("quick", sample=number) for number in range(5))]
    carry(cells, tmp_path, replace(SETTINGS, probe=f"{CANDIDATES}:unwell"))
    run = read_run(tmp_path)
    assert {result.outcome for results in run.results.values() for result in results} == {Outcome.NOT_RUN}
    details = {results[0].detail for results in run.results.values()}
    (detail,) = details
    assert detail.startswith("3 workers in a row failed to start")
    assert "the probe failed: the fan is off" in detail


def test_quarantine_of_one_column_leaves_the_next_alone(tmp_path: Path) -> None:
    other = replace(PROFILE, name="fakes-other", environment={"FAN": "on"})
    carry([fake("right"), fake("right", profile=other)], tmp_path, replace(SETTINGS, probe=f"{CANDIDATES}:needs_fan"))
    run = read_run(tmp_path)
    assert run.results[str(fake("right").id)][0].outcome is Outcome.NOT_RUN
    assert run.results[str(fake("right", profile=other).id)][0].outcome is Outcome.PASS


def chips(tmp_path: Path, **settings: object) -> tuple[Profile, RunSettings]:
    """A profile whose workers are spread over two chips."""
    profile = replace(PROFILE, one_device="CHIP_VISIBLE", evidence=("run",))
    state = {"FAKES_STATE": str(tmp_path)}
    devices = {profile.name: ("0", "1")}
    return profile, replace(SETTINGS, devices=devices, environment=state, workers=2, **settings)  # type: ignore[arg-type]


def on_device(name: str, profile: Profile, sample: int = 0, evidence: Evidence = Evidence.RUN) -> Cell:
    return replace(fake(name, sample=sample, profile=profile), evidence=evidence)


def test_workers_are_spread_over_the_devices(tmp_path: Path) -> None:
    profile, settings = chips(tmp_path)
    carry([on_device("on_which_chip", profile, number) for number in range(6)], tmp_path / "run", settings)
    assert {path.name for path in tmp_path.glob("on-chip-*")} == {"on-chip-0", "on-chip-1"}
    assert all(found[0].outcome is Outcome.PASS for found in read_run(tmp_path / "run").results.values())


def test_a_device_in_quarantine_leaves_the_work_to_the_other(tmp_path: Path) -> None:
    profile, settings = chips(tmp_path, probe=f"{CANDIDATES}:needs_second_chip")
    cells = [on_device("on_which_chip", profile, number) for number in range(6)]
    carry(cells, tmp_path / "run", settings)
    run = read_run(tmp_path / "run")
    assert {found[-1].outcome for found in run.results.values()} == {Outcome.PASS}
    assert len(run.results) == len(cells)
    assert {path.name for path in tmp_path.glob("on-chip-*")} == {"on-chip-1"}


def test_what_is_timed_has_its_device_alone(tmp_path: Path) -> None:
    """However many workers there may be: one for each device."""
    profile, settings = chips(tmp_path)
    cells = [on_device("on_which_chip", profile, number, Evidence.TIME) for number in range(4)]
    carry(cells, tmp_path / "run", replace(settings, workers=8, judge=f"{JUDGE}:judge_run"), confirm=lambda _: False)
    workers = {found[0].worker for found in read_run(tmp_path / "run").results.values()}
    assert len(workers) == 2


def test_timing_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """A native operator that hangs is ended long before the limit of the case, and nobody is blamed."""
    profile = replace(PROFILE, name="fakes-patient", limits=Limits(seconds=60.0, memory_gib=0.125, timing_seconds=1.0))
    cell = fake("right", reference="hang_baseline", profile=profile)
    carry([cell], tmp_path, SETTINGS)
    (result,) = read_run(tmp_path).results[str(cell.id)]
    assert (result.outcome, result.phase) == (Outcome.INFRA, Phase.TIME)
    assert result.seconds is not None
    assert result.seconds < 30, "ended by the limit of timing, and not by that of the case"


def test_comparing_is_not_ended_by_the_limit_of_timing(tmp_path: Path) -> None:
    profile = replace(PROFILE, name="fakes-patient", limits=Limits(seconds=60.0, memory_gib=0.125, timing_seconds=1.0))
    cell = fake("right", reference="slow_after_baseline", profile=profile)
    carry([cell], tmp_path, SETTINGS)
    assert [found.outcome for found in read_run(tmp_path).results[str(cell.id)]] == [Outcome.PASS]


def test_columns_that_need_no_device_are_carried_side_by_side(tmp_path: Path) -> None:
    columns = [
        replace(PROFILE, name=f"fakes-{me}", environment={"FAKES_ME": me, "FAKES_OTHER": other})
        for me, other in (("one", "two"), ("two", "one"))
    ]
    settings = replace(SETTINGS, workers=2, environment={"FAKES_STATE": str(tmp_path)})
    carry([fake("meet", profile=profile) for profile in columns], tmp_path / "run", settings)
    assert [found[0].outcome for found in read_run(tmp_path / "run").results.values()] == [Outcome.PASS] * 2


def test_a_column_whose_session_is_killed_leaves_the_one_beside_it_alone(tmp_path: Path) -> None:
    other = replace(PROFILE, name="fakes-other")
    beside = [fake("quick", sample=number, profile=other) for number in range(5)]
    carry([fake("kill_parent"), *beside], tmp_path, replace(SETTINGS, workers=2), confirm=lambda _: False)
    run = read_run(tmp_path)
    assert [found.outcome for found in run.results[str(fake("kill_parent").id)]] == [Outcome.CRASH]
    assert {str(cell.id) for cell in beside} < set(run.results)
    assert all([found.outcome for found in run.results[str(cell.id)]] == [Outcome.PASS] for cell in beside)


def test_who_works_beside_whom() -> None:
    def group(name: str, evidence: Evidence) -> dict[str, Cell]:
        return {name: replace(fake("right"), evidence=evidence)}

    interpreted = [group(f"interpreted-{number}", Evidence.INTERPRET) for number in range(3)]
    compiled, timed = group("compiled", Evidence.COMPILE), group("timed", Evidence.TIME)
    together, alone = share_out([*interpreted, timed, compiled], 8)
    assert together == Lanes((compiled, *interpreted), 4, 2)
    (mixed,) = share_out([*interpreted, compiled, other := group("other", Evidence.COMPILE)], 2)
    assert mixed == Lanes((compiled, interpreted[0], other, *interpreted[1:]), 2, 1)
    assert alone == Lanes((timed,), 1, 8)
    assert share_out(interpreted, 2) == [Lanes(tuple(interpreted), 2, 1)]
    assert share_out(interpreted[:1], 4) == [Lanes((interpreted[0],), 1, 4)]
    assert share_out([], 4) == []


def test_cells_that_each_spoil_their_own_worker_are_no_reason_for_quarantine(tmp_path: Path) -> None:
    cells = [*(fake("poison", sample=number) for number in range(4)), fake("right")]
    carry(cells, tmp_path, SETTINGS, confirm=lambda _: False)
    found = [results[0].outcome for results in read_run(tmp_path).results.values()]
    assert sorted(found) == ["ERROR"] * 4 + ["PASS"]


def test_after_a_call_that_had_to_raise_the_device_is_asked_whether_it_is_well(tmp_path: Path) -> None:
    """It passes by raising, and what it raised may have been the device's end."""
    plain = fake("right")
    illegal = replace(plain, case=replace(plain.case, sample=Sample("illegal-0", "", raises=True)))
    for cells, probes in (([plain], 1), ([illegal], 2)):
        folder = tmp_path / str(probes)
        carry(cells, folder, SETTINGS)
        lines = [line for path in folder.glob("journal-*.jsonl") for line in path.read_text().splitlines()]
        assert sum('"probe"' in line for line in lines) == probes


def test_a_probe_that_hangs_is_a_bad_start(tmp_path: Path) -> None:
    carry([fake("right")], tmp_path, replace(SETTINGS, probe=f"{CANDIDATES}:hang_python", start_seconds=0.5))
    final = read_run(tmp_path).final(str(fake("right").id))
    assert final is not None
    assert "3 workers in a row failed to start" in final.detail


@pytest.mark.parametrize(
    ("warm", "why"),
    [
        (f"{CANDIDATES}:raises_at_start", "a worker could not start: ImportError: no such library"),
        (f"{CANDIDATES}:segfault_at_start", "ended by SIGSEGV"),
        ("no.such.module:warm", "a worker could not start: ModuleNotFoundError"),
    ],
)
def test_a_worker_that_cannot_start_blames_no_cell(tmp_path: Path, warm: str, why: str) -> None:
    carry([fake("right"), fake("quick")], tmp_path, replace(SETTINGS, warm=warm))
    run = read_run(tmp_path)
    assert [result.outcome for results in run.results.values() for result in results] == [Outcome.NOT_RUN] * 2
    final = run.final(str(fake("right").id))
    assert final is not None
    assert why in final.detail


def test_a_worker_that_dies_at_its_start_costs_no_cell_and_no_session(tmp_path: Path) -> None:
    state = {"FAKES_STATE": str(tmp_path)}
    settings = replace(SETTINGS, warm=f"{CANDIDATES}:segfault_at_first_start", environment=state)
    carry([fake("right"), fake("wrong")], tmp_path, settings, confirm=lambda _: False)
    assert outcomes(read_run(tmp_path)) == {"right": ["PASS"], "wrong": ["WRONG"]}
    assert len(list((tmp_path / "workers").glob("*.log"))) == 1


def test_after_a_poisoned_worker_the_next_cells_run_in_another(tmp_path: Path) -> None:
    cells = [fake("right"), fake("poison"), *(fake("quick", sample=number) for number in range(3))]
    carry(cells, tmp_path, SETTINGS, confirm=lambda _: False)
    run = read_run(tmp_path)
    (poisoned,) = run.results[str(fake("poison").id)]
    later = {run.results[str(fake("quick", sample=number).id)][0].worker for number in range(3)}
    assert run.results[str(fake("right").id)][0].worker == poisoned.worker
    assert later.isdisjoint({poisoned.worker})
    assert len(later) == 1
    assert len(list((tmp_path / "workers").glob("*.log"))) == 1, "pytest-xdist goes on, with no second session"


def test_what_a_case_left_running_is_gone_before_the_next(tmp_path: Path) -> None:
    cells = [fake("fork_and_outlive"), fake("alone"), fake("daemon"), fake("alone", sample=1)]
    carry(cells, tmp_path, SETTINGS, confirm=lambda _: False)
    assert {result.outcome for results in read_run(tmp_path).results.values() for result in results} == {Outcome.PASS}


def test_an_error_after_which_the_device_is_well_costs_no_worker(tmp_path: Path) -> None:
    carry([fake("raises"), fake("right"), fake("quick")], tmp_path, SETTINGS, confirm=lambda _: False)
    run = read_run(tmp_path)
    assert len({results[0].worker for results in run.results.values()}) == 1


def test_bad_news_is_tried_once_more_and_only_once(tmp_path: Path) -> None:
    cells = [fake("wrong"), fake("raises"), fake("right"), fake("right", reference="bad_inputs")]
    carry(cells, tmp_path, SETTINGS)
    assert outcomes(read_run(tmp_path)) == {
        "wrong": ["WRONG", "WRONG"],
        "raises": ["ERROR", "ERROR"],
        "right": ["PASS"],
        "bad_inputs": ["INFRA"],
    }
    carry(cells, tmp_path, SETTINGS)
    assert sum(map(len, outcomes(read_run(tmp_path)).values())) == 6


def test_the_caller_decides_what_is_tried_again(tmp_path: Path) -> None:
    carry([fake("wrong"), fake("raises")], tmp_path, SETTINGS, confirm=lambda result: result.outcome is Outcome.WRONG)
    assert outcomes(read_run(tmp_path)) == {"wrong": ["WRONG", "WRONG"], "raises": ["ERROR"]}


def test_a_cell_that_dies_of_confirming_does_not_stop_the_others(tmp_path: Path) -> None:
    cells = [fake("segfault"), fake("abort"), fake("wrong"), fake("exit_zero")]
    carry(cells, tmp_path, SETTINGS)
    assert outcomes(read_run(tmp_path)) == {
        "segfault": ["CRASH", "CRASH"],
        "abort": ["CRASH", "CRASH"],
        "wrong": ["WRONG", "WRONG"],
        "exit_zero": ["CRASH", "CRASH"],
    }


def test_what_is_known_beforehand_is_written_once_and_never_carried(tmp_path: Path) -> None:
    cells = [fake("right"), fake("segfault")]
    given = [Result(str(cells[1].id), Outcome.UNSUPPORTED, Phase.PLAN, "the profile lacks it")]
    for _ in range(2):
        carry(cells, tmp_path, SETTINGS, given=given)
    run = read_run(tmp_path)
    assert outcomes(run) == {"right": ["PASS"], "segfault": ["UNSUPPORTED"]}


def test_a_cell_that_could_not_run_before_runs_once_it_can(tmp_path: Path) -> None:
    cell = fake("right")
    carry([cell], tmp_path, SETTINGS, given=[Result(str(cell.id), Outcome.NOT_RUN, Phase.PLAN, "no device here")])
    carry([cell], tmp_path, SETTINGS)
    assert outcomes(read_run(tmp_path)) == {"right": ["NOT_RUN", "PASS"]}


def test_what_a_judge_could_not_run_is_asked_once_and_again_when_the_run_is_resumed(tmp_path: Path) -> None:
    """It blames nobody: a judge that says so is no session that died."""
    settings = replace(SETTINGS, judge=f"{JUDGE}:judge_nothing")
    for attempts in (1, 2):
        carry([fake("right"), fake("wrong")], tmp_path, settings)
        assert outcomes(read_run(tmp_path)) == {"right": ["NOT_RUN"] * attempts, "wrong": ["NOT_RUN"] * attempts}
    carry([fake("right")], tmp_path, SETTINGS)
    assert outcomes(read_run(tmp_path))["right"][-1] == "PASS"


def test_a_session_that_cannot_even_begin_leaves_no_hole(tmp_path: Path) -> None:
    carry([fake("right")], tmp_path, RunSettings(judge=SETTINGS.judge, pytest=("--no-such-option",)))
    final = read_run(tmp_path).final(str(fake("right").id))
    assert final is not None
    assert final.outcome is Outcome.NOT_RUN
    assert "no-such-option" in final.detail


def test_nothing_to_carry_starts_nothing(tmp_path: Path) -> None:
    carry([], tmp_path, SETTINGS, header=Header("digest"))
    run = read_run(tmp_path)
    assert run.header.plan == "digest"
    assert run.results == {}
    assert not (tmp_path / "workers").exists()


def test_a_group_is_one_profile_and_one_evidence() -> None:
    first = fake("right")
    others = [replace(first, evidence=Evidence.COMPILE), replace(first, profile=replace(PROFILE, name="other"))]
    named = {str(cell.id): cell for cell in (first, *others)}
    assert [list(group.values()) for group in groups(named)] == [[cell] for cell in (first, *others)]
