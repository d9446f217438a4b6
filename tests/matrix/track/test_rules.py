"""Rules of a season: presets, and files that are read strictly."""

from pathlib import Path

import pytest

from backends.reading import ReadingError
from matrix.track.rules import FOLDER, load_rules
from matrix.usage import UsageError
from workloads.catalogue import load_workloads


@pytest.mark.parametrize("name", ["season-1", "season-2"])
def test_presets_name_workloads_that_are_there(name: str) -> None:
    rules, workloads = load_rules(name), load_workloads()
    assert {*rules.scenarios, rules.latency, rules.accuracy} <= set(workloads)
    assert rules.weight_gain + rules.weight_chip == 1


def test_the_second_seasons_bounds_are_those_that_were_published() -> None:
    rules = load_rules("season-2")
    assert (rules.throughput_at_least, rules.ttft_at_most, rules.noise) == (0.99, 1.01, 0.01)
    assert rules.aggregation == "total"


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no rules are named 'season-9'; there are season-1, season-2"):
        load_rules("season-9")


def test_every_problem_of_a_file_comes_at_once(tmp_path: Path) -> None:
    text = (FOLDER / "season-1.toml").read_text()
    text = text.replace('aggregation = "mean"', 'aggregation = "best"').replace("noise = 0.01", "noise = 7\nluck = 1")
    (tmp_path / "mine.toml").write_text(text.replace("ttft_at_most = 1.05\n", ""))
    with pytest.raises(ReadingError) as caught:
        load_rules(str(tmp_path / "mine.toml"))
    told = str(caught.value)
    assert all(key in told for key in ("aggregation", "noise", "luck", "ttft_at_most"))
