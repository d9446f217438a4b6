"""Schemes of gates and levels: the shipped one reads, and a wrong one says everything that is wrong with it."""

import itertools
from pathlib import Path

import pytest

from backends.gate import FOLDER, MEASURES, load_scheme
from backends.reading import ReadingError

HEAD = 'name = "own"\ntitle = "Own"\nsource = "nobody"\n'
GATE = (
    '[[gate]]\nname = "{name}"\ntitle = "A"\nsource = "S"\nmeasure = "{measure}"\noperators = "all"\nat_least = 0.8\n'
)
LEVEL = '[[level]]\nname = "Ready"\ngates = ["{gate}"]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text)
    return path


def test_the_shipped_scheme_has_the_levels_of_the_guide_and_uses_every_measure() -> None:
    scheme = load_scheme()
    assert [level.name for level in scheme.levels] == ["Ready", "Verified", "Interoperable", "Platinum"]
    assert {gate.measure for gate in scheme.gates} == set(MEASURES)
    assert scheme.months == 12
    assert [path.name for path in FOLDER.glob("*.toml")] == ["flagos.toml"]


def test_the_thresholds_are_those_of_the_guide() -> None:
    due = {gate.name: gate.at_least for gate in load_scheme().gates}
    assert due == {
        "operators": 0.8,
        "core-operators": 1.0,
        "performance": 0.8,
        "repeated-runs": 1.0,
        "stress": 72,
        "no-leak": 1.0,
        "core-correctness": 0.95,
        "triton-api": 0.95,
        "pytorch-api": 0.9,
        "accuracy": 0.98,
        "everything": 1.0,
    }
    assert load_scheme().gate("repeated-runs").repetitions == 1000
    assert load_scheme().gate("no-leak").hours == 72


def test_every_gate_says_what_is_ours_in_it_and_belongs_to_a_level() -> None:
    scheme = load_scheme()
    assert [gate.name for gate in scheme.gates if not gate.ours or not gate.source] == []
    assert {gate.name for gate in scheme.gates} == {gate.name for gate in scheme.needed(scheme.levels[-1])}


def test_a_level_needs_the_gates_of_those_before_it() -> None:
    scheme = load_scheme()
    needed = [[gate.name for gate in scheme.needed(level)] for level in scheme.levels]
    for lower, higher in itertools.pairwise(needed):
        assert higher[: len(lower)] == lower
        assert len(higher) > len(lower)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + GATE.format(name="a", measure="guess") + LEVEL.format(gate="a"), "one of operators, cases"),
        (HEAD + GATE.format(name="a", measure="cases") + LEVEL.format(gate="b"), "level[0].gates[0]"),
        (HEAD + GATE.format(name="a", measure="repeats") + LEVEL.format(gate="a"), "gate[0].repetitions"),
        (HEAD + GATE.format(name="a", measure="leaks") + LEVEL.format(gate="a"), "gate[0].hours"),
        (HEAD + GATE.format(name="a", measure="reference") + LEVEL.format(gate="a"), "gate[0].reference"),
        (
            HEAD + GATE.format(name="a", measure="cases") + "hours = 3\n" + LEVEL.format(gate="a"),
            "only with the measure",
        ),
        (HEAD + 2 * GATE.format(name="a", measure="cases") + LEVEL.format(gate="a"), "each name once"),
        (
            HEAD + GATE.format(name="a", measure="cases").replace("at_least = 0.8\n", "") + LEVEL.format(gate="a"),
            "at_least",
        ),
        (
            HEAD + GATE.format(name="a", measure="cases") + "waiver = true\n" + LEVEL.format(gate="a"),
            "did you mean 'waivers'",
        ),
        (HEAD + GATE.format(name="a", measure="cases"), "at least one [[level]]"),
        ("name = ", "no TOML"),
    ],
)
def test_a_wrong_scheme_is_refused_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ReadingError) as refused:
        load_scheme(written(tmp_path, text))
    assert words in str(refused.value)


def test_all_problems_of_a_scheme_come_at_once(tmp_path: Path) -> None:
    text = HEAD + GATE.format(name="a b", measure="guess") + LEVEL.format(gate="b")
    with pytest.raises(ReadingError) as refused:
        load_scheme(written(tmp_path, text))
    assert len(refused.value.problems) == 3
