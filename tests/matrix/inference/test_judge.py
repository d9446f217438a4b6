"""Cells of model-parity through the real runner: kernels that are healthy, wrong, absent, and that end their process."""

from dataclasses import replace
from pathlib import Path

import pytest

from backends.profiles import load_profiles
from matrix.cell import Cell
from matrix.outcome import Outcome, Phase
from matrix.result import Result
from matrix.run import Run
from matrix.runner.controller import carry
from matrix.runner.journal import read_run
from matrix.runner.session import RunSettings
from tests.fakes.inference import SETTING, parity, without_engine

pytestmark = pytest.mark.long

PROVIDERS = ["healthy", "silu_off", "nothing", "dies", "raises"]


def carried(cells: list[Cell], directory: Path) -> Run:
    cache = directory.parent / "cache"
    environment = {"MATRIX_CACHE": str(cache), "OMP_NUM_THREADS": "1", "FLAGGEMS_CACHE_DIR": str(cache / "gems")}
    carry(cells, directory, RunSettings(workers=2, environment=environment), confirm=lambda _: False)
    return read_run(directory)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """One run of all, as its record gives it back."""
    folder = tmp_path_factory.mktemp("parity")
    quick = parity("endless", setting=replace(SETTING, name="transformers-tiny-1", seconds=90))
    cells = [parity(name) for name in PROVIDERS] + [without_engine(), quick]
    run = carried(cells, folder / "run")
    return {
        cell.case.provider if cell.case.sample.name != "nowhere-tiny-0" else "nowhere": _final(run, cell)
        for cell in cells
    }


def _final(run: Run, cell: Cell) -> Result:
    result = run.final(str(cell.id))
    assert result is not None
    return result


def test_healthy_kernels_pass_and_say_what_ran(found: dict[str, Result]) -> None:
    result = found["healthy"]
    assert result.outcome is Outcome.PASS, result.detail
    assert result.comparison is not None
    assert result.comparison.total == 4 * 23
    assert "silu x " in result.facts["operators replaced"]
    assert result.facts["weights"].startswith("made from the configuration")
    assert "transformers" in result.facts["engine"]
    assert {measure.name: measure.value for measure in result.measures}["greedy tokens that agree"] == 100


def test_one_percent_in_one_operator_is_wrong_and_named(found: dict[str, Result]) -> None:
    result = found["silu_off"]
    assert (result.outcome, result.phase) == (Outcome.WRONG, Phase.COMPARE)
    assert "it is as if silu were off by +1.00 %" in result.detail


def test_a_provider_that_is_never_come_by_is_undispatched(found: dict[str, Result]) -> None:
    result = found["nothing"]
    assert result.outcome is Outcome.UNDISPATCHED
    assert "never came by" in result.detail


def test_a_kernel_that_ends_its_process_is_a_crash_of_the_provider(found: dict[str, Result]) -> None:
    result = found["dies"]
    assert (result.outcome, result.phase) == (Outcome.CRASH, Phase.RUN)
    assert "SIGSEGV" in result.detail


def test_a_kernel_that_raises_is_an_error_with_its_operator(found: dict[str, Result]) -> None:
    result = found["raises"]
    assert (result.outcome, result.phase) == (Outcome.ERROR, Phase.RUN)
    assert "this kernel refuses in raises's silu" in result.detail


def test_a_kernel_without_end_is_ended(found: dict[str, Result]) -> None:
    assert found["endless"].outcome is Outcome.TIMEOUT


def test_an_engine_that_is_not_installed_is_said_and_blames_nobody(found: dict[str, Result]) -> None:
    result = found["nowhere"]
    assert result.outcome in (Outcome.NOT_RUN, Outcome.INFRA)
    assert "nowhere" in result.detail


def test_the_interpreter_judges_a_model_with_no_chip(tmp_path: Path) -> None:
    """FlagGems' kernels pass, and with 1 % planted in one of them they do not."""
    profile = load_profiles()["cpu-interpreter"]
    short = replace(SETTING, parameters={**SETTING.parameters, "prompts": 2, "length": 12})
    healthy = parity("flag_gems", address="registry", profile=profile, setting=short)
    planted = parity("interpreted_silu_off", profile=profile, setting=short)
    run = carried([healthy, planted], tmp_path / "run")
    good, bad = _final(run, healthy), _final(run, planted)
    assert good.outcome is Outcome.PASS, good.detail
    assert {launch.kernel for launch in good.launches} >= {"silu_forward", "mm_kernel_general"}
    assert bad.outcome is Outcome.WRONG, bad.detail
    assert "it is as if silu were off by +1.0" in bad.detail
