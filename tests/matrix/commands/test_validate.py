"""The command `validate` as its user meets it, from evidence that is there and from evidence that it makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from backends.profiles import load_profiles
from matrix.arguments import parser
from matrix.cli import main
from matrix.columns import Column
from matrix.commands.validate import run_command
from matrix.outcome import Evidence, Outcome
from matrix.plan import Selection, plan
from matrix.result import Result
from matrix.run import Header
from matrix.runner.journal import Journal, read_run, write_header
from operators.catalogue import load_catalogue
from tests.matrix.validation.conftest import result

CHIP, OTHER = "hygon", "cuda"
Printed = pytest.CaptureFixture[str]
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def ids() -> dict[str, list[str]]:
    """Every cell of the full tier of the chip, by evidence."""
    profile, operators = load_profiles()[CHIP], load_catalogue()
    return {each: list(plan(Selection("full"), [Column(profile, each)], operators, ()).ids) for each in Evidence}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def run(name: str, results: Iterable[Result]) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        journal = Journal(folder / "journal-001-run.jsonl", "run-1")
        header = Header("abc", 1, (), {}, {"torch": "2.11"}, "2026-11-01T00:00:00+00:00", ("run", "--tier", "full"))
        journal.write("run", write_header(header))
        for each in results:
            journal.result(each)
        return folder

    return run


def document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "certificate.json").read_text())
    return found


def answers(folder: Path) -> dict[str, str]:
    return {gate["name"]: gate["answer"] for gate in document(folder)["gates"]}


def test_a_level_is_computed_from_what_a_lab_hands_over(
    ids: dict[str, list[str]], write: Write, tmp_path: Path, capsys: Printed
) -> None:
    folder = write("lab", [result(name) for name in [*ids["run"], *ids["time"]]])
    reference = write("there", [result(name.replace(f"{CHIP}:", f"{OTHER}:")) for name in ids["run"]])
    command = ["validate", "--profile", CHIP, "--from", str(folder), "--reference", str(reference)]
    command += ["--out", str(tmp_path / "out"), "--level"]
    assert main([*command, "Ready"]) == 0
    printed = capsys.readouterr().out
    assert f"{CHIP}: level Ready; Verified lacks 3 gates" in printed
    assert "stress: not measured" in printed
    assert f"-> python -m matrix validate --profile {CHIP} --from DIR --hours 72" in printed
    found = answers(tmp_path / "out")
    assert {name for name, answer in found.items() if answer == "not measured"} == {
        "repeated-runs",
        "stress",
        "no-leak",
    }
    assert {name for name, answer in found.items() if answer == "failed"} == set()
    assert (tmp_path / "out" / "certificate.md").read_text().startswith("# FlagOS chip adaptation")
    assert main([*command, "Verified"]) == 1


def test_the_ordinary_evidence_is_made_by_an_ordinary_run_that_can_be_gone_on_with(
    write: Write, tmp_path: Path
) -> None:
    options = parser().parse_args(["validate", "--profile", "lab/chip.toml", "--workers", "2"])
    evidences = (Evidence.RUN, Evidence.TIME)
    fresh = parser().parse_args(run_command(options, evidences, tmp_path / "new"))
    assert (fresh.command, fresh.tier, fresh.workers, fresh.out) == ("run", "full", 2, tmp_path / "new")
    assert fresh.profile == ["lab/chip.toml@run", "lab/chip.toml@time"]
    again = parser().parse_args(run_command(options, evidences, write("begun", [])))
    assert (again.resume, again.profile, again.workers) == (tmp_path / "begun", [], 2)


def test_a_gate_that_fails_is_the_exit_code_unless_it_is_waived(
    ids: dict[str, list[str]], write: Write, tmp_path: Path
) -> None:
    bad = {name for name in ids["run"] if name.startswith(f"{CHIP}:mm/") and "typical" in name}
    assert bad
    folder = write("lab", [result(name, Outcome.WRONG if name in bad else Outcome.PASS) for name in ids["run"]])
    command = ["validate", "--profile", CHIP, "--from", str(folder), "--out", str(tmp_path / "out"), "--waivers"]
    assert main([*command, str(tmp_path)]) == 1
    assert answers(tmp_path / "out")["core-operators"] == "failed"
    (tmp_path / f"{CHIP}.toml").write_text(
        '[[waiver]]\npattern = "mm"\nreason = "r"\nplan = "p"\nowner = "o"\napproved_by = "a"\n'
        "granted = 2026-11-20\nexpires = 2027-05-01\n"
    )
    main([*command, str(tmp_path)])
    assert answers(tmp_path / "out")["core-operators"] == "passed"
    assert document(tmp_path / "out")["waivers"][0]["cases"] == len(bad)


def test_what_needs_no_chip_reaches_no_level(ids: dict[str, list[str]], write: Write, tmp_path: Path) -> None:
    folder = write("laptop", [result(name) for name in ids["interpret"]])
    assert main(["validate", "--profile", CHIP, "--from", str(folder), "--out", str(tmp_path / "out")]) == 0
    assert set(answers(tmp_path / "out").values()) == {"not measured"}
    assert document(tmp_path / "out")["level"] is None


def test_an_emulated_column_is_told_what_it_lacks_and_nothing_is_run(tmp_path: Path, capsys: Printed) -> None:
    assert main(["validate", "--profile", "cpu-interpreter", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "no level can be given: cpu-interpreter gives interpret only" in printed.out
    assert "nothing is run" in printed.err
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["certificate.json", "certificate.md"]


def test_repetitions_and_a_soak_are_made_where_there_is_no_chip_and_count_for_no_gate(
    tmp_path: Path, capsys: Printed
) -> None:
    command = ["validate", "--profile", "cpu-interpreter", "--operator", "neg", "--dtype", "float32"]
    assert main([*command, "--repeat", "3", "--hours", "0.0001", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "repetitions (count for no gate: no chip): 3 cases identical, 0 not" in printed
    assert "soak (counts for no gate: interpret)" in printed
    assert "(3 PASS)" in printed
    run = read_run(tmp_path / "repeat-3")
    rules = {final.comparison.rule for cell in run.results if (final := run.final(cell)) and final.comparison}
    assert rules == {"3 repetitions bit-identical"}
    assert run.header.columns == ("cpu-interpreter@interpret",)
    assert set(answers(tmp_path).values()) == {"not measured"}
    assert [source["kind"] for source in document(tmp_path)["evidence"]] == ["repetitions", "soak"]
    assert main(["report", str(tmp_path / "repeat-3")]) == 0, "they can be looked at like any run"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile", "gfx*"], "a certificate is for one profile"),
        (["--profile", "cdua"], "cdua"),
        (["--profile", CHIP, "--from", "/no/such"], "holds no run, no repetitions and no soak"),
        (["--profile", CHIP, "--level", "Gold"], "there are Ready, Verified, Interoperable, Platinum"),
        (["--profile", "gfx942", "--repeat", "3"], "gives compile, not run"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], words: str, tmp_path: Path, capsys: Printed) -> None:
    assert main(["validate", *arguments, "--out", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--repeat", "1"], ["--repeat", "many"], ["--hours", "0"], ["--hours", "nan"], ["--hours", "x"]]
)
def test_numbers_that_mean_nothing_are_refused(arguments: list[str], capsys: Printed) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["validate", "--profile", CHIP, *arguments])
    assert refused.value.code == 2
    assert "is not a number of" in capsys.readouterr().err


def test_a_reference_of_nobody_is_refused(write: Write, ids: dict[str, list[str]], capsys: Printed) -> None:
    stranger = write("there", [result(ids["run"][0].replace(f"{CHIP}:", "nobody:"))])
    folder = write("lab", [result(ids["run"][0])])
    assert main(["validate", "--profile", CHIP, "--from", str(folder), "--reference", str(stranger)]) == 2
    assert "no case of a known profile" in capsys.readouterr().err
