"""Defects of the published judge, by their numbers: what it let an entry choose, and what it left unsaid."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matrix.challenge.arena import judge as arena
from matrix.challenge.arena.spawning import environment
from matrix.challenge.task import interpreter
from matrix.outcome import Evidence, Outcome
from tests.fakes.hostile import write_hostile
from tests.matrix.challenge.arena.conftest import SECRET, Judged, cells_of


def test_defect_7_shapes_are_not_the_entrys(tmp_path: Path) -> None:
    """The published judge read the shapes that it timed from a file in the entrant's tree."""
    folder = write_hostile(tmp_path / "entry", "honest")
    before = [each.call for each in cells_of(folder, "challenge.log10").case.operator.samples]
    for name in ("core_shapes.yaml", "log10.toml", "challenge/log10.toml", "operators/challenge/log10.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('["challenge.log10".samples]\ntypical-0 = "T[1]"\n', encoding="utf-8")
    assert [each.call for each in cells_of(folder, "challenge.log10").case.operator.samples] == before


def test_defect_7_the_entry_comes_last_on_the_path(judged: Judged, tmp_path: Path) -> None:
    """The published judge had the entrant's code first: a `torch.py` in it was torch."""
    ran = tmp_path / "ran"
    files = {module: f"open({str(ran)!r}, 'w')\n" for module in ("json", "numpy", "matrix")}
    result = judged("honest", **files)
    assert not ran.exists()
    assert {each.kind for each in result.tampering} == {"shadow"}


def test_defect_8_the_environment_is_stated_and_the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published judge ran in whatever environment it was started from, and recorded nothing of it."""
    for name, value in {"AWS_SECRET_ACCESS_KEY": "s3cret", "TRITON_DEBUG": "1", "PYTHONSTARTUP": "/x"}.items():
        monkeypatch.setenv(name, value)
    profile = interpreter()
    given = environment(profile, Evidence.INTERPRET, Path("/scratch"))
    handed_on = {"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "MATRIX_SESSION"}
    ours = {name for name in given if name not in handed_on}
    assert ours == {
        *("HOME", "TMPDIR", "TRITON_CACHE_DIR", "FLAGGEMS_CACHE_DIR", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE"),
        *("PYTHONPATH", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *profile.environment,
    }
    assert "s3cret" not in str(given)


def test_defect_8_a_device_s_software_gets_paths_and_no_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHIP_TOOLKIT_HOME", str(tmp_path))
    monkeypatch.setenv("API_TOKEN", "abcdef")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path))
    given = environment(interpreter(), Evidence.RUN, tmp_path / "scratch")
    assert given["CHIP_TOOLKIT_HOME"] == str(tmp_path)
    assert not {"API_TOKEN", "SSH_AUTH_SOCK"} & set(given)


def test_defect_8_inputs_are_drawn_from_the_case(judged: Judged) -> None:
    """The published judge drew unseeded inputs: the same entry was right today and wrong tomorrow."""
    first, second = judged("honest"), judged("honest")
    assert first.comparison is not None
    assert first.comparison == second.comparison


@pytest.mark.parametrize(("sample", "outcome"), [("typical-1", Outcome.UNDISPATCHED), ("typical-0", Outcome.PASS)])
def test_defect_11_torch_does_not_answer_for_small_shapes(tmp_path: Path, sample: str, outcome: Outcome) -> None:
    """Entrants fell back to torch for small shapes, to clear the gate of 0.9."""
    folder = write_hostile(tmp_path / "entry", "small_shapes")
    result = arena.judge(cells_of(folder, "challenge.log10", sample), lambda _: None)
    assert result.outcome is outcome, result
    assert bool(result.tampering) is (outcome is not Outcome.PASS)


def test_an_entry_sees_nothing_of_the_caller(judged: Judged) -> None:
    assert SECRET in os.environ  # since before the keeper was started
    output = judged("imports_and_tells").output or ""
    assert SECRET not in output
    assert "HOME" in output
    assert os.environ["HOME"] not in output.partition("HOME=")[2].splitlines()[0]
