"""Measuring under load, through the real judge and real child processes, with candidates that cheat."""

from dataclasses import replace
from pathlib import Path

import pytest

from matrix.cell import Cell
from matrix.inference.case import case_of
from matrix.inference.judge import judge_workload
from matrix.judging.attempt import Attempt
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Result
from tests.fakes.cells import PROFILE
from tests.fakes.engine_package import install
from workloads.workload import Setting, Workload

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
FAKES = ROOT / "tests" / "fakes"
LOAD: dict[str, int | str] = {
    "requests": 2,
    "input": 4,
    "output": 4,
    "concurrent": 2,
    "batch_tokens": 16,
    "pairs": 2,
    "patience": 20,
    "attention": "eager",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that the child processes see, with the tiny engine in it."""
    folder = install(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}:{ROOT}")
    return folder


def judged(candidate: str, kind: str = "throughput", **load: int) -> tuple[Result, list[Phase]]:
    setting = Setting(
        name="tinyengine-none-0",
        engine=f"{FAKES / 'servers.py'}:open_server",
        model="none",
        evidence=("time",),
        tier="smoke",
        dtypes=("float32",),
        parameters={**LOAD, **load},
    )
    providers = {"fake": f"{FAKES / 'serving_kernels.py'}:{candidate}"}
    workload = Workload(kind, kind, kind, providers, (setting,))
    cell = Cell(replace(PROFILE, evidence=("time",)), case_of(workload, "fake", "float32", setting), Evidence.TIME)
    phases: list[Phase] = []
    return judge_workload(Attempt(cell, phases.append)), phases


def numbers(result: Result) -> dict[str, float]:
    return {measure.name: measure.value for measure in result.measures}


def test_two_sides_are_measured_in_turn(site: Path) -> None:
    result, phases = judged("honest")
    assert result.outcome is Outcome.PASS, (result.detail, result.output)
    turns = [phase for phase in phases if phase in (Phase.REFERENCE, Phase.RUN)]
    assert turns == [Phase.REFERENCE, Phase.RUN, Phase.REFERENCE, Phase.RUN, Phase.REFERENCE]  # warm-up, then A B B A
    found = numbers(result)
    assert result.measures[0].name == "throughput, provider"
    assert {"TTFT p99, native", "ITL p50, provider", "TPOT mean, native", "peak memory, provider"} <= set(found)
    assert len(result.measures[0].samples) == 2
    assert "relative throughput, 95 % from" not in found  # of two pairs there is no interval
    assert found["greedy tokens that agree"] == 100
    assert result.facts["engine files, candidate"].startswith("as installed")
    assert result.facts["engine functions, candidate"].startswith("as installed"), result.facts
    assert result.facts["measuring functions, candidate"].startswith("as installed"), result.facts


def test_six_pairs_give_an_interval_and_a_latency_leads_with_seconds(site: Path) -> None:
    result, _ = judged("honest", "latency", pairs=6)
    found = numbers(result)
    assert result.measures[0].name == "latency mean, provider"
    low, high = found["relative throughput, 95 % from"], found["relative throughput, 95 % to"]
    assert low <= found["relative throughput"] <= high


def test_a_second_device_is_seen_in_the_engine_itself(site: Path) -> None:
    result, _ = judged("two_devices")
    assert result.outcome is Outcome.ERROR
    assert "tensor parallel is 1 with torch's own kernels and 2 with the provider's" in result.detail
    assert "LLM.__init__" in result.facts["engine functions, candidate"]


def test_a_benchmark_of_ones_own_is_seen(site: Path) -> None:
    result, _ = judged("own_benchmark")
    assert "tinyengine.benchmark.clock" in result.facts["engine functions, candidate"]
    assert result.facts["engine functions, reference"].startswith("as installed")


def test_a_patched_file_is_seen(site: Path) -> None:
    result, _ = judged("patched_file")
    assert result.facts["engine files, candidate"] == "1 changed: tinyengine/benchmark.py; "


def test_a_forged_clock_is_held_against_the_judges_own(site: Path) -> None:
    result, _ = judged("forged_clock")
    assert result.outcome is Outcome.ERROR
    assert "a round is said to have taken" in result.detail


@pytest.mark.parametrize("candidate", ["deleted", "idle"])
def test_a_plug_in_that_answers_nothing_is_no_candidate(site: Path, candidate: str) -> None:
    result, _ = judged(candidate)
    assert result.outcome is Outcome.UNDISPATCHED


def test_fewer_tokens_than_asked_are_wrong(site: Path) -> None:
    result, _ = judged("shortened")
    assert result.outcome is Outcome.WRONG
    assert "requests came to fewer than 4 tokens" in result.detail


def test_a_hang_is_ended_and_its_last_progress_told(site: Path) -> None:
    result, _ = judged("stuck", patience=2)
    assert result.outcome is Outcome.TIMEOUT
    assert "in turn 1 of the candidate: its last word was 1" in result.detail


def test_a_death_and_an_exception_are_the_candidates(site: Path) -> None:
    died, _ = judged("deadly")
    raised, _ = judged("raising")
    assert (died.outcome, died.phase) == (Outcome.CRASH, Phase.RUN)
    assert (raised.outcome, raised.phase) == (Outcome.ERROR, Phase.RUN)
    assert "no kernel image is available in fake's mm" in raised.detail
