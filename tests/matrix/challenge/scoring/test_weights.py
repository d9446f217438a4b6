"""The file of weights is an organiser's: it is read strictly, and what it says is what counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backends.reading import ReadingError
from matrix.challenge.scoring.weights import DIMENSIONS, FILE, load_weights
from matrix.challenge.task import FOLDER, task_names
from operators.catalogue import catalogue_files


def rewritten(tmp_path: Path, before: str, after: str) -> Path:
    text = FILE.read_text()
    assert before in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(before, after))
    return path


def test_the_default_has_the_points_of_the_written_rules() -> None:
    weights = load_weights()
    assert [weights.points[name] for name in DIMENSIONS] == [30, 20, 20, 10, 10, 10]
    assert weights.total == 100


def test_the_file_of_weights_is_no_task() -> None:
    assert FILE not in list(catalogue_files([FOLDER]))
    assert "scoring" not in task_names()


def test_an_organiser_changes_them(tmp_path: Path) -> None:
    weights = load_weights(rewritten(tmp_path, "performance = 20", "performance = 40"))
    assert weights.points["performance"] == 40
    assert weights.total == 120


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("performance = 20\n", "", "points.performance"),
        ("performance = 20", "performance = -1", "points.performance"),
        ("gate = 0.9", 'gate = "0.9"', "performance.gate"),
        ("full = 1.5", "full = 0.5", "performance.full"),
        ('policy = "native"', 'policy = "natve"', "correctness.policy"),
        ("typical = 10", "typicl = 10", "correctness.families.typicl"),
        ("mutants = 150\n", "", "completeness.mutants"),
        ("[hardware.enough]", "[hardware.enugh]", "hardware.enough"),
        ("most_complexity = 12", "most_complexity = 0", "readability.most_complexity"),
        ('columns = ["cpu-interpreter@interpret", "sm_90@compile", "gfx942@compile"]', "columns = []", "columns"),
        (
            "schema = 2\nlicence = 1\nstyle = 1\nimports = 2\nregistration = 2\nown_kernels = 2",
            "schema = 0",
            "adaptability",
        ),
        ("[readability]", "[readable]", "readable"),
    ],
)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, before: str, after: str, place: str) -> None:
    with pytest.raises(ReadingError) as refused:
        load_weights(rewritten(tmp_path, before, after))
    assert any(problem.key.startswith(place) for problem in refused.value.problems), str(refused.value)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILE.read_text().replace("gate = 0.9", "gate = -1").replace("mutants = 150", "mutants = 1.5"))
    with pytest.raises(ReadingError) as refused:
        load_weights(path)
    assert {problem.key for problem in refused.value.problems} == {"performance.gate", "completeness.mutants"}


def test_defect_1_the_gate_and_the_line_are_told_apart() -> None:
    """The published judge writes 0.9 as a gate and gives 0 points for it; both readings can be set, and ours is said."""
    ours = load_weights().performance
    assert ours.share_of(0.899) == 0
    assert ours.share_of(0.9) == 0.5, "what meets the written requirement earns"
    assert ours.share_of(1.2) == pytest.approx(0.75)
    assert ours.share_of(1.5) == ours.share_of(9.0) == 1
    published = replace(ours, gate=0.0, at_start=0.0)
    assert published.share_of(0.9) == 0
    assert published.share_of(1.2) == pytest.approx(0.5)
    gate_alone = replace(ours, at_start=1.0)
    assert (gate_alone.share_of(0.89), gate_alone.share_of(0.91)) == (0, 1)
    above = replace(ours, gate=1.0)
    assert above.share_of(0.95) == 0
    assert above.share_of(1.0) == pytest.approx(0.5 + 0.5 / 6)
