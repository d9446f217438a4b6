"""An entry is judged end to end by the command: a right one, a wrong one, one that ends its process, and a starter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from matrix.challenge.scoring.weights import FILE
from matrix.cli import main
from matrix.runner.journal import read_run
from reports.scorecard import SCHEMA_FILE
from tests.fakes.entries import HEAD, KERNEL, write_entry
from tests.fakes.hostile import write_hostile

pytestmark = pytest.mark.long

INTERPRETED = ("--profile", "cpu-interpreter@interpret", "--tier", "smoke")
WRONG = KERNEL.replace("row * R + plane % (R * R) // R", "row * R + plane % R")
ENDS_ITS_PROCESS = f'''{HEAD}"""It ends the process that imports it, after one call."""

import triton


@triton.jit
def shuffle_kernel(out):
    """Never launched."""


def pixel_shuffle(input, upscale_factor: int):
    """It recurses in C until the stack is gone."""
    raise SystemExit(7)
'''


def judge(folder: Path, out: Path, *options: str) -> tuple[int, Mapping[str, Any]]:
    code = main(["challenge", "judge", str(folder), "--out", str(out), *options])
    card = json.loads((out / "scorecard.json").read_text())
    jsonschema.validate(card, json.loads(SCHEMA_FILE.read_text()))
    return code, card


def dimension(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(each for each in card["dimensions"] if each["name"] == name)


def losses(card: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [loss for part in dimension(card, name)["parts"] for loss in part["losses"]]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Mapping[str, Any], Path, Path]:
    folder = tmp_path_factory.mktemp("right")
    entry, out = write_entry(folder / "mine"), folder / "judged"
    code, card = judge(entry, out, *INTERPRETED, "--profile", "sm_90@compile", "--mutants", "8")
    return code, card, entry, out


def test_a_right_entry_has_its_points_and_the_card_says_over_how_many(
    right: tuple[int, Mapping[str, Any], Path, Path],
) -> None:
    code, card, _, out = right
    assert code == 0
    assert dimension(card, "correctness")["points"] == pytest.approx(30)
    assert dimension(card, "performance")["points"] is None
    assert dimension(card, "adaptability")["measured"] == pytest.approx(10)
    assert 0 < dimension(card, "hardware")["measured"] < 10
    assert 0 < dimension(card, "completeness")["points"] < 20
    assert card["measured"] < card["out_of"] == 100
    assert {path.name for path in out.glob("scorecard.*")} == {"scorecard.json", "scorecard.md", "scorecard.html"}
    assert not card["tampering"]


def test_what_it_rests_on_is_recorded(right: tuple[int, Mapping[str, Any], Path, Path]) -> None:
    _, card, entry, out = right
    ground = card["grounds"][0]
    assert ground["machine"]["processor"]
    assert ground["stack"]["entry"] == card["digest"]
    assert read_run(out).header.columns == ("cpu-interpreter@interpret", "sm_90@compile")
    assert (out / "entry" / "shuffle.py").read_bytes() == (entry / "shuffle.py").read_bytes()


def test_a_card_is_made_again_from_the_directory_and_with_other_weights(
    right: tuple[int, Mapping[str, Any], Path, Path], tmp_path: Path
) -> None:
    _, card, _, out = right
    assert main(["challenge", "card", str(out)]) == 0
    again = json.loads((out / "scorecard.json").read_text())
    assert again["points"] == card["points"]
    heavier = tmp_path / "weights.toml"
    heavier.write_text(FILE.read_text().replace("correctness = 30", "correctness = 60"))
    assert main(["challenge", "card", str(out), "--weights", str(heavier)]) == 0
    changed = json.loads((out / "scorecard.json").read_text())
    assert changed["out_of"] == 130
    assert dimension(changed, "correctness")["points"] == pytest.approx(60)


def test_a_judgement_that_is_done_is_not_done_again(right: tuple[int, Mapping[str, Any], Path, Path]) -> None:
    _, card, entry, out = right
    options = (*INTERPRETED, "--profile", "sm_90@compile", "--mutants", "8")
    before = {path: path.stat().st_mtime_ns for path in (out / "measured").iterdir()}
    code, again = judge(entry, out, *options)
    assert (code, again["points"]) == (0, card["points"])
    assert {path: path.stat().st_mtime_ns for path in (out / "measured").iterdir()} == before


def test_a_bundle_of_the_same_entry_is_evidence(
    right: tuple[int, Mapping[str, Any], Path, Path], tmp_path: Path
) -> None:
    _, _, _, out = right
    bundle = tmp_path / "lab.zip"
    assert main(["bundle", str(out), "--redact", "--out", str(bundle)]) == 0
    assert main(["challenge", "card", str(out), "--evidence", str(bundle)]) == 0
    card = json.loads((out / "scorecard.json").read_text())
    assert [ground["kind"] for ground in card["grounds"]] == ["own", "given"]
    assert dimension(card, "correctness")["points"] == pytest.approx(30)


def test_what_is_of_another_entry_is_no_evidence(
    right: tuple[int, Mapping[str, Any], Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, entry, out = right
    other = write_entry(tmp_path / "other", shuffle=KERNEL + "\n# another byte\n")
    assert main(["challenge", "judge", str(other), "--out", str(tmp_path / "new"), "--evidence", str(out)]) == 2
    assert "is of another entry" in capsys.readouterr().err
    assert main(["challenge", "judge", str(other), "--out", str(out)]) == 2
    assert "holds the assessment of another entry" in capsys.readouterr().err
    assert main(["challenge", "judge", str(entry), "--out", str(out), "--tier", "full"]) == 2
    assert "was asked otherwise" in capsys.readouterr().err
    assert main(["challenge", "card", str(tmp_path)]) == 2
    assert main(["report", str(out)]) == 2
    assert "challenge card" in capsys.readouterr().err


def test_defect_2_a_wrong_entry_is_told_what_is_wrong_and_earns_no_completeness(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert WRONG != KERNEL
    entry = write_entry(tmp_path / "mine", shuffle=WRONG)
    code, card = judge(entry, tmp_path / "judged", *INTERPRETED, "--mutants", "0")
    assert code == 0, "an entry that is wrong is judged, and not refused"
    assert dimension(card, "correctness")["points"] < 15
    assert dimension(card, "completeness")["points"] == 0
    loss = next(loss for loss in losses(card, "correctness") if "WRONG" in loss["text"])
    assert "elements are outside the bound" in loss["text"]
    command = loss["command"].partition("challenge repeat ")[2]
    folder, _, cell = command.partition(" ")
    capfd.readouterr()
    assert main(["challenge", "repeat", folder, cell.strip("'")]) == 1
    assert "WRONG" in capfd.readouterr().out


def test_an_entry_that_ends_its_process_costs_its_own_points_and_no_card(tmp_path: Path) -> None:
    entry = write_entry(tmp_path / "mine", shuffle=ENDS_ITS_PROCESS)
    _, card = judge(entry, tmp_path / "judged", *INTERPRETED, "--mutants", "0")
    assert dimension(card, "correctness")["points"] == 0
    assert losses(card, "correctness")


def test_defect_10_a_starter_is_judged_and_told_what_is_to_do(tmp_path: Path) -> None:
    assert main(["challenge", "new", "roll", "--out", str(tmp_path / "mine")]) == 0
    code, card = judge(tmp_path / "mine", tmp_path / "judged", *INTERPRETED, "--mutants", "0")
    assert code == 0
    assert card["points"] == 0
    assert any("NotImplementedError" in text for text in card["missing"])
    assert all(loss["text"] for each in card["dimensions"] for part in each["parts"] for loss in part["losses"])


def test_an_entry_that_tampers_earns_nothing_and_is_told_why(tmp_path: Path) -> None:
    entry = write_hostile(tmp_path / "mine", "patches_torch")
    code, card = judge(entry, tmp_path / "judged", *INTERPRETED, "--mutants", "0")
    assert code == 1
    assert card["points"] == 0
    assert card["measured"] > 0
    assert "torch.allclose was replaced" in card["tampering"][0]
    assert all("tampers with its judge" in loss["text"] for loss in losses(card, "correctness"))


def test_a_folder_that_is_no_entry_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenge", "judge", str(tmp_path / "nowhere")]) == 2
    assert "is no folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["challenge", "judge", str(tmp_path / "empty"), "--out", str(tmp_path / "out")]) == 2
    assert "entry.toml" in capsys.readouterr().err
    assert main(["challenge", "judge", str(tmp_path / "empty"), "--weights", str(tmp_path / "none.toml")]) == 2
